package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
)

// external runs a client that isn't in Go, which gets the order as its last argument, and measures itself.
func external(ctx context.Context, o order, name string, args ...string) (result, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return result{}, err
	}
	out, err := exec.CommandContext(ctx, name, append(args, string(text))...).Output()
	if failed, is := errors.AsType[*exec.ExitError](err); is {
		return result{}, fmt.Errorf("%s: %w: %.300s", name, err, failed.Stderr)
	}
	if err != nil {
		return result{}, err
	}
	return resultOf(out)
}
