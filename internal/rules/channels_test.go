package rules

import "go/ast"

// directions: the type of a channel in a process says who sends. Both directions are seen only where one is made.
var directions = rule{
	name: "channels of processes have a direction",
	check: func(t *tree) (complaints []string) {
		for _, s := range t.sources {
			if s.within("mqtt/actor") && !s.test() {
				complaints = append(complaints, undirected(s)...)
			}
		}
		return complaints
	},
	refuse: []sample{
		{files{"mqtt/actor/a.go": "package actor\n\ntype a struct{ c chan int }"}, "a.go:3: "},
		{files{"mqtt/actor/a.go": "package actor\n\nfunc a(c chan int) {}"}, "a.go:3: "},
		{files{"mqtt/actor/a.go": "package actor\n\nfunc a() (c chan int) { return }"}, "a.go:3: "},
		{files{"mqtt/actor/a.go": "package actor\n\ntype a struct{ c <-chan chan int }"}, "a.go:3: "},
		{files{"mqtt/actor/a.go": "package actor\n\ntype a struct{ c map[int]func(chan int) }"}, "a.go:3: "},
		{files{"mqtt/actor/a.go": "package actor\n\nvar a = make([]chan int, 3)"}, "a.go:3: "},
		{files{"mqtt/actor/a.go": "package actor\n\nvar a = make(chan chan int)"}, "a.go:3: "},
		{files{"mqtt/actor/a.go": "package actor\n\ntype a chan int"}, "a.go:3: "},
	},
	accept: []files{
		{"mqtt/actor/a.go": "package actor\ntype a struct{ c chan<- chan<- int; d <-chan int }\nvar b = make(chan int, 1)"},
		{"mqtt/actor/a_test.go": "package actor\nfunc a(c chan int) {}"},
	},
}

func undirected(s *source) (complaints []string) {
	made := map[ast.Node]bool{}
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "make" {
				made[n.Args[0]] = true
			}
		case *ast.ChanType:
			if n.Dir == ast.SEND|ast.RECV && !made[n] {
				complaints = append(complaints, s.at(n.Pos(), "a channel type without a direction"))
			}
		}
		return true
	})
	return complaints
}
