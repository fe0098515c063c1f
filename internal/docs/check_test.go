package docs

import (
	"strings"
	"testing"
)

// check is one thing that holds for the documents. run returns a line for each place where it doesn't.
type check struct {
	name   string
	run    func(*testing.T, tree) []string
	refuse []sample
	accept []tree
}

// sample is a small tree that is wrong at one place; complaint is a part of what the check says of it.
type sample struct {
	tree      tree
	complaint string
}

var all = []check{compiling, linking, naming, comparing}

func TestDocuments(t *testing.T) {
	documents := repository(t)
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			for _, complaint := range c.run(t, documents) {
				t.Error(complaint)
			}
		})
	}
}

func TestEachCheckCanFail(t *testing.T) {
	for _, c := range all {
		if len(c.refuse) == 0 || len(c.accept) == 0 {
			t.Errorf("%s: nothing to refuse, or nothing to accept", c.name)
		}
		for _, s := range c.refuse {
			t.Run(c.name+"/refuses "+s.complaint, func(t *testing.T) {
				got := c.run(t, s.tree)
				if len(got) != 1 || !strings.Contains(got[0], s.complaint) {
					t.Errorf("complaints %q, want one with %q", got, s.complaint)
				}
			})
		}
		for _, good := range c.accept {
			t.Run(c.name+"/accepts", func(t *testing.T) {
				if got := c.run(t, good); len(got) != 0 {
					t.Errorf("complaints %q, want none", got)
				}
			})
		}
	}
}

// TestTheChecksSeeTheDocuments guards against a tree, or a document, that is empty because it was looked for in vain.
func TestTheChecksSeeTheDocuments(t *testing.T) {
	documents := repository(t)
	for name, blocks := range map[string]int{"SEMANTICS.md": 0, "docs/design.md": 0, "docs/from-mqttjs.md": 10} {
		d := documents.document(name)
		if len(d.prose) < 50 || len(d.blocks) < blocks {
			t.Errorf("%s has %d lines of prose and %d blocks", name, len(d.prose), len(d.blocks))
		}
	}
	if n := len(documents.names()); n < 150 {
		t.Errorf("%d names of MQTT.js", n)
	}
	if n := len(rows(documents.document(comparison))); n < 150 {
		t.Errorf("%d rows", n)
	}
	if _, ok := documents["mqtt/client.go"]; !ok {
		t.Error("mqtt/client.go isn't in the tree")
	}
}
