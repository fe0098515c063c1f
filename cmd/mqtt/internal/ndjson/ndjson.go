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

// LongestLine is more bytes than any message has as a line. A packet has 268,435,455 behind its fixed header (§2.1.4), of which each
// is six in JSON at most, as in \u0001; what is left is for the names of the members.
const LongestLine = 6*268_435_455 + 64<<10

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
