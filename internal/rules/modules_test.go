package rules

import (
	"maps"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// modules: `./...` sees one module of a workspace, so a go.mod that go.work doesn't name is never tested.
var modules = rule{
	name: "each module is in the workspace",
	check: func(t *tree) (complaints []string) {
		used := block(t.files["go.work"], "use")
		for _, name := range slices.Sorted(maps.Keys(t.files)) {
			if path.Base(name) == "go.mod" && !slices.Contains(used, "./"+path.Dir(name)) && !(name == "go.mod" && slices.Contains(used, ".")) {
				complaints = append(complaints, name+": not in go.work")
			}
		}
		return complaints
	},
	refuse: []sample{
		{files{"go.work": "go 1.26\n\nuse .\n", "go.mod": "module a", "bench/go.mod": "module b"}, "bench/go.mod"},
		{files{"go.work": "go 1.26\n\nuse (\n\t./bench\n)\n", "go.mod": "module a", "bench/go.mod": "module b"}, "go.mod"},
		{files{"go.work": "go 1.26\n\nuse (\n\t.\n\t// ./bench\n)\n", "go.mod": "module a", "bench/go.mod": "module b"}, "bench/go.mod"},
	},
	accept: []files{
		{"go.work": "go 1.26\n\nuse (\n\t.\n\t./bench // the peers\n)\n", "go.mod": "module a", "bench/go.mod": "module b"},
	},
}

// dependencies: what a user of the library gets with it.
var dependencies = rule{
	name: "the root requires only what is agreed",
	check: func(t *tree) (complaints []string) {
		for _, line := range block(t.files["go.mod"], "require") {
			if required, _, _ := strings.Cut(line, " "); !slices.Contains(agreed, required) {
				complaints = append(complaints, "go.mod: "+required+" isn't agreed")
			}
		}
		return complaints
	},
	refuse: []sample{
		{files{"go.mod": "module a\n\nrequire github.com/spf13/cobra v1.0.0\n"}, "github.com/spf13/cobra"},
		{files{"go.mod": "module a\n\nrequire (\n\tgithub.com/spf13/cobra v1.0.0\n\tgo.uber.org/goleak v1.3.0\n)\n"}, "github.com/spf13/cobra"},
	},
	accept: []files{
		{"go.mod": "module a\n\nrequire go.uber.org/goleak v1.3.0\n\nrequire (\n\tgithub.com/rs/xid v1.4.0 // indirect\n)\n"},
	},
}

// agreed is what the root's go.mod may require directly; the first three for programs, the others for tests and examples.
var agreed = []string{
	"github.com/coder/websocket", "golang.org/x/net", "go.etcd.io/bbolt",
	"github.com/mochi-mqtt/server/v2", "go.uber.org/goleak", "github.com/stretchr/testify",
}

// block gives the lines of a directive in a go.mod or go.work, one line or many in parentheses, but indirect ones.
func block(text, directive string) (lines []string) {
	inside := false
	for line := range strings.Lines(text) {
		code, comment, _ := strings.Cut(line, "//")
		code = strings.TrimSpace(code)
		rest, named := strings.CutPrefix(code, directive+" ")
		switch {
		case code == "" || strings.TrimSpace(comment) == "indirect":
		case named && rest == "(":
			inside = true
		case code == ")":
			inside = false
		case named:
			lines = append(lines, rest)
		case inside:
			lines = append(lines, code)
		}
	}
	return lines
}

// carried are the packages of others, and those beneath them, that the library itself needs.
var carried = []string{"github.com/coder/websocket", "golang.org/x/net/proxy", "golang.org/x/net/internal/socks"}

func TestTheLibraryNeedsOnlyWhatIsAgreed(t *testing.T) {
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "./mqtt")
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"/mqtt") || !slices.Contains(deps, "context") {
		t.Fatalf("go list answers with %d packages, without mqtt or context", len(deps))
	}
	f := slices.DeleteFunc(foreign(deps), func(p string) bool {
		return slices.ContainsFunc(carried, func(c string) bool { return p == c || strings.HasPrefix(p, c+"/internal/") })
	})
	if len(f) != 0 {
		t.Errorf("mqtt needs %q", f)
	}
}

func TestForeignPackagesAreSeen(t *testing.T) {
	deps := []string{"context", "vendor/golang.org/x/net/idna", module + "/mqtt", module + "/mqtt/codec", module + "x", "go.uber.org/goleak"}
	if got, want := foreign(deps), []string{module + "x", "go.uber.org/goleak"}; !slices.Equal(got, want) {
		t.Errorf("foreign(%q) = %q, want %q", deps, got, want)
	}
}

// foreign leaves of deps what is neither the standard library's nor ours.
func foreign(deps []string) []string {
	return slices.DeleteFunc(slices.Clone(deps), func(p string) bool {
		return standard(p) || strings.HasPrefix(p, module+"/")
	})
}
