package conformance

import (
	"embed"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

//go:embed testdata/v5.tsv testdata/v311.tsv
var tables embed.FS

// statement is a line of a table.
type statement struct {
	id          string // as in the specification; or "no-id:", a section and a letter
	binds       string // client, server, both, or wire: whoever writes the bytes
	requirement string
	level       string // must, must-not, should, may
	observation string // how it is seen at a client
	verified    string // whether it was read again in the specification
}

// statements reads a table, in its order.
func statements(file string) (list []statement) {
	text, err := tables.ReadFile("testdata/" + file)
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(text)) {
		c := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(c) != 6 {
			panic(file + ": a line without six columns: " + line)
		}
		list = append(list, statement{c[0], c[1], c[2], c[3], c[4], c[5]})
	}
	return list[1:] // the first names the columns
}

func TestTheTablesAreWellFormed(t *testing.T) {
	for file, rows := range map[string]int{"v5.tsv": 291, "v311.tsv": 154} {
		seen := map[string]bool{}
		list := statements(file)
		for _, s := range list {
			require.False(t, seen[s.id], "%s: %s stands twice", file, s.id)
			seen[s.id] = true
			require.Contains(t, []string{"client", "server", "both", "wire"}, s.binds, s.id)
			require.Contains(t, []string{"must", "must-not", "should", "may"}, s.level, s.id)
			require.Equal(t, "yes", s.verified, s.id)
			require.NotEmpty(t, s.requirement, s.id)
			require.NotEmpty(t, s.observation, s.id)
			require.NotContains(t, s.requirement, "|", "it would break the document's table: %s", s.id)
		}
		require.Len(t, list, rows, file)
	}
}
