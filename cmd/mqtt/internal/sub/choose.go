package sub

import (
	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// format is what the flags say about how a message is written, and the ending of a file that holds it. Who wants packet
// identifiers of the format puts them into the language, which is nil for others.
func (s *settings) format() (f format, ending string, l *language, err error) {
	way, err := s.app.Choose("what is written", "format", "output")
	if err != nil {
		return nil, "", nil, err
	}
	end := "\n"
	if s.noNewline {
		end = ""
	}
	if way == "format" {
		if l, err = readLanguage(s.language, s.app.Say); err != nil {
			return nil, "", nil, err
		}
		l.end = end
		return l.format, "", l, nil
	}
	name := s.output
	if name == "" {
		if name = "line"; !s.toStandardOutput() {
			name = "raw"
		}
	}
	f, ending, err = s.named(name, end)
	return f, ending, nil, err
}

func (s *settings) toStandardOutput() bool { return s.command == "" && s.dir == "" }

func (s *settings) named(name, end string) (f format, ending string, err error) {
	switch name {
	case "line":
		return lines(s.verbose, end), "", nil
	case "hex":
		return hexLines(s.verbose, end), ".hex", nil
	case "raw":
		if s.verbose {
			return nil, "", app.Usage("--verbose and --output raw: raw is the payload and nothing else; --output line has the topic")
		}
		return raw, "", nil
	case "ndjson":
		f, ending = jsonLines, ".ndjson"
	case "pretty":
		p := pretty{}
		if s.toStandardOutput() && s.app.Live(s.app.Stdout) {
			p.colours = terminalColours
		}
		f, ending = p.format, ".txt"
	default:
		return nil, "", app.Usage("--output %q: give %s", name, formats)
	}
	if s.noNewline {
		return nil, "", app.Usage("--no-newline and --output %s: it is made of lines", name)
	}
	return f, ending, nil
}
