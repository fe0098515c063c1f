package tape

import (
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReader(t *testing.T) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			long := strings.Repeat("x", 1<<20)
			w := create(t, Options{Path: path})
			write(t, w, lines(0, 3)+"\n"+`{"topic":"long","payload":"`+long+`"}`+"\n")
			require.NoError(t, w.Write([]byte(`{"topic":"torn`), true))
			require.NoError(t, w.Close())
			r, err := Open(t.Context(), path, nil)
			require.NoError(t, err)
			defer r.Close()
			for n := range 3 {
				m, err := r.Next()
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("t/%d", n), m.Topic)
			}
			m, err := r.Next()
			require.NoError(t, err)
			require.Len(t, m.Payload, len(long))
			_, err = r.Next()
			require.ErrorContains(t, err, path+", line 6: it is the last line, and cut short")
		})
	}
}

func TestReaderOfALineWithoutAnEnd(t *testing.T) {
	r, err := Open(t.Context(), "-", io.MultiReader(strings.NewReader(line(1)), zeros{}))
	require.NoError(t, err)
	r.most = 1 << 20
	_, err = r.Next()
	require.NoError(t, err)
	_, err = r.Next()
	require.EqualError(t, err, "standard input, line 2: is longer than 1048576 bytes; no message is")
}

// zeros have no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestReaderOfATornFrame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rec.zst")
	w := create(t, Options{Path: path})
	write(t, w, lines(0, 3))
	require.NoError(t, w.Close())
	require.NoError(t, os.Truncate(path, w.piece.size()-3))
	r, err := Open(t.Context(), path, nil)
	require.NoError(t, err)
	defer r.Close()
	for range 3 {
		_, err := r.Next()
		require.NoError(t, err)
	}
	_, err = r.Next()
	require.ErrorContains(t, err, "line 4: the file was cut short")
}

func TestReaderOfADamagedFrame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rec.zst")
	w := create(t, Options{Path: path})
	write(t, w, lines(0, 3))
	write(t, w, lines(3, 1000))
	require.NoError(t, w.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	whole[len(whole)/2] ^= 0xFF
	require.NoError(t, os.WriteFile(path, whole, 0o600))
	r, err := Open(t.Context(), path, nil)
	require.NoError(t, err)
	defer r.Close()
	for err == nil {
		_, err = r.Next()
	}
	require.ErrorContains(t, err, "the file was cut short, or is damaged")
	require.GreaterOrEqual(t, r.Line(), 4)
}

func TestALargeLineLeavesNoRoomBehind(t *testing.T) {
	path := filepath.Join(inMemory(t), "rec.zst")
	w := create(t, Options{Path: path})
	noise := make([]byte, mostBuffer*7/8)
	rand.NewChaCha8([32]byte{}).Read(noise)
	write(t, w, `{"topic":"a","payload":"`+base64.StdEncoding.EncodeToString(noise)+`","encoding":"base64"}`+"\n")
	write(t, w, line(1))
	require.Less(t, w.piece.(*packedFile).buf.Cap(), mostBuffer)
	require.NoError(t, w.Close())
	r, err := Open(t.Context(), path, nil)
	require.NoError(t, err)
	defer r.Close()
	m, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, noise, m.Payload)
	_, err = r.Next()
	require.NoError(t, err)
	require.Zero(t, cap(r.long))
}
