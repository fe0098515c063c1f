package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const comparison = "docs/from-mqttjs.md"

// comparing: each name of MQTT.js's README has one row, with one of three verdicts; what is ours has an example that
// compiles: code behind the verdict, or a link to a heading with Go beneath it.
var comparing = check{
	name: "MQTT.js is answered name by name",
	run: func(t *testing.T, documents tree) (complaints []string) {
		d := documents.document(comparison)
		all := rows(d)
		complaints = append(complaints, unanswered(documents.names(), all)...)
		var units []*unit
		for _, r := range all {
			why, code := r.judge(d)
			if why != "" {
				complaints = append(complaints, at(d.name, r.number, r.name+": "+why))
			}
			if code != "" {
				units = append(units, newUnit(block{name: d.name, number: r.number, text: code}))
			}
		}
		return append(complaints, compile(t, units)...)
	},
	refuse: []sample{
		{compared("a\nb", "| `a` | | not yet |"), "b: no row"},
		{compared("a", "| `a` | | not yet |\n| `a` | | not yet |"), "from-mqttjs.md:2: a: a second row"},
		{compared("a", "| `a` | | not yet |\n| `b` | | not yet |"), "b: not in the list"},
		{compared("a", "| `a` | | maybe |"), "no verdict"},
		{compared("a", "| `a` | | |"), "no verdict"},
		{compared("a", "| `a` | | superseded |"), "no verdict"},
		{compared("a", "| `a` | | superseded, because |"), "no verdict"},
		{compared("a", "| `a` | | not yet, or ours |"), "no verdict"},
		{compared("a", "| `a` | `New` | ours: see below |"), "no example"},
		{compared("a", "| `a` | `New` | ours: [b](#b) |\n# B\n```sh\nls\n```"), "no example"},
		{compared("a", "| `a` | `New` | ours: [b](#b) |\n# C\n```go\n```"), "no example"},
		{compared("a", "| `a` | `New` | ours: `client.Nonsense()` |"), "from-mqttjs.md:1: client.Nonsense undefined"},
		{compared("a", "| `a` | `New` | ours: `mqtt.Message{Nonsense: 1}` |"), "unknown field Nonsense"},
		{compared("a", "| `a` | | ours: `mqtt.New(cfg)` |"), "names nothing of ours"},
	},
	accept: []tree{
		compared("a\nb c\nd\ne\nf", "| MQTT.js | Sluice | how |\n| --- | --- | --- |\n"+
			"| `a` | `New` | ours: `mqtt.New(cfg)`; it never dials |\n| `b c` | `Message` | ours: [e](#e-f) |\n"+
			"| `d` | | superseded, because Go has it |\n| `e` | | not yet; until then use `d` |\n| `f` | package mqtt | ours: `mqtt.Message{}` |\n"+
			"# E f\n```go\nclient.Abort()\n```"),
	},
}

// compared is a tree with a list of names and a comparison.
func compared(names, text string) tree { return tree{namesFile: names + "\n", comparison: text} }

// row is what is said of one name.
type row struct {
	number          int
	name, ours, how string
}

// rows are those of all tables, without their heads.
func rows(d *document) (list []row) {
	for _, l := range d.prose {
		cells := strings.Split(strings.Trim(l.text, "|"), "|")
		if !strings.HasPrefix(l.text, "|") || len(cells) != 3 {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if name := strings.Trim(cells[0], "`"); name != "MQTT.js" && name != "---" {
			list = append(list, row{l.number, name, cells[1], cells[2]})
		}
	}
	return list
}

// unanswered compares the names with the rows.
func unanswered(names []string, all []row) (complaints []string) {
	seen := map[string]bool{}
	for _, r := range all {
		switch {
		case !slices.Contains(names, r.name):
			complaints = append(complaints, at(comparison, r.number, r.name+": not in the list of names"))
		case seen[r.name]:
			complaints = append(complaints, at(comparison, r.number, r.name+": a second row"))
		}
		seen[r.name] = true
	}
	for _, name := range names {
		if !seen[name] {
			complaints = append(complaints, fmt.Sprintf("%s: %s: no row", comparison, name))
		}
	}
	return complaints
}

var (
	superseded = regexp.MustCompile(`^superseded, because .`)
	notYet     = regexp.MustCompile(`^not yet($|;)`)
	inCode     = regexp.MustCompile("^ours: `([^`]+)`")
	inCommand  = regexp.MustCompile(`^ours: .*\[cli\.md\]\(cli\.md\)`) // whose tests run the program
	inExample  = regexp.MustCompile(`^ours: \[[^\]]+\]\(#([^)]+)\)`)
)

// judge says what is wrong with a row, or nothing; and the code in it.
func (r *row) judge(d *document) (why, code string) {
	switch {
	case superseded.MatchString(r.how), notYet.MatchString(r.how):
		return "", ""
	case !strings.HasPrefix(r.how, "ours: "):
		return fmt.Sprintf("no verdict in %q", r.how), ""
	case r.ours == "":
		return "is ours, and names nothing of ours", ""
	}
	if found := inCode.FindStringSubmatch(r.how); found != nil {
		return "", statement(found[1])
	}
	if strings.Contains(r.ours, "mqtt") && inCommand.MatchString(r.how) {
		return "", ""
	}
	if found := inExample.FindStringSubmatch(r.how); found != nil && slices.ContainsFunc(d.blocks, func(b block) bool {
		return b.language == "go" && b.anchor == found[1]
	}) {
		return "", ""
	}
	return "is ours, and has no example", ""
}

// statement makes one of an expression that isn't one by itself.
func statement(code string) string {
	expression, err := parser.ParseExpr(code)
	if _, call := expression.(*ast.CallExpr); err != nil || call {
		return code
	}
	return "_ = " + code
}
