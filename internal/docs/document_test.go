package docs

import (
	"fmt"
	"strings"
	"unicode"
)

// document is a Markdown file, taken apart.
type document struct {
	name   string
	blocks []block // what stands in fences
	prose  []line  // the rest
}

// line is a line of prose.
type line struct {
	number int
	text   string
}

// block is what stands between two fences.
type block struct {
	name     string // of the document
	number   int    // of its first line
	language string
	text     string
	anchor   string // of the heading that it stands under
}

const fence = "```"

func parse(name, text string) *document {
	d := &document{name: name}
	var open *block
	anchor, seen := "", map[string]int{}
	number := 0
	for content := range strings.Lines(text) {
		number++
		language, fenced := strings.CutPrefix(strings.TrimSpace(content), fence)
		switch {
		case fenced && open == nil:
			language, _, _ = strings.Cut(language, " ")
			open = &block{name: name, number: number + 1, language: language, anchor: anchor}
		case fenced:
			d.blocks = append(d.blocks, *open)
			open = nil
		case open != nil:
			open.text += content
		default:
			d.prose = append(d.prose, line{number, strings.TrimRight(content, "\n")})
			if heading, ok := headingOf(content); ok {
				anchor = slug(heading, seen)
			}
		}
	}
	if open != nil { // it goes on to the end
		d.blocks = append(d.blocks, *open)
	}
	return d
}

func headingOf(text string) (heading string, ok bool) {
	level, heading, ok := strings.Cut(text, " ")
	return strings.TrimSpace(heading), ok && level != "" && strings.Trim(level, "#") == ""
}

// anchors are what links to a place in d may name.
func (d *document) anchors() map[string]bool {
	found, seen := map[string]bool{}, map[string]int{}
	for _, l := range d.prose {
		if heading, ok := headingOf(l.text); ok {
			found[slug(heading, seen)] = true
		}
	}
	return found
}

// slug is the anchor that the usual viewers make of a heading: the second of two that are alike gets a number.
func slug(heading string, seen map[string]int) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
	n := seen[s]
	seen[s]++
	if n > 0 {
		s += fmt.Sprintf("-%d", n)
	}
	return s
}

// at is a complaint about a line.
func at(name string, number int, text string) string {
	return fmt.Sprintf("%s:%d: %s", name, number, text)
}
