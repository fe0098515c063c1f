// Package site has the page of the example, the program in it, and what Go's programs need in a browser, ready to be served.
package site

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// program is the import path of what runs in the browser.
const program = "github.com/sluicemq/sluice/examples/browser/page"

//go:embed index.html
var index []byte

// Site is an http.Handler. Any goroutine may use it.
type Site struct {
	files map[string]*file // by path

	Size, Compressed int // of the program, in bytes: as it runs, and as it is sent
}

// Build compiles the program, with the Go that `go env` finds, in a directory of this module or of one that requires it.
func Build(ctx context.Context) (*Site, error) {
	wasm, err := compile(ctx)
	if err != nil {
		return nil, err
	}
	support, err := wasmExec(ctx)
	if err != nil {
		return nil, err
	}
	s := &Site{files: map[string]*file{
		"/":             newFile("text/html; charset=utf-8", index),
		"/page.wasm":    newFile("application/wasm", wasm),
		"/wasm_exec.js": newFile("text/javascript; charset=utf-8", support),
	}}
	s.Size, s.Compressed = len(wasm), len(s.files["/page.wasm"].zipped)
	return s, nil
}

// compile leaves symbols and debugging information out (-s -w).
func compile(ctx context.Context) ([]byte, error) {
	folder, err := os.MkdirTemp("", "sluice-page")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	target := filepath.Join(folder, "page.wasm")
	build := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-o", target, program)
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s: %w\n%s", program, err, out)
	}
	return os.ReadFile(target)
}

// wasmExec is the part of Go that is JavaScript. It must be of the very Go that compiles.
func wasmExec(ctx context.Context) ([]byte, error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	return os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
}

// file is served compressed to whoever understands that.
type file struct {
	kind          string
	plain, zipped []byte
}

func newFile(kind string, plain []byte) *file {
	var zipped bytes.Buffer
	w, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression) // a level that exists
	w.Write(plain)                                             // into memory
	w.Close()
	return &file{kind, plain, zipped.Bytes()}
}

// ServeHTTP serves the three files.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, found := s.files[r.URL.Path]
	if !found {
		http.NotFound(w, r)
		return
	}
	content := f.plain
	w.Header().Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		content = f.zipped
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	w.Header().Set("Cache-Control", "no-cache")
	w.Write(content)
}
