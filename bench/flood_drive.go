package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/sluicemq/sluice/mqtt"
)

// drive has a client process of each version go through the flood of the server process, one after the other, and writes what
// they sampled to a file.
func drive(path string, scale float64) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := fmt.Fprintln(file, strings.Join(columns, ",")); err != nil {
		return err
	}
	where, stop, err := start()
	if err != nil {
		return err
	}
	defer stop()
	var wrong []error
	for _, version := range []string{"3.1.1", "5.0"} {
		cmd := exec.Command(self, "-flooded", version, "-address", where.Address, "-scale", fmt.Sprint(scale))
		cmd.Stdout, cmd.Stderr = file, os.Stderr
		if err := cmd.Run(); err != nil {
			wrong = append(wrong, fmt.Errorf("the client of MQTT %s: %w", version, err))
		}
	}
	return errors.Join(wrong...)
}

// floodOf is the flood of a version: 5 million messages of QoS 0 and a tenth of QoS 1, on 3.1.1 with as many unacknowledged as
// InboxHard allows.
func floodOf(version string, scale float64) (flood, error) {
	versions := map[string]mqtt.Version{"3.1.1": mqtt.V311, "5.0": mqtt.V5}
	v, known := versions[version]
	if !known {
		return flood{}, fmt.Errorf("no flood for version %q", version)
	}
	return flood{version: v, loose: uint64(5_000_000 * scale), sure: uint64(500_000 * scale), window: floodConfig(v).InboxHard.Messages}, nil
}
