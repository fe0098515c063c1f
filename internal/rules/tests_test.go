package rules

import (
	"go/ast"
	"maps"
	"slices"
	"strings"
)

// sleeping: in a bubble of testing/synctest a sleep takes no time and races with nothing; elsewhere it does both.
var sleeping = rule{
	name: "tests sleep in bubbles alone",
	check: func(t *tree) (complaints []string) {
		for _, s := range t.sources {
			names := s.imports()
			if !s.test() || slices.Contains(slices.Collect(maps.Values(names)), "testing/synctest") {
				continue
			}
			ast.Inspect(s.syntax, func(n ast.Node) bool {
				if selector, ok := n.(*ast.SelectorExpr); ok && selector.Sel.Name == "Sleep" {
					if from, ok := selector.X.(*ast.Ident); ok && names[from.Name] == "time" {
						complaints = append(complaints, s.at(n.Pos(), "time.Sleep in real time"))
					}
				}
				return true
			})
		}
		return complaints
	},
	refuse: []sample{
		{files{"mqtt/a_test.go": "package mqtt\nimport \"time\"\nfunc f() { time.Sleep(1) }"}, "a_test.go:3: time.Sleep"},
		{files{"mqtt/a_test.go": "package mqtt\nimport t \"time\"\nvar f = t.Sleep"}, "time.Sleep"},
		{files{"integration/a_test.go": "//go:build integration\n\npackage mqtt\nimport \"time\"\nfunc f() { time.Sleep(1) }"}, "time.Sleep"},
	},
	accept: []files{
		{"mqtt/a_test.go": "package mqtt\nimport (\"testing/synctest\"; \"time\")\nvar a = synctest.Wait\nfunc f() { time.Sleep(1) }"},
		{"mqtt/a.go": "package mqtt\nimport \"time\"\nfunc f() { time.Sleep(1) }"},
	},
}

// skipping: a test that may not run is one that nobody misses.
var skipping = rule{
	name: "no test skips",
	check: func(t *tree) (complaints []string) {
		for _, s := range t.sources {
			handles := testHandles(s)
			ast.Inspect(s.syntax, func(n ast.Node) bool {
				selector, ok := n.(*ast.SelectorExpr)
				if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, selector.Sel.Name) {
					return true
				}
				if from, ok := selector.X.(*ast.Ident); ok && handles[from.Name] {
					complaints = append(complaints, s.at(n.Pos(), "a test that may skip"))
				}
				return true
			})
		}
		return complaints
	},
	refuse: []sample{
		{files{"mqtt/a_test.go": "package mqtt\nimport \"testing\"\nfunc TestA(t *testing.T) { t.Skip() }"}, "a_test.go:3: "},
		{files{"mqtt/a_test.go": "package mqtt\nimport \"testing\"\nfunc BenchmarkA(b *testing.B) { b.SkipNow() }"}, "may skip"},
		{files{"mqtt/a_test.go": "package mqtt\nimport \"testing\"\nfunc a(x testing.TB) { x.Skipf(\"\") }"}, "may skip"},
		{files{"mqtt/a.go": "package mqtt\nimport \"testing\"\nvar a = func(f *testing.F) { f.Skip() }"}, "may skip"},
	},
	accept: []files{
		{"mqtt/a_test.go": "package mqtt\nimport \"testing\"\nfunc a(t *testing.T, s scanner) { s.Skip(); t.Log() }"},
	},
}

// testHandles names the parameters of s that belong to package testing.
func testHandles(s *source) map[string]bool {
	found := map[string]bool{}
	names := s.imports()
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		parameter, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		t := parameter.Type
		if star, ok := t.(*ast.StarExpr); ok {
			t = star.X
		}
		if selector, ok := t.(*ast.SelectorExpr); ok {
			if from, ok := selector.X.(*ast.Ident); ok && names[from.Name] == "testing" {
				for _, name := range parameter.Names {
					found[name.Name] = true
				}
			}
		}
		return true
	})
	return found
}

// leaks: no package leaves a goroutine behind.
var leaks = rule{
	name: "goleak guards each package",
	check: func(t *tree) (complaints []string) {
		guarded := map[string]bool{}
		for _, s := range t.sources {
			if s.test() {
				guarded[s.folder()] = guarded[s.folder()] || guards(s)
			}
		}
		for _, folder := range slices.Sorted(maps.Keys(guarded)) {
			if !guarded[folder] {
				complaints = append(complaints, folder+": no TestMain with goleak.VerifyTestMain")
			}
		}
		return complaints
	},
	refuse: []sample{
		{files{"mqtt/a_test.go": "package mqtt"}, "mqtt: no TestMain"},
		{files{"mqtt/a_test.go": "package mqtt\nimport \"go.uber.org/goleak\"\nfunc TestA() { goleak.VerifyNone() }"}, "mqtt: no TestMain"},
		{files{"mqtt/a_test.go": "package mqtt\nimport \"go.uber.org/goleak\"\nfunc testMain() { goleak.VerifyTestMain() }"}, "mqtt: no TestMain"},
	},
	accept: []files{
		{
			"mqtt/a_test.go":    "package mqtt",
			"mqtt/main_test.go": "package mqtt\nimport \"go.uber.org/goleak\"\nfunc TestMain(m *testing.M) { goleak.VerifyTestMain(m) }",
			"mqtt/netx/a.go":    "package netx",
		},
	},
}

// guards says whether s has the TestMain.
func guards(s *source) bool {
	return slices.ContainsFunc(s.syntax.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != "TestMain" {
			return false
		}
		start, end := s.set.Position(f.Pos()).Offset, s.set.Position(f.End()).Offset
		return strings.Contains(s.text[start:end], "goleak.VerifyTestMain(")
	})
}
