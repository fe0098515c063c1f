// Package ndjson is how the commands write a message as a line of JSON, and read it back.
//
// A payload that isn't UTF-8 is base64, and then "encoding" says so; likewise "correlation-encoding" in the properties, whose
// names are those of -D. Whatever was published comes back the same, byte for byte.
package ndjson

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/sluicemq/sluice/mqtt"
)

// Record is a message and what is known of its way.
type Record struct {
	Time time.Time // when it came; zero: not said
	mqtt.Message
	Dup, Redelivered        bool
	SubscriptionIdentifiers []uint32
}

// Of is what came. It shares the message's payload and properties.
func Of(m *mqtt.Received, at time.Time) Record {
	return Record{at, m.Message, m.Dup, m.Redelivered, m.SubscriptionIdentifiers}
}

// base64Encoding is the value of "encoding".
const base64Encoding = "base64"

// Append appends r as a line, line feed included.
func Append(b []byte, r *Record) []byte {
	b = append(b, '{')
	if !r.Time.IsZero() {
		b = append(b, `"time":"`...)
		b = r.Time.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
		b = append(b, `",`...)
	}
	b = append(b, `"topic":`...)
	b = appendString(b, r.Topic)
	b = append(b, `,"qos":`...)
	b = append(b, '0'+byte(r.QoS))
	b = append(b, `,"retain":`...)
	b = strconv.AppendBool(b, r.Retain)
	if r.Dup {
		b = append(b, `,"dup":true`...)
	}
	if r.Redelivered {
		b = append(b, `,"redelivered":true`...)
	}
	b = append(b, `,"payload":`...)
	b = appendBytes(b, r.Payload, `,"encoding":"base64"`)
	if len(r.SubscriptionIdentifiers) > 0 {
		b = append(b, `,"subscription-identifiers":[`...)
		for i, id := range r.SubscriptionIdentifiers {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendUint(b, uint64(id), 10)
		}
		b = append(b, ']')
	}
	if r.Properties != nil {
		b = appendProperties(b, r.Properties)
	}
	return append(b, '}', '\n')
}

// appendProperties appends the member "properties", or nothing when none is set.
func appendProperties(b []byte, p *mqtt.PublishProperties) []byte {
	start := len(b)
	b = append(b, `,"properties":{`...)
	empty := len(b)
	member := func(name string) {
		if len(b) > empty {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, name...)
		b = append(b, `":`...)
	}
	if p.PayloadFormatIndicator != 0 {
		member("payload-format-indicator")
		b = strconv.AppendUint(b, uint64(p.PayloadFormatIndicator), 10)
	}
	if p.MessageExpiryInterval != nil {
		member("message-expiry-interval")
		b = strconv.AppendInt(b, int64(*p.MessageExpiryInterval/time.Second), 10)
	}
	if p.ResponseTopic != "" {
		member("response-topic")
		b = appendString(b, p.ResponseTopic)
	}
	if p.CorrelationData != nil {
		member("correlation-data")
		b = appendBytes(b, p.CorrelationData, `,"correlation-encoding":"base64"`)
	}
	if p.ContentType != "" {
		member("content-type")
		b = appendString(b, p.ContentType)
	}
	if len(p.UserProperties) > 0 {
		member("user-property")
		for i, u := range p.UserProperties {
			b = append(b, "[,"[min(i, 1)], '[')
			b = appendString(b, u.Key)
			b = append(b, ',')
			b = appendString(b, u.Value)
			b = append(b, ']')
		}
		b = append(b, ']')
	}
	if len(b) == empty {
		return b[:start]
	}
	return append(b, '}')
}

// appendBytes appends a string; when p isn't UTF-8 it is p in base64, and encoding follows.
func appendBytes(b, p []byte, encoding string) []byte {
	if utf8.Valid(p) {
		return appendString(b, p)
	}
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, p)
	b = append(b, '"')
	return append(b, encoding...)
}

// AppendString appends UTF-8 as a JSON string. Other bytes stay as they are, which isn't JSON.
func AppendString[S string | []byte](b []byte, s S) []byte { return appendString(b, s) }

func appendString[S string | []byte](b []byte, s S) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7F {
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		}
		from = i + 1
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
