package pub

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
	"github.com/sluicemq/sluice/mqtt"
)

// What an input is called in errors.
const standardInput, theFile = "standard input", "the file"

// source gives the messages, one after the other.
type source interface {
	// next gives a message, valid until the next call, and its number in what the source counts; io.EOF after the last.
	next() (mqtt.Message, int, error)
}

// open makes the source, now that it is known how many bytes the server takes at most.
func (j *job) open(ctx context.Context, stdin *os.File, most int) (source, error) {
	switch j.way {
	case "stdin-line":
		return &lines{newSplitter(app.NewInput(ctx, stdin, standardInput), '\n', most), j.base, j.unit()}, nil
	case "null":
		return &lines{newSplitter(app.NewInput(ctx, stdin, standardInput), 0, most), j.base, j.unit()}, nil
	case "ndjson":
		// Each byte of a payload is six in JSON at most.
		pieces := newSplitter(app.NewInput(ctx, stdin, standardInput), '\n', 6*most+chunkSize)
		pieces.first = '{' // before so much is read of what can't be JSON
		return &records{pieces, j}, nil
	case "size":
		return &madeUp{j.base, make([]byte, j.size), j.count, 0}, nil
	case "file":
		return j.whole(app.NewInput(ctx, j.file, theFile), theFile, most)
	case "stdin-file":
		return j.whole(app.NewInput(ctx, stdin, standardInput), standardInput, most)
	case "message":
		return j.repeat(j.payload)
	}
	return j.repeat(nil)
}

// whole has all that r has as its payload.
func (j *job) whole(r io.Reader, what string, most int) (source, error) {
	payload, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil {
		return nil, err
	}
	if len(payload) > most {
		return nil, fmt.Errorf("%s is longer than %s", what, bound(most))
	}
	return j.repeat(payload)
}

func (j *job) repeat(payload []byte) (source, error) {
	m := j.base
	m.Payload = payload
	return &repeated{m, j.count, 0}, nil
}

// bound says what most is.
func bound(most int) string {
	if most >= maxRemaining {
		return "the 256 MiB that a message of MQTT can have"
	}
	return fmt.Sprintf("%d bytes, the largest packet that the server takes", most)
}

// repeated is one message, so many times.
type repeated struct {
	message mqtt.Message
	count   int
	given   int
}

func (r *repeated) next() (mqtt.Message, int, error) {
	if r.given == r.count {
		return mqtt.Message{}, 0, io.EOF
	}
	r.given++
	return r.message, r.given, nil
}

// madeUp are messages of one size. Each begins with its number, as far as that fits; then come letters.
type madeUp struct {
	message mqtt.Message
	payload []byte
	count   int
	given   int
}

func (s *madeUp) next() (mqtt.Message, int, error) {
	if s.given == s.count {
		return mqtt.Message{}, 0, io.EOF
	}
	if s.given == 0 {
		for i := range s.payload {
			s.payload[i] = 'a' + byte(i%26)
		}
	}
	s.given++
	var number [21]byte
	copy(s.payload, append(strconv.AppendInt(number[:0], int64(s.given), 10), ' '))
	m := s.message
	m.Payload = s.payload
	return m, s.given, nil
}

// lines are the pieces of an input, each a payload.
type lines struct {
	pieces  *splitter
	message mqtt.Message
	unit    string
}

func (l *lines) next() (mqtt.Message, int, error) {
	piece, err := l.pieces.next()
	if err == errLong {
		return mqtt.Message{}, 0, app.Fail(app.ExitFailed, "%s %d is longer than %s", l.unit, l.pieces.number, bound(l.pieces.most))
	}
	m := l.message
	m.Payload = piece
	return m, l.pieces.number, err
}

// records are lines of JSON, each a message.
type records struct {
	pieces *splitter
	job    *job
}

func (r *records) next() (mqtt.Message, int, error) {
	for {
		piece, err := r.pieces.next()
		number := r.pieces.number
		if err == errLong {
			return mqtt.Message{}, 0, app.Fail(app.ExitFailed, "line %d is longer than %d bytes, more than a message can need", number, r.pieces.most)
		}
		if err == errFirst {
			return mqtt.Message{}, 0, app.Fail(app.ExitFailed, "line %d isn't a message in JSON: it doesn't begin with {", number)
		}
		if err != nil {
			return mqtt.Message{}, 0, err
		}
		if len(bytes.TrimSpace(piece)) == 0 {
			continue
		}
		record, err := ndjson.Parse(piece)
		if err != nil {
			return mqtt.Message{}, 0, app.Fail(app.ExitFailed, "line %d %w", number, err)
		}
		return r.job.over.apply(&record.Message, &r.job.base), number, nil
	}
}

// overrides says which of the flags count in place of what a line of JSON has.
type overrides struct{ topic, qos, retain bool }

func (o overrides) apply(m, flags *mqtt.Message) mqtt.Message {
	out := *m
	if o.topic {
		out.Topic = flags.Topic
	}
	if o.qos {
		out.QoS = flags.QoS
	}
	if o.retain {
		out.Retain = flags.Retain
	}
	out.Properties = merge(m.Properties, flags.Properties)
	return out
}

// merge gives properties those of the flags that are set. User properties are added.
func merge(own, flags *mqtt.PublishProperties) *mqtt.PublishProperties {
	if own == nil || flags == nil {
		return pick(own, flags)
	}
	p := *own
	if flags.PayloadFormatIndicator != 0 {
		p.PayloadFormatIndicator = flags.PayloadFormatIndicator
	}
	if flags.MessageExpiryInterval != nil {
		p.MessageExpiryInterval = flags.MessageExpiryInterval
	}
	if flags.TopicAlias != 0 {
		p.TopicAlias = flags.TopicAlias
	}
	if flags.ResponseTopic != "" {
		p.ResponseTopic = flags.ResponseTopic
	}
	if flags.CorrelationData != nil {
		p.CorrelationData = flags.CorrelationData
	}
	if flags.ContentType != "" {
		p.ContentType = flags.ContentType
	}
	p.UserProperties = append(p.UserProperties, flags.UserProperties...)
	return &p
}

func pick(own, flags *mqtt.PublishProperties) *mqtt.PublishProperties {
	if own != nil {
		return own
	}
	return flags
}
