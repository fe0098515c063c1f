package decode

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// line shows a packet for programs: a line of JSON.
func (o *options) line(w *bufio.Writer, p *packet) error {
	fields := []field{{"offset", number(p.offset)}, {"size", number(p.size)}, {"type", p.Type().String()}, {"from", strings.TrimSuffix(strings.TrimPrefix(p.from, "the "), " side")},
		{"version", p.version.String()}}
	b := o.object(nil, append(fields, p.fields()...))
	_, err := w.Write(append(b, '\n'))
	return err
}

func (o *options) object(b []byte, fields []field) []byte {
	b = append(b, '{')
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = o.member(b, strings.ReplaceAll(strings.ToLower(f.name), " ", "-"), f.value)
	}
	return append(b, '}')
}

func (o *options) member(b []byte, name string, value any) []byte {
	if hidden, ok := value.(secret); ok && !o.secrets {
		b = appendText(b, name+"-bytes")
		return strconv.AppendInt(append(b, ':'), int64(len(hidden)), 10)
	}
	b = append(appendText(b, name), ':')
	switch v := value.(type) {
	case secret:
		return appendBytes(b, name, v)
	case []byte:
		return appendBytes(b, name, v)
	}
	return o.value(b, value)
}

func (o *options) value(b []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendText(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case number:
		return strconv.AppendUint(b, uint64(v), 10)
	case seconds:
		return strconv.AppendUint(b, uint64(v), 10)
	case code:
		return o.object(b, []field{{"code", number(v.number)}, {"meaning", v.words}})
	case pair:
		b = append(appendText(append(b, '['), v.Key), ',')
		return append(appendText(b, v.Value), ']')
	case []field:
		return o.object(b, v)
	case list:
		b = append(b, '[')
		for i, one := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = o.value(b, one)
		}
		return append(b, ']')
	}
	return append(b, "null"...)
}

// appendBytes appends a string. What isn't UTF-8 is base64, and a member more says so, as in the lines of mqtt sub.
func appendBytes(b []byte, name string, p []byte) []byte {
	if utf8.Valid(p) {
		return appendText(b, string(p))
	}
	b = append(b, '"')
	b = append(base64.StdEncoding.AppendEncode(b, p), '"', ',')
	encoding := "encoding"
	if name != "payload" {
		encoding = strings.TrimSuffix(name, "-data") + "-encoding"
	}
	return append(append(appendText(b, encoding), ':'), `"base64"`...)
}

func appendText(b []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // no string fails
	return append(b, quoted...)
}
