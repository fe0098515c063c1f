package tape

import (
	"encoding/base64"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDamageInTheMiddleIsNoTornEnd changes the first block of a file that goes on behind it.
func TestDamageInTheMiddleIsNoTornEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rec.ndjson.zst")
	for n := range 3 { // a frame each
		w := create(t, Options{Path: path, Append: true})
		write(t, w, line(n))
		require.NoError(t, w.Close())
	}
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, changed := range []byte{0x06, 0xFF} { // no block is so; a block that is much longer
		damaged := append([]byte{}, whole...)
		damaged[6] = changed
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		_, err = Create(Options{Path: path, Append: true})
		require.ErrorContains(t, err, "byte 0: is damaged, and goes on behind that")
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, damaged, after)
	}
}

// counting counts the bytes that are read.
type counting struct {
	io.ReaderAt
	n int64
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, at)
	c.n += int64(n)
	return n, err
}

// TestATornLongLineIsReadOnce has many blocks behind the last line's end.
func TestATornLongLineIsReadOnce(t *testing.T) {
	path := filepath.Join(inMemory(t), "rec.ndjson.zst")
	noise := make([]byte, 3<<20)
	rand.NewChaCha8([32]byte{}).Read(noise)
	w := create(t, Options{Path: path})
	write(t, w, line(1))
	end := w.piece.size() - int64(len(lastBlock))
	write(t, w, lineBegin+base64.StdEncoding.EncodeToString(noise)+"\n")
	require.NoError(t, w.Close())
	size := w.piece.size() - 10
	require.NoError(t, os.Truncate(path, size))

	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	it, _, err := walk(f, 0, size)
	require.ErrorIs(t, err, errShort)
	require.Greater(t, len(it.blocks), 20)
	c := &counting{ReaderAt: f}
	require.Equal(t, end, it.blocks[it.lastLine(c)])
	require.LessOrEqual(t, c.n, size)

	w = create(t, Options{Path: path, Append: true})
	write(t, w, line(2))
	require.NoError(t, w.Close())
	require.Equal(t, lines(1, 3), content(t, path))
}
