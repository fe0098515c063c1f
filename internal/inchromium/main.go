//go:build unix

// Command inchromium runs a program that was built for js/wasm in headless Chromium, which must be installed, and is for
// go test -exec and go run -exec:
//
//	GOOS=js GOARCH=wasm go test -exec /path/to/inchromium ./mqtt/webstore
//
// The program's output and exit code become this one's. It gets its arguments, and those environment variables whose names
// begin with SLUICE_. Its page is of the origin http://localhost, with a profile of its own that is deleted at the end.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: inchromium PROGRAM.wasm [ARGUMENT]...")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
	code, err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "inchromium:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// run serves a page with the program, and waits until the page says that it has ended.
func run(ctx context.Context, program []string) (int, error) {
	p, err := newPage(program)
	if err != nil {
		return 1, err
	}
	defer p.close()
	b, err := startBrowser(p.url())
	if err != nil {
		return 1, err
	}
	defer b.stop()
	select {
	case code := <-p.exit:
		return code, nil
	case err := <-b.ended:
		return 1, errors.Join(errors.New("the browser ended before the program"), err, b.said())
	case <-ctx.Done():
		return 1, context.Cause(ctx)
	}
}
