package rules

import (
	"fmt"
	"go/format"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// formatting: gofmt has nothing to say.
var formatting = rule{
	name: "sources are formatted",
	check: func(t *tree) (complaints []string) {
		for _, s := range t.sources {
			if formatted, err := format.Source([]byte(s.text)); err != nil || string(formatted) != s.text {
				complaints = append(complaints, s.path+": gofmt would change it")
			}
		}
		return complaints
	},
	refuse: []sample{
		{files{"bench/a.go": "package  bench\n"}, "bench/a.go: gofmt"},
		{files{"mqtt/a.go": "package mqtt\n\nvar a  = 1\n"}, "mqtt/a.go: gofmt"},
	},
	accept: []files{{"mqtt/a.go": "package mqtt\n\nvar a = 1\n"}},
}

// words: the tree speaks to whoever has it, so not of somebody's machine, nor of what was written elsewhere about a change.
var words = rule{
	name: "nothing speaks of where it was written",
	check: func(t *tree) (complaints []string) {
		for _, name := range slices.Sorted(maps.Keys(t.files)) {
			text := t.files[name]
			if !utf8.ValidString(text) || strings.HasSuffix(name, ".sum") {
				continue
			}
			number := 0
			for line := range strings.Lines(text) {
				number++
				if found := forbidden.FindString(line); found != "" {
					complaints = append(complaints, fmt.Sprintf("%s:%d: %q", name, number, found))
				}
			}
		}
		return complaints
	},
	refuse: []sample{
		{files{"mqtt/a.go": "package mqtt\n\n// See /" + "home/me/notes.\n"}, "mqtt/a.go:3: "},
		{files{"Makefile": "test:\n\tcd /" + "work/main && go test\n"}, "Makefile:2: "},
		{files{".ci/run": "cat ../" + "shared/x\n"}, ".ci/run:1: "},
		{files{"docs/a.md": "/" + "root/go\n"}, "/" + "root/"},
		{files{"docs/a.md": "/" + "Users/me\n"}, "/" + "Users/"},
		{files{"mqtt/a_test.go": "package mqtt\n\n// The fix for issue " + "#12.\n"}, "issue " + "#"},
		{files{"mqtt/a_test.go": "package mqtt\n\n// Left to Issue " + "7.\n"}, "Issue " + "7"},
		{files{"README.md": "Written by Chat" + "GPT.\n"}, "README.md:1: "},
	},
	accept: []files{
		{"mqtt/a.go": "package mqtt\n\n// It works, at home/work and at the root/top; a tissue of issues: the topic /worker/x.\n"},
	},
}

// forbidden is put together from parts, so that this file passes too.
var forbidden = regexp.MustCompile(strings.Join([]string{
	`(^|[^\w.}])/` + `(home/\w|Users/\w|root/|work/)`,
	`\.\./` + `shared/`,
	`(?i)\bissue ` + `(#|\d)`,
	`(?i)\b(clau` + `de|anthro` + `pic|chat` + `gpt|open` + `ai)\b`,
}, "|"))
