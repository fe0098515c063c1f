package rules

import (
	"go/ast"
	"slices"
)

// locks: state has one owner, and what two sides share is a channel. Only a handle that belongs to callers may have a lock.
var locks = rule{
	name: "no lock in the library",
	check: func(t *tree) (complaints []string) {
		for _, s := range t.sources {
			if s.within("mqtt") && !s.test() && !slices.Contains(handles, s.path) {
				complaints = append(complaints, locksIn(s)...)
			}
		}
		return complaints
	},
	refuse: []sample{
		{files{"mqtt/actor/a.go": "package actor\nimport \"sync\"\ntype a struct{ mu sync.Mutex }"}, "a.go:3: sync.Mutex"},
		{files{"mqtt/actor/a.go": "package actor\nimport \"sync\"\nvar a sync.RWMutex"}, "sync.RWMutex"},
		{files{"mqtt/actor/a.go": "package actor\nimport \"sync\"\nvar a sync.Map"}, "sync.Map"},
		{files{"mqtt/actor/a.go": "package actor\nimport s \"sync\"\nvar a = s.NewCond(nil)"}, "sync.NewCond"},
		{files{"mqtt/actor/a.go": "package actor\nimport \"sync\"\nvar a sync.Once"}, "sync.Once"},
		{files{"mqtt/actor/a.go": "package actor\nimport \"sync\"\nvar a = sync.OnceFunc(nil)"}, "sync.OnceFunc"},
		{files{"mqtt/actor/a.go": "package actor\nimport . \"sync\"\nvar a Mutex"}, "sync without its name"},
		{files{"mqtt/actor/a.go": "package actor\nimport \"sync/atomic\"\nvar a atomic.Bool"}, "sync/atomic"},
		{files{"mqtt/client.go": "package mqtt\nimport \"sync\"\nvar a sync.Mutex"}, "sync.Mutex"},
		{files{"mqtt/codec/a.go": "package codec\nimport \"sync/atomic\""}, "sync/atomic"},
		{files{"mqtt/actor/delivery.go": "package actor\nimport \"sync\"\nvar a sync.Mutex"}, "sync.Mutex"},
	},
	accept: []files{
		{"mqtt/actor/a.go": "package actor\nimport \"sync\"\nvar a sync.WaitGroup\nvar b sync.Pool"},
		{"mqtt/actor/a_test.go": "package actor\nimport \"sync\"\nvar a sync.Mutex"},
		{"mqtt/delivery.go": "package mqtt\nimport (\"sync\"; \"sync/atomic\")\nvar a sync.Mutex\nvar b atomic.Bool"},
	},
}

// handles are the files of what belongs to callers.
var handles = []string{"mqtt/delivery.go", "mqtt/received.go"}

func locksIn(s *source) (complaints []string) {
	for _, i := range s.syntax.Imports {
		switch {
		case i.Path.Value == `"sync/atomic"`:
			complaints = append(complaints, s.at(i.Pos(), "sync/atomic is a lock of one word"))
		case i.Path.Value == `"sync"` && i.Name != nil && i.Name.Name == ".":
			complaints = append(complaints, s.at(i.Pos(), "sync without its name"))
		}
	}
	names := s.imports()
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		from, ok := selector.X.(*ast.Ident)
		if ok && names[from.Name] == "sync" && selector.Sel.Name != "WaitGroup" && selector.Sel.Name != "Pool" {
			complaints = append(complaints, s.at(n.Pos(), "sync."+selector.Sel.Name+": state has one owner"))
		}
		return true
	})
	return complaints
}
