package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is the path that the root's go.mod declares.
const module = "github.com/sluicemq/sluice"

// files maps slash-separated paths from the repository's root to contents.
type files map[string]string

// tree is what rules look at.
type tree struct {
	files   files
	sources []*source // those that end in .go, in the order of their paths
}

// source is a parsed Go file.
type source struct {
	path, text string
	set        *token.FileSet
	syntax     *ast.File
}

func (s *source) folder() string { return path.Dir(s.path) }
func (s *source) test() bool     { return strings.HasSuffix(s.path, "_test.go") }

// within says whether s lies in a folder or beneath it.
func (s *source) within(folder string) bool { return strings.HasPrefix(s.path, folder+"/") }

// at is a complaint about a place in s.
func (s *source) at(place token.Pos, text string) string {
	return s.path + ":" + strconv.Itoa(s.set.Position(place).Line) + ": " + text
}

// imports maps the names that s gives to what it imports to import paths; "." and "_" too.
func (s *source) imports() map[string]string {
	names := map[string]string{}
	for _, i := range s.syntax.Imports {
		imported, _ := strconv.Unquote(i.Path.Value)
		name := path.Base(imported)
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = imported
	}
	return names
}

// plant parses a tree from its files.
func plant(t *testing.T, from files) *tree {
	t.Helper()
	grown := &tree{files: from}
	for _, name := range slices.Sorted(maps.Keys(from)) {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		s := &source{path: name, text: from[name], set: token.NewFileSet()}
		var err error
		if s.syntax, err = parser.ParseFile(s.set, name, s.text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
			t.Fatal(err)
		}
		grown.sources = append(grown.sources, s)
	}
	return grown
}

// root is the repository's, seen from this package.
const root = "../.."

var read = sync.OnceValues(func() (files, error) {
	found := files{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return passBy(entry.Name())
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		found[filepath.ToSlash(relative)] = string(content)
		return err
	})
	return found, err
})

// passBy leaves out what isn't written by hand.
func passBy(folder string) error {
	if slices.Contains([]string{".git", ".cache", "testdata", "results"}, folder) {
		return fs.SkipDir
	}
	return nil
}

// repository is the tree that this package lies in.
func repository(t *testing.T) *tree {
	t.Helper()
	found, err := read()
	if err != nil {
		t.Fatal(err)
	}
	return plant(t, found)
}
