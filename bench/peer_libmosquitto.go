package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// libMosquitto is mosquitto's library, in a C program.
type libMosquitto struct{}

//go:embed libmosquitto/client.c
var clientC []byte

// prepare compiles it.
func (libMosquitto) prepare(ctx context.Context, folder string) error {
	if _, err := os.Stat("/usr/include/mosquitto.h"); err != nil {
		return errors.New("its header is missing (libmosquitto-dev)")
	}
	source := filepath.Join(folder, "client_mosquitto.c")
	if err := os.WriteFile(source, clientC, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "cc", "-O2", "-Wall", "-o", filepath.Join(folder, "client_mosquitto"), source, "-lmosquitto")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cc: %w: %.300s", err, out)
	}
	return nil
}

func (libMosquitto) do(ctx context.Context, o order) (result, error) {
	return external(ctx, o, filepath.Join(o.Folder, "client_mosquitto"))
}
