package sub

import (
	"strconv"
	"strings"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// languageHelp lists the sequences of -F.
const languageHelp = `Sequences of --format, as mosquitto_sub 2.0 has them:
  %t topic  %p payload  %x %X payload in hexadecimal  %l its length  %q QoS  %r retain flag  %m packet identifier
  %A topic alias  %C content type  %D correlation data  %E message expiry interval  %F payload format indicator
  %P user properties  %R response topic  %S subscription identifier  %I time in ISO 8601  %U seconds since 1970
  %j JSON with the payload as a string  %J JSON with a payload that is JSON itself  %% a percent sign
  %-10t %05l %10.10t left-aligned, with zeros, least and greatest width
  @X what %X is to strftime(3)  @N nanoseconds  @@ an at sign
  \\ \0 \a \e \n \r \t \v`

// piece is a part of a -F: what it appends for a message.
type piece func(b []byte, c *cell) []byte

// cell is what a piece is appended for.
type cell struct {
	*mqtt.Received
	at   time.Time
	id   uint16
	none mqtt.PublishProperties // of a message that has none
}

func (c *cell) properties() *mqtt.PublishProperties {
	if c.Properties == nil {
		return &c.none
	}
	return c.Properties
}

// language is a -F that was read.
type language struct {
	pieces   []piece
	wantsIDs bool                        // packet identifiers
	ids      func(*mqtt.Received) uint16 // nil: nobody knows them
	end      string
}

func (l *language) format(b []byte, m *mqtt.Received, at time.Time) []byte {
	c := &cell{Received: m, at: at}
	if l.ids != nil && m.QoS > 0 {
		c.id = l.ids(m)
	}
	for _, p := range l.pieces {
		b = p(b, c)
	}
	return append(b, l.end...)
}

// readLanguage reads a -F. warn is told, in words, of messages that can't be written as it wants.
func readLanguage(text string, warn func(format string, args ...any)) (l *language, err error) {
	l = new(language)
	for text != "" {
		i := strings.IndexAny(text, `%@\`)
		if i < 0 {
			i = len(text)
		}
		if i > 0 {
			l.literal(text[:i])
			text = text[i:]
			continue
		}
		var p piece
		before := text
		if p, text, err = readSequence(text, warn); err != nil {
			return nil, err
		}
		l.pieces = append(l.pieces, p)
		sequence := before[:len(before)-len(text)]
		l.wantsIDs = l.wantsIDs || sequence[0] == '%' && strings.IndexByte("mjJ", sequence[len(sequence)-1]) >= 0
	}
	return l, nil
}

func (l *language) literal(text string) {
	l.pieces = append(l.pieces, func(b []byte, _ *cell) []byte { return append(b, text...) })
}

// readSequence reads the one that text begins with.
func readSequence(text string, warn func(string, ...any)) (piece, string, error) {
	if len(text) == 1 {
		return nil, "", app.Usage("--format ends with %q, which begins a sequence; write it twice", text)
	}
	if text[0] == '%' {
		return readPercent(text, warn)
	}
	if text[0] == '@' {
		return timePiece(text[1]), text[2:], nil
	}
	c, ok := escapes[text[1]]
	if !ok {
		return nil, "", app.Usage(`--format has %q; behind a backslash there is \, 0, a, e, n, r, t or v`, text[:2])
	}
	return func(b []byte, _ *cell) []byte { return append(b, c) }, text[2:], nil
}

var escapes = map[byte]byte{'\\': '\\', '0': 0, 'a': '\a', 'e': 0x1B, 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

func timePiece(c byte) piece {
	switch c {
	case '@':
		return func(b []byte, _ *cell) []byte { return append(b, '@') }
	case 'N':
		return func(b []byte, c *cell) []byte { return appendNanoseconds(b, c.at) }
	}
	return func(b []byte, to *cell) []byte { return appendTime(b, c, to.at) }
}

func appendNanoseconds(b []byte, t time.Time) []byte {
	digits := strconv.Itoa(1_000_000_000 + t.Nanosecond())
	return append(b, digits[1:]...)
}

// readPercent reads %, maybe a flag, a width and a greatest width, and a letter.
func readPercent(text string, warn func(string, ...any)) (piece, string, error) {
	f := field{greatest: -1}
	i := 1
	if text[i] == '-' {
		f.left = true
		i++
	}
	if i < len(text) && text[i] == '0' {
		f.zeros = true
		i++
	}
	n := 0
	if n, i = digits(text, i); n > 0 {
		f.width = n
	}
	if i < len(text) && text[i] == '.' {
		f.greatest, i = digits(text, i+1)
	}
	if f.width > widest || f.greatest > widest {
		return nil, "", app.Usage("--format has the width %s; the widest is %d", text[:i], widest)
	}
	if i == len(text) {
		return nil, "", app.Usage("--format ends within %q", text)
	}
	if text[i] == 'j' || text[i] == 'J' {
		return jsonPiece(text[i] == 'J', warn), text[i+1:], nil
	}
	write, ok := parameters[text[i]]
	if !ok {
		return nil, "", app.Usage("--format has %q, which is none of its sequences (see --help)", text[:i+1])
	}
	return func(b []byte, c *cell) []byte { return write(b, c, f) }, text[i+1:], nil
}

// widest keeps a width from filling the memory.
const widest = 100_000

// digits reads a number, or 0 where there is none.
func digits(text string, i int) (n, end int) {
	for ; i < len(text) && text[i] >= '0' && text[i] <= '9'; i++ {
		n = min(10*n+int(text[i]-'0'), widest+1)
	}
	return n, i
}
