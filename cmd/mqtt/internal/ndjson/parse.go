package ndjson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/sluicemq/sluice/mqtt"
)

// line is a Record as JSON has it. A misspelt member would publish something else than was meant, so others are refused.
type line struct {
	Time        *time.Time      `json:"time"`
	Topic       *string         `json:"topic"`
	QoS         int             `json:"qos"`
	Retain      bool            `json:"retain"`
	Dup         bool            `json:"dup"`
	Redelivered bool            `json:"redelivered"`
	Payload     json.RawMessage `json:"payload"`
	Encoding    string          `json:"encoding"`
	Identifiers []uint32        `json:"subscription-identifiers"`
	Properties  *propertiesLine `json:"properties"`
}

type propertiesLine struct {
	PayloadFormatIndicator byte        `json:"payload-format-indicator"`
	MessageExpiryInterval  *int64      `json:"message-expiry-interval"`
	ResponseTopic          string      `json:"response-topic"`
	CorrelationData        *string     `json:"correlation-data"`
	CorrelationEncoding    string      `json:"correlation-encoding"`
	ContentType            string      `json:"content-type"`
	UserProperties         [][2]string `json:"user-property"`
}

// Parse reads a line. A payload that is no string, as an object, stands for its own JSON text. What it returns shares nothing
// with text.
func Parse(text []byte) (*Record, error) {
	if !utf8.Valid(text) { // encoding/json would put in replacement characters
		return nil, errors.New("isn't UTF-8; a payload of other bytes is written in base64, with \"encoding\":\"base64\"")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var l line
	if err := d.Decode(&l); err != nil {
		return nil, fmt.Errorf("isn't a message in JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("holds more than one JSON object")
	}
	if l.Topic == nil {
		return nil, errors.New(`has no "topic"`)
	}
	if l.QoS < 0 || l.QoS > 2 {
		return nil, fmt.Errorf(`has "qos" %d; it is 0, 1 or 2`, l.QoS)
	}
	r := &Record{Dup: l.Dup, Redelivered: l.Redelivered, SubscriptionIdentifiers: l.Identifiers,
		Message: mqtt.Message{Topic: *l.Topic, QoS: mqtt.QoS(l.QoS), Retain: l.Retain}}
	if l.Time != nil {
		r.Time = *l.Time
	}
	var err error
	if r.Payload, err = payload(l.Payload, l.Encoding); err != nil {
		return nil, err
	}
	r.Properties, err = l.Properties.properties()
	return r, err
}

func payload(raw json.RawMessage, encoding string) ([]byte, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	if raw[0] != '"' {
		if encoding != "" {
			return nil, fmt.Errorf(`has "encoding" for a payload that is no string`)
		}
		return raw, nil
	}
	if text := raw[1 : len(raw)-1]; bytes.IndexByte(text, '\\') < 0 { // a large one isn't copied then
		return decode(text, encoding)
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	return decode([]byte(s), encoding)
}

func decode(text []byte, encoding string) ([]byte, error) {
	switch encoding {
	case "", "utf8", "utf-8":
		return text, nil
	case base64Encoding:
		b, err := base64.StdEncoding.AppendDecode(nil, text)
		if err != nil {
			return nil, fmt.Errorf("isn't base64: %w", err)
		}
		return b, nil
	}
	return nil, fmt.Errorf(`has "encoding" %q; there is base64, or none for UTF-8`, encoding)
}

func (l *propertiesLine) properties() (*mqtt.PublishProperties, error) {
	if l == nil {
		return nil, nil
	}
	p := &mqtt.PublishProperties{PayloadFormatIndicator: l.PayloadFormatIndicator, ResponseTopic: l.ResponseTopic, ContentType: l.ContentType}
	if l.MessageExpiryInterval != nil {
		expiry := time.Duration(*l.MessageExpiryInterval) * time.Second
		p.MessageExpiryInterval = &expiry
	}
	if l.CorrelationData != nil {
		b, err := decode([]byte(*l.CorrelationData), l.CorrelationEncoding)
		if err != nil {
			return nil, fmt.Errorf("correlation-data %w", err)
		}
		p.CorrelationData = b
	}
	for _, u := range l.UserProperties {
		p.UserProperties = append(p.UserProperties, mqtt.UserProperty{Key: u[0], Value: u[1]})
	}
	return p, nil
}
