package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// node runs MQTT.js, when Node is there. What it needs is installed beneath a folder that goes with the measurement.
type node struct{ folder string }

//go:embed store_node.cjs
var program []byte

// newNode installs the packages. The error says why there is nothing to measure.
func newNode(folder string) (*node, error) {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%s is missing", tool)
		}
	}
	folder = filepath.Join(folder, "node")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "publish.cjs"), program, 0o600); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error", "mqtt@5.16.0", "mqtt-level-store@3.1.0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm: %w: %.200s", err, out)
	}
	return &node{folder}, nil
}

// run has a process publish; that measures itself, so that its start doesn't count.
func (n *node) run(ctx context.Context, w storeWork) (time.Duration, error) {
	order, err := json.Marshal(map[string]any{
		"address": "mqtt://" + w.address, "client": w.client, "folder": filepath.Join(w.folder, "level"),
		"topic": measured, "n": w.n, "size": w.size, "window": w.window,
	})
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, "node", filepath.Join(n.folder, "publish.cjs"), string(order))
	out, err := cmd.Output()
	if failed, is := errors.AsType[*exec.ExitError](err); is {
		return 0, fmt.Errorf("node: %w: %.300s", err, failed.Stderr)
	}
	if err != nil {
		return 0, err
	}
	var seconds float64
	if err := json.Unmarshal(out, &seconds); err != nil {
		return 0, fmt.Errorf("node said %q: %w", out, err)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
