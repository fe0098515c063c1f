package docs

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

// linking: what a document links to within the repository is there, the heading included.
var linking = check{
	name: "links lead somewhere",
	run: func(_ *testing.T, t tree) (complaints []string) {
		for _, d := range t.documents() {
			for _, l := range d.prose {
				for _, target := range targets(l.text) {
					if why := t.dead(d, target); why != "" {
						complaints = append(complaints, at(d.name, l.number, target+": "+why))
					}
				}
			}
		}
		return complaints
	},
	refuse: []sample{
		{tree{"README.md": "See [it](docs/none.md)."}, "README.md:1: docs/none.md: no such file"},
		{tree{"README.md": "See\n[it](#nowhere)."}, "README.md:2: #nowhere: no such heading"},
		{tree{"README.md": "[a](docs/a.md#b)", "docs/a.md": "# C"}, "docs/a.md#b: no such heading"},
		{tree{"docs/a.md": "[a](README.md)", "README.md": ""}, "docs/a.md:1: README.md: no such file"},
		{tree{"docs/a.md": "[a](../../README.md)"}, "outside"},
		{tree{"README.md": "[`Client`](mqtt/none.go)"}, "mqtt/none.go"},
		{tree{"README.md": "[a]: docs/none.md"}, "docs/none.md"},
		{tree{"README.md": "![a picture](docs/none.svg)"}, "docs/none.svg"},
		{tree{"CONTRIBUTING.md": "[a](none)"}, "CONTRIBUTING.md:1: none"},
		{tree{"README.md": "# A\n```\n# B\n```\n[b](#b)"}, "README.md:5: #b"},
	},
	accept: []tree{
		{"README.md": "# A b, `C`!\n[a](#a-b-c) [b](docs/a.md#d-1) [c](docs) [e](https://example.com/x) [f](mailto:a@example.com)",
			"docs/a.md": "# D\n## D\n[up](../README.md)"},
		{"README.md": "`[a](none)` is how a link is written\n```\n[a](none)\n```"},
		{"bench/README.md": "[a](none)"},
	},
}

var (
	codeSpan   = regexp.MustCompile("`[^`]*`")
	inlineLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	definition = regexp.MustCompile(`^\[[^\]]+\]:\s+(\S+)`)
	elsewhere  = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)
)

// targets are where the links of a line lead.
func targets(text string) (list []string) {
	text = codeSpan.ReplaceAllString(text, "")
	for _, form := range []*regexp.Regexp{inlineLink, definition} {
		for _, found := range form.FindAllStringSubmatch(text, -1) {
			list = append(list, found[1])
		}
	}
	return list
}

// dead says what is wrong with a link of d, or nothing.
func (t tree) dead(d *document, target string) (why string) {
	if elsewhere.MatchString(target) {
		return ""
	}
	file, fragment, _ := strings.Cut(target, "#")
	name := d.name
	if file != "" {
		name = path.Join(path.Dir(d.name), file)
	}
	switch {
	case strings.HasPrefix(name, ".."):
		return "leads outside of the repository"
	case !t.has(name):
		return "no such file"
	case fragment != "" && path.Ext(name) == ".md" && !t.document(name).anchors()[fragment]:
		return "no such heading"
	}
	return ""
}
