package sub

import (
	"encoding/hex"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
	"github.com/sluicemq/sluice/mqtt"
)

// format appends a message as it is to be written; at is when it came.
type format func(b []byte, m *mqtt.Received, at time.Time) []byte

// formats are the names that -o takes.
const formats = "line, raw, ndjson, pretty or hex"

func lines(topic bool, end string) format {
	return func(b []byte, m *mqtt.Received, _ time.Time) []byte {
		b = appendTopic(b, m, topic)
		b = append(b, m.Payload...)
		return append(b, end...)
	}
}

func hexLines(topic bool, end string) format {
	return func(b []byte, m *mqtt.Received, _ time.Time) []byte {
		b = appendTopic(b, m, topic)
		b = hex.AppendEncode(b, m.Payload)
		return append(b, end...)
	}
}

func appendTopic(b []byte, m *mqtt.Received, wanted bool) []byte {
	if !wanted {
		return b
	}
	b = append(b, m.Topic...)
	return append(b, ' ')
}

// raw adds nothing at all.
func raw(b []byte, m *mqtt.Received, _ time.Time) []byte { return append(b, m.Payload...) }

func jsonLines(b []byte, m *mqtt.Received, at time.Time) []byte {
	r := ndjson.Of(m, at)
	return ndjson.Append(b, &r)
}
