package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// compiling: Go in the documents compiles. A block that begins with a package clause is a file of its own. Any other stands
// in a function that may return an error, as a block of its own, with what nearly all examples need declared before:
//
//	ctx context.Context, client *mqtt.Client, cfg mqtt.Config
//
// and with the packages imported that its selectors name, as far as the list importable has them.
var compiling = check{
	name: "Go compiles",
	run: func(t *testing.T, documents tree) (complaints []string) {
		var units []*unit
		for _, d := range documents.documents() {
			for _, b := range d.blocks {
				if b.language == "go" {
					units = append(units, newUnit(b))
				}
			}
		}
		return compile(t, units)
	},
	refuse: []sample{
		{tree{"README.md": "# A\n```go\nclient.Nonsense()\n```"}, "README.md:3: client.Nonsense undefined"},
		{tree{"docs/a.md": "```go\nm := <-client.Messages()\n```"}, "docs/a.md:2: declared and not used: m"},
		{tree{"SEMANTICS.md": "```go\nfoo(\n```"}, "SEMANTICS.md:"},
		{tree{"README.md": "```go\nhtml.Get(\"\")\n```"}, "undefined: html"},
		{tree{"README.md": "```go\npackage main\n\nimport \"fmt\"\n\nfunc main() {}\n```"}, `README.md:4: "fmt" imported and not used`},
		{tree{"README.md": "```go\npackage main\n\nimport \"example.invalid/none\"\n\nvar _ = none.A\n```"}, "example.invalid/none"},
		{tree{"README.md": "```go\ncfg.KeepAlive = \"30s\"\n```"}, "cannot use"},
		{tree{"README.md": "```go title=a.go\nclient.Nonsense()"}, "README.md:2: client.Nonsense undefined"},
	},
	accept: []tree{
		{"README.md": "```go\nclient, err := mqtt.Connect(ctx, \"mqtt://localhost\", cfg)\nif err != nil {\n\treturn err\n}\ndefer client.Close(ctx)\n```"},
		{"README.md": "```go\nfor m := range client.All(ctx) {\n\tfmt.Println(m.Topic)\n\treturn\n}\n```\n```go\nctx := context.Background()\n<-ctx.Done()\n```"},
		{"README.md": "```go\npackage main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n```\n```sh\nfoo(\n```\n```\nfoo(\n```"},
	},
}

// importable are the packages that a fragment may name without importing them.
var importable = []string{
	module + "/mqtt", module + "/mqtt/boltstore", module + "/mqtt/codec", module + "/mqtt/mqtttest", module + "/mqtt/netx",
	"bytes", "context", "crypto/tls", "crypto/x509", "encoding/json", "errors", "fmt", "io", "log", "log/slog", "math", "net", "net/http", "os",
	"os/signal", "slices", "strconv", "strings", "sync", "syscall", "testing", "testing/synctest", "time",
}

// module is the path that the root's go.mod declares.
const module = "github.com/sluicemq/sluice"

// unit is what is compiled at once: a file.
type unit struct {
	set    *token.FileSet
	syntax *ast.File
	err    error
}

func newUnit(b block) *unit {
	if strings.HasPrefix(b.text, "package ") {
		return parseUnit(fmt.Sprintf("//line %s:%d\n%s", b.name, b.number, b.text))
	}
	u := parseUnit(wrap(b, nil))
	if u.err != nil {
		return u
	}
	named := map[string]bool{}
	for _, identifier := range u.syntax.Unresolved {
		named[identifier.Name] = true
	}
	return parseUnit(wrap(b, named))
}

func parseUnit(source string) *unit {
	u := &unit{set: token.NewFileSet()}
	u.syntax, u.err = parser.ParseFile(u.set, "fragment.go", source, parser.ParseComments)
	return u
}

// wrap makes a file of a fragment. named are the names that it leaves to be declared elsewhere.
func wrap(b block, named map[string]bool) string {
	var imports strings.Builder
	for _, imported := range importable {
		if named[path.Base(imported)] {
			fmt.Fprintf(&imports, "import %q\n", imported)
		}
	}
	return "package fragment\n" + imports.String() +
		"func _(ctx context.Context, client *mqtt.Client, cfg mqtt.Config) (_ error) {\n{\n" +
		fmt.Sprintf("//line %s:%d\n%s", b.name, b.number, b.text) + "\n}\nreturn nil\n}\n"
}

// compile checks all units against what they import.
func compile(t *testing.T, units []*unit) (complaints []string) {
	packages := importerOf(t, imports(units))
	for _, u := range units {
		if u.err != nil {
			complaints = append(complaints, u.err.Error())
			continue
		}
		settings := types.Config{Importer: packages, Error: func(err error) {
			e := err.(types.Error)
			place := e.Fset.Position(e.Pos)
			complaints = append(complaints, at(place.Filename, place.Line, e.Msg))
		}}
		settings.Check("fragment", u.set, []*ast.File{u.syntax}, nil) // Error has them all
	}
	return complaints
}

func imports(units []*unit) []string {
	found := map[string]bool{}
	for _, u := range units {
		if u.err != nil {
			continue
		}
		for _, i := range u.syntax.Imports {
			imported, _ := strconv.Unquote(i.Path.Value)
			found[imported] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
