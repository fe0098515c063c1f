//go:build unix

package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed page.html
var html []byte

// page serves the program, and gets what it writes.
type page struct {
	program []string
	support string // wasm_exec.js
	server  *http.Server
	port    int
	exit    chan int
}

func newPage(program []string) (*page, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &page{
		program: program, support: filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"),
		port: listener.Addr().(*net.TCPAddr).Port, exit: make(chan int, 1),
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { w.Write(html) })
	routes.HandleFunc("GET /wasm_exec.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, p.support) })
	routes.HandleFunc("GET /program.wasm", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, program[0]) })
	routes.HandleFunc("GET /start.json", p.start)
	routes.HandleFunc("POST /write/{fd}", p.write)
	routes.HandleFunc("POST /exit/{code}", p.end)
	p.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*") // a frame of no origin is the program's page too
		routes.ServeHTTP(w, r)
	})}
	go p.server.Serve(listener)
	return p, nil
}

func (p *page) url() string { return fmt.Sprintf("http://localhost:%d/", p.port) }

func (p *page) close() { p.server.Close() }

// start tells the program what it is called with.
func (p *page) start(w http.ResponseWriter, _ *http.Request) {
	environment := map[string]string{}
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "SLUICE_") {
			environment[name] = value
		}
	}
	json.NewEncoder(w).Encode(map[string]any{"arguments": p.program, "environment": environment})
}

func (p *page) write(_ http.ResponseWriter, r *http.Request) {
	to := os.Stdout
	if r.PathValue("fd") == "2" {
		to = os.Stderr
	}
	io.Copy(to, r.Body)
}

// end takes the first exit code that comes; a frame within the page keeps its own to itself.
func (p *page) end(_ http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.PathValue("code"))
	if err != nil {
		code = 1
	}
	select {
	case p.exit <- code:
	default:
	}
}
