package rules

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
)

// comments: what users see says what it is for. A field or constant may say it behind itself, a list of constants once above.
var comments = rule{
	name: "exports of the library have comments",
	check: func(t *tree) (complaints []string) {
		for _, s := range t.sources {
			if !s.within("mqtt") || s.test() {
				continue
			}
			for _, d := range s.syntax.Decls {
				complaints = append(complaints, uncommented(s, d)...)
			}
		}
		return complaints
	},
	refuse: []sample{
		{files{"mqtt/a.go": "package mqtt\nfunc A() {}"}, "a.go:2: A "},
		{files{"mqtt/a.go": "package mqtt\n// A is.\ntype A struct{}\nfunc (*A) B() {}"}, "a.go:4: B "},
		{files{"mqtt/a.go": "package mqtt\n// A is.\ntype A[T any] struct{}\nfunc (a A[T]) B() {}"}, "a.go:4: B "},
		{files{"mqtt/a.go": "package mqtt\ntype A int"}, "A has no comment"},
		{files{"mqtt/a.go": "package mqtt\ntype (\n\t// A is.\n\tA int\n\tB int\n)"}, "a.go:5: B "},
		{files{"mqtt/codec/a.go": "package codec\nvar A = 1"}, "A has no comment"},
		{files{"mqtt/codec/a.go": "package codec\nconst (\n\tA = 1 // one\n\tB = 2\n)"}, "B has no comment"},
		{files{"mqtt/a.go": "package mqtt\n// A is.\ntype A interface {\n\tB()\n\tC() // does\n}"}, "a.go:4: B "},
		{files{"mqtt/a.go": "package mqtt\n// Config is.\ntype Config struct {\n\tA int\n}"}, "a.go:4: A "},
		{files{"mqtt/a.go": "package mqtt\n//go:noinline\nfunc A() {}"}, "a.go:3: A "},
	},
	accept: []files{
		{"mqtt/netx/a.go": "package netx\n// A is.\ntype A interface{ B() }", "mqtt/actor/a.go": "package actor\n// Config is.\ntype Config struct{ A int }"},
		{"mqtt/a.go": "package mqtt\n// A does.\nfunc A() {}\nfunc b() {}\ntype c int\nfunc (c) String() string { return \"\" }"},
		{"mqtt/a.go": "package mqtt\n// These are.\nconst (\n\tA = iota\n\tB\n)\nconst C = 1 // the third\n// D is.\ntype D struct{ E int }"},
		{"mqtt/a.go": "package mqtt\n// Config is.\ntype Config struct {\n\tA int // of things\n\t// B is.\n\tB int\n\tc int\n}"},
		{"mqtt/a_test.go": "package mqtt\nfunc A() {}", "examples/a/a.go": "package main\nfunc A() {}"},
	},
}

func uncommented(s *source, declaration ast.Decl) (complaints []string) {
	demand := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		if name.IsExported() && !slices.ContainsFunc(comments, func(c *ast.CommentGroup) bool { return c.Text() != "" }) {
			complaints = append(complaints, s.at(name.Pos(), name.Name+" has no comment"))
		}
	}
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil || ast.IsExported(receiver(d)) {
			demand(d.Name, d.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					demand(name, d.Doc, spec.Doc, spec.Comment)
				}
			case *ast.TypeSpec:
				above := d.Doc
				if d.Lparen != token.NoPos {
					above = nil // a list of types isn't one thing, as a list of constants is
				}
				demand(spec.Name, above, spec.Doc, spec.Comment)
				for _, member := range members(s, spec) {
					for _, name := range member.Names {
						demand(name, member.Doc, member.Comment)
					}
				}
			}
		}
	}
	return complaints
}

// receiver names the type that a method belongs to.
func receiver(method *ast.FuncDecl) string {
	t := method.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// members are those that need a comment of their own: the methods of an interface that has more than one, and each setting.
func members(s *source, spec *ast.TypeSpec) []*ast.Field {
	switch t := spec.Type.(type) {
	case *ast.InterfaceType:
		if spec.Name.IsExported() && len(t.Methods.List) > 1 {
			return t.Methods.List
		}
	case *ast.StructType:
		if spec.Name.Name == "Config" && s.folder() == "mqtt" {
			return t.Fields.List
		}
	}
	return nil
}

// packageComments: the first thing that a reader of a package meets.
var packageComments = rule{
	name: "packages have comments",
	check: func(t *tree) (complaints []string) {
		said := map[string]bool{}
		for _, s := range t.sources {
			if !s.test() {
				said[s.folder()] = said[s.folder()] || s.syntax.Doc.Text() != ""
			}
		}
		for _, folder := range slices.Sorted(maps.Keys(said)) {
			if !said[folder] {
				complaints = append(complaints, folder+": no package comment")
			}
		}
		return complaints
	},
	refuse: []sample{
		{files{"mqtt/a.go": "package mqtt", "mqtt/b.go": "package mqtt"}, "mqtt: no package comment"},
		{files{"examples/a/main.go": "// a comment apart\n\npackage main"}, "examples/a: no package comment"},
	},
	accept: []files{
		{"mqtt/a.go": "package mqtt", "mqtt/b.go": "// Package mqtt is.\npackage mqtt", "integration/a_test.go": "package integration"},
	},
}
