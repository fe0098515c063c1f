package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// mqttJS is MQTT.js, in a process of Node.
type mqttJS struct{}

//go:embed client.cjs
var clientJS []byte

// prepare installs it. client.cjs needs nothing else.
func (mqttJS) prepare(ctx context.Context, folder string) error {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is missing", tool)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "client.cjs"), clientJS, 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error", "mqtt@5.16.0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm: %w: %.200s", err, out)
	}
	return nil
}

func (mqttJS) do(ctx context.Context, o order) (result, error) {
	return external(ctx, o, "node", filepath.Join(o.Folder, "client.cjs"))
}
