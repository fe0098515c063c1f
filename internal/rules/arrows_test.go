package rules

import (
	"fmt"
	"slices"
	"strings"
)

// arrows: imports point one way, and a library's user carries nothing that the list doesn't name.
var arrows = rule{
	name: "imports follow the arrows",
	check: func(t *tree) (complaints []string) {
		for _, s := range t.sources {
			if s.test() || !s.within("mqtt") {
				continue
			}
			row, known := allowed[s.folder()]
			if !known {
				complaints = append(complaints, s.path+": its package has no row in the table of arrows")
				continue
			}
			for _, i := range s.syntax.Imports {
				imported := strings.Trim(i.Path.Value, `"`)
				if !standard(imported) && !slices.Contains(row, strings.TrimPrefix(imported, module+"/")) {
					complaints = append(complaints, s.at(i.Pos(), fmt.Sprintf("%s must not import %s", s.folder(), imported)))
				}
			}
		}
		return append(complaints, testServer(t)...)
	},
	refuse: []sample{
		{files{"mqtt/actor/a.go": `package actor; import "` + module + `/mqtt"`}, "mqtt/actor must not import " + module + "/mqtt"},
		{files{"mqtt/actor/a.go": `package actor; import _ "` + module + `/mqtt/netx"`}, "mqtt/netx"},
		{files{"mqtt/codec/a.go": `package codec; import "` + module + `/mqtt/actor"`}, "mqtt/codec must not import"},
		{files{"mqtt/netx/a.go": `package netx; import "` + module + `/mqtt/codec"`}, "mqtt/netx must not import"},
		{files{"mqtt/a.go": `package mqtt; import "go.uber.org/goleak"`}, "mqtt must not import go.uber.org/goleak"},
		{files{"mqtt/mqtttest/a.go": `package mqtttest; import "` + module + `/mqtt/actor"`}, "mqtt/mqtttest must not import"},
		{files{"mqtt/boltstore/a.go": `package boltstore; import "` + module + `/mqtt/codec"`}, "mqtt/boltstore must not import"},
		{files{"mqtt/a.go": `package mqtt; import "github.com/coder/websocket"`}, "mqtt must not import github.com/coder/websocket"},
		{files{"mqtt/a.go": `package mqtt; import "golang.org/x/net/proxy"`}, "mqtt must not import golang.org/x/net/proxy"},
		{files{"mqtt/netx/a.go": `package netx; import "golang.org/x/net/http/httpproxy"`}, "mqtt/netx must not import golang.org/x/net/http/httpproxy"},
		{files{"mqtt/a.go": `package mqtt; import "go.etcd.io/bbolt"`}, "mqtt must not import go.etcd.io/bbolt"},
		{files{"mqtt/other/a.go": `package other`}, "no row"},
		{files{"cmd/mqtt/a.go": `package main; import "` + module + `/mqtt/mqtttest"`}, "mqtttest is for tests and examples"},
		{files{"mqtt/a.go": `package mqtt; import m "` + module + `/mqtt/mqtttest"`}, "mqtt must not import"},
	},
	accept: []files{
		{"mqtt/actor/a.go": `package actor; import ("context"; "` + module + `/mqtt/codec")`},
		{"mqtt/a.go": `package mqtt; import ("` + module + `/mqtt/actor"; "` + module + `/mqtt/codec"; "` + module + `/mqtt/netx")`},
		{"mqtt/actor/a_test.go": `package actor_test; import ("go.uber.org/goleak"; "` + module + `/mqtt/mqtttest")`},
		{"examples/a/a.go": `package main; import "` + module + `/mqtt/mqtttest"`},
	},
}

// allowed has, for each package of the library, what it may import beside the standard library. Ours are named by folder.
var allowed = map[string][]string{
	"mqtt/codec":       {},
	"mqtt/netx":        {"github.com/coder/websocket", "golang.org/x/net/proxy"},
	"mqtt/actor":       {"mqtt/codec"},
	"mqtt":             {"mqtt/actor", "mqtt/codec", "mqtt/netx"},
	"mqtt/mqtttest":    {"mqtt", "mqtt/codec"},
	"mqtt/conformance": {},
	"mqtt/boltstore":   {"mqtt", "go.etcd.io/bbolt", "go.etcd.io/bbolt/errors"},
	"mqtt/webstore":    {"mqtt"},
}

// standard: the first element of any other import path has a dot.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// testServer complains of mqtttest in programs. The library's packages have their rows.
func testServer(t *tree) (complaints []string) {
	for _, s := range t.sources {
		if s.test() || s.within("examples") || s.within("mqtt") {
			continue
		}
		for _, i := range s.syntax.Imports {
			if strings.Trim(i.Path.Value, `"`) == module+"/mqtt/mqtttest" {
				complaints = append(complaints, s.at(i.Pos(), "mqtttest is for tests and examples"))
			}
		}
	}
	return complaints
}
