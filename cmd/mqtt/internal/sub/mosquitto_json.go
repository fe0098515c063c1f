package sub

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
	"github.com/sluicemq/sluice/mqtt"
)

// jsonPiece is %j, or with plain %J, whose payload is JSON itself.
func jsonPiece(plain bool, warn func(string, ...any)) piece {
	return func(b []byte, c *cell) []byte {
		if !plain {
			b = appendHead(b, c)
			return append(ndjson.AppendString(b, c.Payload), '}')
		}
		var payload bytes.Buffer
		if len(c.Payload) == 0 {
			payload.WriteString("null")
		} else if json.Compact(&payload, c.Payload) != nil {
			warn("the payload on %q isn't JSON, which %%J needs", c.Topic)
			return b
		}
		return append(append(appendHead(b, c), payload.Bytes()...), '}')
	}
}

// appendHead appends all but the payload, up to its colon.
func appendHead(b []byte, c *cell) []byte {
	b = append(b, `{"tst":"`...)
	b = c.at.AppendFormat(b, "2006-01-02T15:04:05.000000Z-0700")
	b = append(b, `","topic":`...)
	b = ndjson.AppendString(b, c.Topic)
	b = appendMember(b, "qos", int64(c.QoS))
	retain := int64(0)
	if c.Retain {
		retain = 1
	}
	b = appendMember(b, "retain", retain)
	b = appendMember(b, "payloadlen", int64(len(c.Payload)))
	if c.QoS > 0 {
		b = appendMember(b, "mid", int64(c.id))
	}
	b = appendProperties(b, c)
	return append(b, `,"payload":`...)
}

func appendMember(b []byte, name string, n int64) []byte {
	b = append(append(append(b, `,"`...), name...), `":`...)
	return strconv.AppendInt(b, n, 10)
}

// appendProperties appends the member "properties" where there are any.
func appendProperties(b []byte, c *cell) []byte {
	start := len(b)
	b = append(b, `,"properties":{`...)
	empty := len(b)
	p := c.properties()
	if p.PayloadFormatIndicator != 0 {
		b = appendMember(b, "payload-format-indicator", int64(p.PayloadFormatIndicator))
	}
	if p.MessageExpiryInterval != nil {
		b = appendMember(b, "message-expiry-interval", int64(*p.MessageExpiryInterval/time.Second))
	}
	b = appendText(b, "content-type", p.ContentType)
	b = appendText(b, "response-topic", p.ResponseTopic)
	b = appendText(b, "correlation-data", string(p.CorrelationData))
	for _, id := range c.SubscriptionIdentifiers {
		b = appendMember(b, "subscription-identifier", int64(id))
	}
	b = appendUser(b, p.UserProperties)
	if len(b) == empty {
		return b[:start]
	}
	return append(append(b[:empty], b[empty+1:]...), '}') // without the first comma
}

func appendText(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	b = append(append(append(b, `,"`...), name...), `":`...)
	return ndjson.AppendString(b, text)
}

// appendUser appends them as an object, in which a key may stand more than once.
func appendUser(b []byte, all []mqtt.UserProperty) []byte {
	if len(all) == 0 {
		return b
	}
	b = append(b, `,"user-properties":{`...)
	for i, u := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(ndjson.AppendString(b, u.Key), ':')
		b = ndjson.AppendString(b, u.Value)
	}
	return append(b, '}')
}
