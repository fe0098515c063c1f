package tape

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// names are files of both kinds.
var names = []string{"rec.ndjson", "rec.ndjson.zst"}

func line(n int) string {
	return fmt.Sprintf(`{"time":"2026-01-02T03:04:05.000000Z","topic":"t/%d","qos":1,"retain":false,"payload":"%d"}`+"\n", n, n*n)
}

func lines(from, to int) (all string) {
	for n := from; n < to; n++ {
		all += line(n)
	}
	return all
}

// content is what a file holds, unpacked. It has to be whole.
func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	if packed(path) && len(b) > 0 {
		d, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1))
		require.NoError(t, err)
		defer d.Close()
		b, err = io.ReadAll(d)
		require.NoError(t, err, "what there is isn't whole")
	}
	return string(b)
}

func create(t *testing.T, o Options) *Writer {
	t.Helper()
	w, err := Create(o)
	require.NoError(t, err)
	return w
}

func write(t *testing.T, w *Writer, text string) {
	t.Helper()
	require.NoError(t, w.Write([]byte(text), true))
}

func TestAFileIsWholeAfterEachWrite(t *testing.T) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(inMemory(t), name)
			w := create(t, Options{Path: path})
			for n := range 20 {
				write(t, w, lines(n*10, n*10+10))
				require.Equal(t, lines(0, n*10+10), content(t, path))
			}
			require.NoError(t, w.Close())
			require.Equal(t, lines(0, 200), content(t, path))

			w = create(t, Options{Path: path, Append: true, Say: t.Errorf})
			write(t, w, lines(200, 210))
			require.NoError(t, w.Close())
			require.Equal(t, lines(0, 210), content(t, path))
		})
	}
}

// inMemory is a directory where Sync takes no time, if there is one.
func inMemory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "tape")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestTornAtAnyByte cuts a recording at each byte, as a kill in the middle of a write would, and goes on with it.
func TestTornAtAnyByte(t *testing.T) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			dir := inMemory(t)
			path := filepath.Join(dir, name)
			w := create(t, Options{Path: path})
			var ends []int64 // of each write
			for n := range 4 {
				if n == 2 { // in a frame of its own
					require.NoError(t, w.Close())
					w = create(t, Options{Path: path, Append: true})
				}
				write(t, w, lines(n*2, n*2+2))
				ends = append(ends, w.piece.size())
			}
			require.NoError(t, w.Close())
			whole, err := os.ReadFile(path)
			require.NoError(t, err)
			for size := range len(whole) {
				for _, tail := range []string{"", strings.Repeat("\x00", 40)}[size%2 : size%2+1] { // zeros: a loss of power
					torn := filepath.Join(dir, "torn-"+name)
					require.NoError(t, os.WriteFile(torn, append(whole[:size:size], tail...), 0o600))
					w := create(t, Options{Path: torn, Append: true})
					write(t, w, line(99))
					require.NoError(t, w.Close())
					got, ok := strings.CutSuffix(content(t, torn), line(99))
					require.True(t, ok)
					require.True(t, strings.HasPrefix(lines(0, 8), got), "cut at %d: %s", size, got)
					require.True(t, got == "" || strings.HasSuffix(got, "\n"), "cut at %d: %q", size, got)
					known := 0
					for n, end := range ends {
						if int64(size) >= end {
							known = n*2 + 2
						}
					}
					require.GreaterOrEqual(t, strings.Count(got, "\n"), known, "cut at %d of %d, with %d bytes behind", size, len(whole), len(tail))
				}
			}
		})
	}
}

func TestMendingTellsWhatItCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rec.ndjson")
	require.NoError(t, os.WriteFile(path, []byte(line(1)+line(2)[:30]), 0o600))
	var said string
	w := create(t, Options{Path: path, Append: true, Say: func(f string, a ...any) { said += fmt.Sprintf(f, a...) }})
	require.NoError(t, w.Close())
	require.Contains(t, said, "30 bytes at its end are cut off")
	require.Equal(t, line(1), content(t, path))
}

func TestFilesOfOthersStayAsTheyAre(t *testing.T) {
	foreign, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	frame := foreign.EncodeAll([]byte(strings.Repeat("something else", 1000)), nil)
	foreign.Close()
	for _, c := range []struct {
		name    string
		content []byte
		append  bool
		err     string
	}{
		{"rec.ndjson", []byte(line(1)), false, "is there already"},
		{"rec.ndjson.zst", frame, false, "is there already"},
		{"rec.ndjson", []byte("a text\nwithout an end"), true, "isn't a recording"},
		{"rec.ndjson", bytes.Repeat([]byte("x"), 200_000), true, "isn't a recording"},
		{"rec.ndjson.zst", []byte("a text\nwithout an end, long enough"), true, "isn't a recording"},
		{"rec.ndjson.zst", frame[:len(frame)-1], true, "isn't a recording"},
		{"rec.ndjson.zst", frame[:len(frame)-8], true, "isn't a recording"}, // in its one block
		{"rec.ndjson", append(bytes.Clone(frame), '\n'), true, "isn't a recording"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		require.NoError(t, os.WriteFile(path, c.content, 0o600))
		_, err := Create(Options{Path: path, Append: c.append})
		require.ErrorContains(t, err, c.err)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, c.content, b)
	}
}

func TestAFileHasOneWriter(t *testing.T) {
	for _, name := range names {
		o := Options{Path: filepath.Join(t.TempDir(), name), Append: true}
		w := create(t, o)
		write(t, w, line(1))
		_, err := Create(o)
		require.EqualError(t, err, o.Path+" is written to by another mqtt record; end that, or give another name")
		write(t, w, line(2))
		require.NoError(t, w.Close())
		require.Equal(t, lines(1, 3), content(t, o.Path))
		require.NoError(t, create(t, o).Close())
	}
}

func TestPiecesByTime(t *testing.T) {
	dir := t.TempDir()
	w := create(t, Options{Path: filepath.Join(dir, "rec.ndjson.zst"), Every: time.Nanosecond})
	for n := range 3 {
		write(t, w, line(n))
	}
	require.NoError(t, w.Close())
	for n := range 3 {
		require.Equal(t, line(n), content(t, filepath.Join(dir, fmt.Sprintf("rec-%06d.ndjson.zst", n+1))))
	}
	_, err := Create(Options{Path: filepath.Join(dir, "rec.ndjson.zst"), Every: time.Hour})
	require.ErrorIs(t, err, ErrThere)
	w = create(t, Options{Path: filepath.Join(dir, "rec.ndjson.zst"), Every: time.Hour, Append: true})
	write(t, w, line(3))
	require.NoError(t, w.Close())
	require.Equal(t, lines(2, 4), content(t, filepath.Join(dir, "rec-000003.ndjson.zst")))
}

func TestPiecesGoOnBehindThoseThatWerePutAway(t *testing.T) {
	dir := t.TempDir()
	o := Options{Path: filepath.Join(dir, "rec.ndjson.zst"), Size: 1}
	w := create(t, o)
	for n := range 4 {
		write(t, w, line(n))
	}
	require.NoError(t, w.Close())
	for n := range 3 {
		require.NoError(t, os.Remove(numbered(o.Path, n+1)))
	}
	_, err := Create(o)
	require.ErrorIs(t, err, ErrThere)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "rec-7.ndjson.zst"), nil, 0o600)) // none of ours
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other-000008.ndjson.zst"), nil, 0o600))
	o.Append = true
	w = create(t, o)
	write(t, w, line(4))
	require.NoError(t, w.Close())
	require.Equal(t, line(4), content(t, filepath.Join(dir, "rec-000005.ndjson.zst")))
}

// TestThePieceThatCannotBeBegun is there already when its turn comes.
func TestThePieceThatCannotBeBegun(t *testing.T) {
	o := Options{Path: filepath.Join(t.TempDir(), "rec"), Size: 1}
	w := create(t, o)
	write(t, w, line(1))
	require.NoError(t, os.WriteFile(numbered(o.Path, 2), []byte(line(7)), 0o600))
	require.ErrorIs(t, w.Write([]byte(line(2)), true), ErrThere)
	require.Error(t, w.Close())
	require.Equal(t, line(1), content(t, numbered(o.Path, 1)))
	require.Equal(t, line(7), content(t, numbered(o.Path, 2)))
}

func TestPiecesBySize(t *testing.T) {
	dir := t.TempDir()
	w := create(t, Options{Path: filepath.Join(dir, "rec"), Size: int64(len(lines(0, 3)))})
	for n := range 7 {
		write(t, w, line(n))
	}
	require.NoError(t, w.Close())
	require.Equal(t, lines(0, 3), content(t, filepath.Join(dir, "rec-000001")))
	require.Equal(t, lines(3, 6), content(t, filepath.Join(dir, "rec-000002")))
	require.Equal(t, lines(6, 7), content(t, w.Path()))
}
