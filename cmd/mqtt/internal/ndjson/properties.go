package ndjson

import (
	"strconv"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// appendProperties appends the member "properties", or nothing when none is set.
func appendProperties(b []byte, p *mqtt.PublishProperties) []byte {
	start := len(b)
	o := object{b: append(b, `,"properties":{`...)}
	o.empty = len(o.b)
	if p.PayloadFormatIndicator != 0 {
		o.number("payload-format-indicator", int64(p.PayloadFormatIndicator))
	}
	if p.MessageExpiryInterval != nil {
		o.number("message-expiry-interval", int64(*p.MessageExpiryInterval/time.Second))
	}
	o.text("response-topic", p.ResponseTopic)
	if p.CorrelationData != nil {
		o.member("correlation-data")
		o.b = appendBytes(o.b, p.CorrelationData, `,"correlation-encoding":"base64"`)
	}
	o.text("content-type", p.ContentType)
	o.pairs("user-property", p.UserProperties)
	if len(o.b) == o.empty {
		return o.b[:start]
	}
	return append(o.b, '}')
}

// object is a JSON object that is being written.
type object struct {
	b     []byte
	empty int // how long b is without members
}

// member begins one.
func (o *object) member(name string) {
	if len(o.b) > o.empty {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, `":`...)
}

func (o *object) number(name string, n int64) {
	o.member(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

// text writes a string, if there is one.
func (o *object) text(name, s string) {
	if s != "" {
		o.member(name)
		o.b = appendString(o.b, s)
	}
}

// pairs writes an array of pairs, if there are any.
func (o *object) pairs(name string, all []mqtt.UserProperty) {
	if len(all) == 0 {
		return
	}
	o.member(name)
	for i, u := range all {
		o.b = append(o.b, "[,"[min(i, 1)], '[')
		o.b = appendString(o.b, u.Key)
		o.b = append(o.b, ',')
		o.b = appendString(o.b, u.Value)
		o.b = append(o.b, ']')
	}
	o.b = append(o.b, ']')
}
