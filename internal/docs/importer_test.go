package docs

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	_ "github.com/sluicemq/sluice/mqtt" // the go command then knows that a result it has kept is stale when these have changed
	_ "github.com/sluicemq/sluice/mqtt/boltstore"
	_ "github.com/sluicemq/sluice/mqtt/mqtttest"
)

// exports maps import paths to the files that the go command keeps their types in. Empty: there is no such package.
var exports = map[string]string{}

// gc shares what it has imported, so that a type is the same wherever it comes up.
var gc = importer.ForCompiler(token.NewFileSet(), "gc", func(imported string) (io.ReadCloser, error) {
	if exports[imported] == "" {
		return nil, fmt.Errorf("there is no package %s", imported)
	}
	return os.Open(exports[imported])
})

// importerOf imports what a list of packages needs, after one question to the go command.
func importerOf(t *testing.T, list []string) types.Importer {
	t.Helper()
	var missing []string
	for _, imported := range list {
		if _, known := exports[imported]; !known {
			missing = append(missing, imported)
		}
	}
	if len(missing) == 0 {
		return gc
	}
	command := exec.Command("go", append([]string{"list", "-e", "-export", "-f", "{{.ImportPath}} {{.Export}}", "--"}, missing...)...)
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, complaints.String())
	}
	for found := range strings.Lines(string(out)) {
		imported, file, _ := strings.Cut(strings.TrimSpace(found), " ")
		exports[imported] = file
	}
	return gc
}
