package docs

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// root is the repository's, seen from this package.
const root = "../.."

// namesFile lists what MQTT.js's README names, one name a line.
const namesFile = "internal/docs/testdata/mqttjs-names.txt"

// tree maps slash-separated paths from the repository's root to contents. Of what is no document it has the path alone.
type tree map[string]string

var read = sync.OnceValues(func() (tree, error) {
	found := tree{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == ".git":
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		key, content := filepath.ToSlash(relative), []byte(nil)
		if path.Ext(key) == ".md" || key == namesFile {
			content, err = os.ReadFile(name)
		}
		found[key] = string(content)
		return err
	})
	return found, err
})

// repository is the tree that this package lies in.
func repository(t *testing.T) tree {
	t.Helper()
	found, err := read()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// documents are those of the root and of docs, as far as they exist, in the order of their names.
func (t tree) documents() (list []*document) {
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if folder := path.Dir(name); path.Ext(name) == ".md" && (folder == "." || folder == "docs") {
			list = append(list, t.document(name))
		}
	}
	return list
}

func (t tree) document(name string) *document { return parse(name, t[name]) }

// has says whether there is a file or a folder of that name.
func (t tree) has(name string) bool {
	if _, ok := t[name]; ok || name == "." {
		return true
	}
	for file := range t {
		if strings.HasPrefix(file, name+"/") {
			return true
		}
	}
	return false
}

// names are those of MQTT.js.
func (t tree) names() []string {
	return slices.Collect(strings.SplitSeq(strings.TrimSpace(t[namesFile]), "\n"))
}
