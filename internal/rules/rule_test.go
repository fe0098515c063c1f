package rules

import (
	"slices"
	"strings"
	"testing"
)

// rule is one thing that holds for the tree. check returns a line for each place where it doesn't.
type rule struct {
	name   string
	check  func(*tree) []string
	refuse []sample
	accept []files
}

// sample is a small tree that breaks a rule at one place; complaint is a part of what the rule says of it.
type sample struct {
	files     files
	complaint string
}

var all = []rule{
	arrows, dependencies, locks, directions, comments, packageComments, modules, formatting, sleeping, skipping, leaks, words,
}

func TestTheTreeKeepsTheRules(t *testing.T) {
	tree := repository(t)
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			for _, complaint := range r.check(tree) {
				t.Error(complaint)
			}
		})
	}
}

func TestEachRuleCanFail(t *testing.T) {
	for _, r := range all {
		if len(r.refuse) == 0 || len(r.accept) == 0 {
			t.Errorf("%s: nothing to refuse, or nothing to accept", r.name)
		}
		for _, s := range r.refuse {
			t.Run(r.name+"/refuses "+s.complaint, func(t *testing.T) {
				got := r.check(plant(t, s.files))
				if len(got) != 1 || !strings.Contains(got[0], s.complaint) {
					t.Errorf("complaints %q, want one with %q", got, s.complaint)
				}
			})
		}
		for _, f := range r.accept {
			t.Run(r.name+"/accepts", func(t *testing.T) {
				if got := r.check(plant(t, f)); len(got) != 0 {
					t.Errorf("complaints %q, want none", got)
				}
			})
		}
	}
}

func TestTheRulesSeeTheWholeTree(t *testing.T) {
	tree := repository(t)
	for _, name := range []string{"go.mod", "go.work", "Makefile", ".ci/run", "bench/go.mod", "mqtt/actor/join.go", "internal/rules/doc.go"} {
		if _, ok := tree.files[name]; !ok {
			t.Errorf("%s isn't among %d files", name, len(tree.files))
		}
	}
	for _, folder := range []string{"mqtt", "mqtt/actor", "mqtt/codec", "mqtt/netx"} {
		if !slices.ContainsFunc(tree.sources, func(s *source) bool { return s.folder() == folder && !s.test() }) {
			t.Errorf("no source in %s", folder)
		}
	}
}
