package boltstore

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// writeStore writes one batch after the other, and tells each that is written.
func writeStore(arguments []string) {
	n, err := strconv.Atoi(arguments[1])
	demand(err)
	s, err := Open(arguments[0])
	demand(err)
	for ; ; n++ {
		demand(s.Write(context.Background(), batch(n)))
		fmt.Println(n)
	}
}

func TestAKilledProcess(t *testing.T) {
	t.Run("B232 loses nothing that was written, and leaves no part of a batch", killWriters)
}

func killWriters(t *testing.T) {
	path := newPath(t)
	random := rand.New(rand.NewPCG(1, 1))
	told := -1
	for range 8 {
		command, out, _ := child(t, "write", path, strconv.Itoa(told+1))
		for range 1 + random.IntN(40) {
			line, err := out.ReadString('\n')
			require.NoError(t, err)
			told, err = strconv.Atoi(strings.TrimSpace(line))
			require.NoError(t, err)
		}
		require.NoError(t, command.Process.Kill()) // somewhere in a write
		rest, err := io.ReadAll(out)
		require.NoError(t, err)
		require.Error(t, command.Wait())
		if lines := strings.Fields(string(rest)); len(lines) > 0 {
			told, err = strconv.Atoi(lines[len(lines)-1])
			require.NoError(t, err)
		}
		held := contents(t, path)
		if len(held) > 0 && held[string(message((told+1)*batchSize))] != "" {
			told++ // written, and killed before it could say so
		}
		same(t, expected(told+1), held, "killed after batch", told)
	}
}

// holdStore has a store until its input ends.
func holdStore(arguments []string) {
	s, err := Open(arguments[0])
	demand(err)
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	demand(err)
	demand(s.Close())
}

func TestTwoProcesses(t *testing.T) {
	path := newPath(t)
	command, out, in := child(t, "hold", path)
	_, err := out.ReadString('\n')
	require.NoError(t, err)
	_, err = Open(path)
	require.ErrorIs(t, err, mqtt.ErrStoreInUse)
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "close it there, or give each client a file of its own")
	require.NoError(t, in.Close())
	require.NoError(t, command.Wait())
	require.NoError(t, opened(t, path).Close())
}

func TestOneProcessOpensAStoreOnce(t *testing.T) {
	s := opened(t, newPath(t))
	_, err := Open(s.path)
	require.ErrorIs(t, err, mqtt.ErrStoreInUse)
	write(t, s, batch(0)...)
	require.NoError(t, s.Close())
	same(t, expected(1), contents(t, s.path))
}

// Many who make a store at the same moment: one of them has it.
func TestManyMakeAStoreAtOnce(t *testing.T) {
	path := newPath(t)
	type answer struct {
		s   *Store
		err error
	}
	answers := make(chan answer)
	for range 8 {
		go func() {
			s, err := Open(path)
			answers <- answer{s, err}
		}()
	}
	var winners []*Store
	for range 8 {
		if a := <-answers; a.err == nil {
			winners = append(winners, a.s)
		} else {
			require.ErrorIs(t, a.err, mqtt.ErrStoreInUse)
		}
	}
	require.Len(t, winners, 1)
	write(t, winners[0], batch(0)...)
	require.NoError(t, winners[0].Close())
	same(t, expected(1), contents(t, path))
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)
}
