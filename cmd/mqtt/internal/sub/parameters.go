package sub

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// field says how wide a parameter is written.
type field struct {
	left, zeros bool
	width       int
	greatest    int // of texts; -1: no bound
}

// parameters are what % and a letter stand for.
var parameters = map[byte]func(b []byte, c *cell, f field) []byte{
	'%': func(b []byte, _ *cell, _ field) []byte { return append(b, '%') },
	'A': func(b []byte, c *cell, f field) []byte { return f.optional(b, int64(c.properties().TopicAlias)) },
	'C': func(b []byte, c *cell, f field) []byte { return f.text(b, c.properties().ContentType) },
	'D': func(b []byte, c *cell, _ field) []byte { return append(b, c.properties().CorrelationData...) },
	'E': func(b []byte, c *cell, f field) []byte {
		if expiry := c.properties().MessageExpiryInterval; expiry != nil {
			return f.number(b, int64(*expiry/time.Second))
		}
		return f.blank(b)
	},
	'F': func(b []byte, c *cell, f field) []byte {
		return f.optional(b, int64(c.properties().PayloadFormatIndicator))
	},
	'I': func(b []byte, c *cell, f field) []byte { return f.text(b, c.at.Format("2006-01-02T15:04:05-0700")) },
	'l': func(b []byte, c *cell, f field) []byte { return f.number(b, int64(len(c.Payload))) },
	'm': func(b []byte, c *cell, f field) []byte { return f.number(b, int64(c.id)) },
	'P': func(b []byte, c *cell, _ field) []byte {
		for i, u := range c.properties().UserProperties {
			if i > 0 {
				b = append(b, ' ')
			}
			b = append(append(append(b, u.Key...), ':'), u.Value...)
		}
		return b
	},
	'p': func(b []byte, c *cell, f field) []byte { return f.payload(b, c.Payload, "") },
	'q': func(b []byte, c *cell, _ field) []byte { return append(b, '0'+byte(c.QoS)) },
	'R': func(b []byte, c *cell, f field) []byte {
		if topic := c.properties().ResponseTopic; topic != "" {
			return f.text(b, topic)
		}
		return b
	},
	'r': func(b []byte, c *cell, _ field) []byte {
		if c.Retain {
			return append(b, '1')
		}
		return append(b, '0')
	},
	'S': func(b []byte, c *cell, f field) []byte {
		if len(c.SubscriptionIdentifiers) > 0 {
			return f.number(b, int64(c.SubscriptionIdentifiers[0]))
		}
		return f.blank(b)
	},
	't': func(b []byte, c *cell, f field) []byte { return f.text(b, c.Topic) },
	'U': func(b []byte, c *cell, _ field) []byte {
		return appendNanoseconds(append(strconv.AppendInt(b, c.at.Unix(), 10), '.'), c.at)
	},
	'x': func(b []byte, c *cell, f field) []byte { return f.payload(b, c.Payload, "0123456789abcdef") },
	'X': func(b []byte, c *cell, f field) []byte { return f.payload(b, c.Payload, "0123456789ABCDEF") },
}

func (f field) pad() string {
	if f.zeros {
		return "0"
	}
	return " "
}

func (f field) blank(b []byte) []byte { return append(b, strings.Repeat(f.pad(), f.width)...) }

// optional is a number that is absent when it is 0.
func (f field) optional(b []byte, n int64) []byte {
	if n == 0 {
		return f.blank(b)
	}
	return f.number(b, n)
}

func (f field) number(b []byte, n int64) []byte {
	text := strconv.FormatInt(n, 10)
	pad := f.pad()
	if f.left {
		pad = " "
	}
	return f.aligned(b, text, pad)
}

func (f field) text(b []byte, text string) []byte {
	if f.greatest >= 0 {
		text = text[:min(f.greatest, len(text))]
	}
	return f.aligned(b, text, " ")
}

func (f field) aligned(b []byte, text, pad string) []byte {
	blank := strings.Repeat(pad, max(0, f.width-len(text)))
	if f.left {
		return append(append(b, text...), blank...)
	}
	return append(append(b, blank...), text...)
}

// payload is the payload, in hexadecimal when there are digits for it. As the manual of mosquitto_sub says, its width is the
// least; mosquitto_sub 2.0.11 itself cuts a longer payload off, and all others in hexadecimal too.
func (f field) payload(b, payload []byte, digits string) []byte {
	size := len(payload)
	if digits != "" {
		size *= 2
	}
	blank := max(0, f.width-size)
	if !f.left {
		b = append(b, strings.Repeat(f.pad(), blank)...)
	}
	b = appendPayload(b, payload, digits)
	if f.left {
		b = append(b, strings.Repeat(" ", blank)...)
	}
	return b
}

func appendPayload(b, payload []byte, digits string) []byte {
	switch digits {
	case "":
		return append(b, payload...)
	case "0123456789abcdef":
		return hex.AppendEncode(b, payload)
	}
	for _, c := range payload {
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}
