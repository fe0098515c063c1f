package mqtt

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// fault is what a check found: which part of a value is wrong, and why. Nil: nothing is. A reason never repeats the value
// of a text, which may be a secret.
type fault struct{ field, reason string }

func faulty(field, format string, args ...any) *fault {
	return &fault{field, fmt.Sprintf(format, args...)}
}

// in names the value that f is a part of.
func (f *fault) in(name string) *fault {
	if f == nil {
		return nil
	}
	return &fault{name + "." + f.field, f.reason}
}

// config is f as an error of New.
func (f *fault) config() error {
	if f == nil {
		return nil
	}
	return &ConfigError{Field: f.field, Reason: f.reason}
}

// argument is f as an error of a call.
func (f *fault) argument() error {
	if f == nil {
		return nil
	}
	return &ArgumentError{Name: f.field, Reason: f.reason}
}

// longest is the length in bytes of the longest string or binary data (§1.5.4, §1.5.6).
const longest = 65_535

// textFault checks an MQTT string (§1.5.4).
func textFault(field, text string) *fault {
	switch {
	case len(text) > longest:
		return faulty(field, "has %d bytes: at most %d can be sent", len(text), longest)
	case !utf8.ValidString(text):
		return faulty(field, "is not valid UTF-8")
	case strings.IndexByte(text, 0) >= 0:
		return faulty(field, "holds U+0000, which no string of the protocol may")
	}
	return nil
}

// binaryFault checks binary data (§1.5.6).
func binaryFault(field string, data []byte) *fault {
	if len(data) > longest {
		return faulty(field, "has %d bytes: at most %d can be sent", len(data), longest)
	}
	return nil
}

func userPropertiesFault(list []UserProperty) *fault {
	for i := range list {
		if f := textFault("Key", list[i].Key); f != nil {
			return f.in(fmt.Sprintf("UserProperties[%d]", i))
		}
		if f := textFault("Value", list[i].Value); f != nil {
			return f.in(fmt.Sprintf("UserProperties[%d]", i))
		}
	}
	return nil
}

func qosFault(q QoS) *fault {
	if q.valid() {
		return nil
	}
	return faulty("QoS", "is %d: write AtMostOnce, AtLeastOnce or ExactlyOnce", byte(q))
}

// secondsFault checks a duration that goes over the wire in whole seconds.
func secondsFault(field string, d, least, most time.Duration) *fault {
	switch {
	case d%time.Second != 0:
		return faulty(field, "is %v, and the protocol knows whole seconds alone: round it", d)
	case d < least || d > most:
		return faulty(field, "is %v: write %d to %d seconds", d, least/time.Second, most/time.Second)
	}
	return nil
}
