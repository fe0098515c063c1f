package conformance

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// document is where the results lie that were reported last.
const document = "../../docs/conformance.md"

// writeReport writes the document. It is an error when a test has not run, but not when one has failed.
func writeReport(file string, suites []*suite) error {
	for _, u := range suites {
		for _, s := range u.statements {
			if _, ran := u.results[s.id]; !ran && u.testOf(s.id) != nil {
				return errors.New("no report: " + s.id + " of " + u.test + " has not run")
			}
		}
	}
	return os.WriteFile(file, []byte(render(suites)), 0o644)
}

// render is the document.
func render(suites []*suite) string {
	var b strings.Builder
	b.WriteString("# Conformance\n\n`make conformance` writes this from the tests in [mqtt/conformance](../mqtt/conformance). " +
		"Each statement has a test of its own, named for it, or a reason why a client shows nothing of it. " +
		"An id that begins with \"no-id\" is a rule of that section which the specification's own list leaves out.\n\n")
	b.WriteString("| version | statements | pass | fail | not observable | open |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, u := range suites {
		pass, fail := u.tally()
		fmt.Fprintf(&b, "| MQTT %s | %d | %d | %d | %d | %d |\n", u.version, len(u.statements), pass, fail, len(u.unobservable), len(u.open))
	}
	for _, u := range suites {
		fmt.Fprintf(&b, "\n## MQTT %s\n\n| id | requirement | test | result |\n| --- | --- | --- | --- |\n", u.version)
		for _, s := range u.statements {
			name, result := u.account(s.id)
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.id, s.requirement, name, result)
		}
	}
	return b.String()
}

// tally counts the tests that have run.
func (u *suite) tally() (pass, fail int) {
	for _, passed := range u.results {
		if passed {
			pass++
		} else {
			fail++
		}
	}
	return pass, fail
}

// account is what the document says of a statement: the test's name, if there is one, and what came of it.
func (u *suite) account(id string) (name, result string) {
	switch {
	case u.unobservable[id] != "":
		return "", "not observable: " + u.unobservable[id]
	case u.open[id] != "":
		return "", "open: " + u.open[id]
	case u.results[id]:
		return u.test + "/" + id, "pass"
	default:
		return u.test + "/" + id, "fail"
	}
}

func TestTheDocumentIsCurrent(t *testing.T) {
	if *report != "" {
		return // it is being written
	}
	written, err := os.ReadFile(document)
	require.NoError(t, err)
	require.Equal(t, accounts(render(suites)), accounts(string(written)), "`make conformance` brings it up to date")
}

// accounts are the lines about statements, without what came of their tests.
func accounts(document string) (lines []string) {
	for line := range strings.Lines(document) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) == 4 {
			if cells[3] == "pass |" || cells[3] == "fail |" {
				cells[3] = ""
			}
			lines = append(lines, strings.Join(cells, " | "))
		}
	}
	return lines
}
