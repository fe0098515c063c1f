package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// brokerConfig keeps nothing on the disk, sends at once, and lets as much be in flight as the server process does; nothing is
// dropped for being too much.
const brokerConfig = `listener %d 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
max_inflight_messages 1000
max_queued_messages 0
max_queued_bytes 0
log_dest none
`

// broker measures against a mosquitto of its own; why says why there is nothing to measure against.
func (r *runner) broker(ctx context.Context, rows []row, all []candidate, folder string) (done []measurement, why string) {
	address, stop, err := startBroker(ctx, folder)
	if err != nil {
		return nil, err.Error()
	}
	defer stop()
	real := *r
	real.places, real.beside = places{Address: address}, beside
	done = real.series(ctx, rows, all)
	r.count = real.count
	return done, ""
}

func startBroker(ctx context.Context, folder string) (address string, stop func(), err error) {
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/mosquitto"); err != nil {
			return "", nil, errors.New("mosquitto isn't installed")
		}
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	config := filepath.Join(folder, "mosquitto.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, brokerConfig, port), 0o644); err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, path, "-c", config)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		cmd.Process.Kill()
		cmd.Wait()
	}
	address = fmt.Sprintf("127.0.0.1:%d", port)
	for range 100 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return address, stop, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return "", nil, errors.New("mosquitto doesn't listen within 5 s")
}

// freePort is one that nobody listened at a moment ago.
func freePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port, nil
}
