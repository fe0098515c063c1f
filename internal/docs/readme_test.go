package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestREADMEComparesAsTheTestsDo holds the table of the README to that of docs/comparison.md, which bench/compare holds to
// what was seen.
func TestREADMEComparesAsTheTestsDo(t *testing.T) {
	root := filepath.Join("..", "..")
	whole, short := cells(t, filepath.Join(root, "docs", "comparison.md")), cells(t, filepath.Join(root, "README.md"))
	require.NotEmpty(t, short)
	for name, row := range short {
		all := whole[name]
		require.Len(t, all, 5, "row %q is not in docs/comparison.md", name)
		require.Equal(t, []string{all[0], all[2], all[3]}, row, name)
	}
}

// cells reads the numbered rows of a document's table.
func cells(t *testing.T, path string) map[string][]string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	rows := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		parts := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		if name := parts[0]; len(parts) > 1 && len(name) > 0 && name[0] >= '0' && name[0] <= '9' {
			rows[name] = parts[1:]
		}
	}
	return rows
}
