//go:build linux || darwin

package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A limit on the size of files fails as a full disk does, and needs no disk. It is a process's own, so it is tried in a child.
func TestAFullDisk(t *testing.T) {
	command, out, _ := child(t, "fill", t.TempDir())
	_, err := io.ReadAll(out)
	require.NoError(t, err)
	require.NoError(t, command.Wait())
}

func init() { childTasks["fill"] = fillDisk }

func fillDisk(arguments []string) {
	signal.Ignore(syscall.SIGXFSZ)
	demand(makeWithoutRoom(arguments[0]))
	demand(writeWithoutRoom(filepath.Join(arguments[0], "session.db")))
}

// room limits how far files can be written.
func room(size uint64) {
	var limit syscall.Rlimit
	demand(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	limit.Cur = min(size, limit.Max)
	demand(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
}

const plenty = 1 << 40

// makeWithoutRoom: a store that couldn't be made leaves nothing, and is made when there is room.
func makeWithoutRoom(folder string) error {
	for _, size := range []uint64{0, 1, 100, pageSize, 3 * pageSize, 4*pageSize - 1, 5 * pageSize} {
		room(size)
		path := filepath.Join(folder, "new.db")
		_, err := Open(path)
		room(plenty)
		left, reading := os.ReadDir(folder)
		if err == nil || reading != nil || len(left) != 0 {
			return fmt.Errorf("with room for %d bytes: %v, %v, and %v is left", size, err, reading, left)
		}
		s, err := Open(path)
		if err != nil {
			return err
		}
		if err := errors.Join(s.Close(), os.Remove(path)); err != nil {
			return err
		}
	}
	return nil
}

// writeWithoutRoom: after a write that failed, the store has what it had, and goes on when there is room.
func writeWithoutRoom(path string) error {
	s, err := Open(path)
	if err != nil {
		return err
	}
	failures := 0
	for n := range 40 {
		for size := uint64(0); size < 32*pageSize; size += 3*pageSize - 1 {
			room(size)
			err := s.Write(context.Background(), batch(n))
			room(plenty)
			if err == nil {
				break // it needed less
			}
			failures++
			if err := compare(s, n); err != nil {
				return fmt.Errorf("with room for %d bytes, after %w", size, err)
			}
		}
		if err := errors.Join(s.Write(context.Background(), batch(n)), compare(s, n+1)); err != nil {
			return fmt.Errorf("with room again: %w", err)
		}
	}
	if failures < 40 {
		return fmt.Errorf("only %d writes failed", failures)
	}
	if err := s.Close(); err != nil {
		return err
	}
	if s, err = Open(path); err != nil {
		return err
	}
	return errors.Join(compare(s, 40), s.Close())
}

func compare(s *Store, batches int) error {
	held := map[string]string{}
	for r, err := range s.Load(context.Background()) {
		if err != nil {
			return err
		}
		held[string(r.Key)] = string(r.Value)
	}
	if !maps.Equal(held, expected(batches)) {
		return fmt.Errorf("%d batches: %d records, want %d", batches, len(held), len(expected(batches)))
	}
	return s.Release()
}
