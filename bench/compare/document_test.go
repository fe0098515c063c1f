package compare

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables into docs/comparison.md")

// document has the tables between two lines.
const (
	document = "../../docs/comparison.md"
	begin    = "<!-- cells: `go test ./compare -update` writes them -->\n"
	end      = "<!-- end of cells -->\n"
)

func TestDocument(t *testing.T) {
	content, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(content), begin)
	got, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the tables", document)
	}
	want := render(t)
	if *update {
		if err := os.WriteFile(document, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("%s differs from the data; go test ./compare -update writes it. Want:\n%s", document, want)
	}
}

// render gives what stands between the lines.
func render(t *testing.T) string {
	var b strings.Builder
	versions := versions(t)
	b.WriteString("\n|")
	for _, c := range clients {
		fmt.Fprintf(&b, " | %s, %s", strings.TrimSpace(c.name+" "+versions[c.module]), c.how)
	}
	b.WriteString(" |\n| ---" + strings.Repeat(" | ---", len(clients)) + " |\n")
	for i, s := range scenarios {
		fmt.Fprintf(&b, "| %d. %s | %s |\n", i+1, s.name, strings.Join(s.want, " | "))
	}
	b.WriteString("\n")
	for i, s := range scenarios {
		fmt.Fprintf(&b, "%d. %s", i+1, s.done)
		for _, m := range s.words {
			fmt.Fprintf(&b, " *%s*: %s.", capital(m.word), m.means)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	return b.String()
}

func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

var required = regexp.MustCompile(`(?m)^\s*(\S+) (v\S+)`)

// versions maps modules to what go.mod requires of them.
func versions(t *testing.T) map[string]string {
	content, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{"": ""}
	for _, m := range required.FindAllStringSubmatch(string(content), -1) {
		found[m[1]] = m[2]
	}
	for _, c := range clients {
		if _, ok := found[c.module]; !ok {
			t.Fatalf("go.mod doesn't require %s", c.module)
		}
	}
	return found
}
