package app

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestInputIsInterrupted(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	in := NewInput(ctx, r, "standard input")
	_, err = w.WriteString("abc")
	require.NoError(t, err)
	p := make([]byte, 10)
	n, err := in.Read(p)
	require.NoError(t, err)
	require.Equal(t, "abc", string(p[:n]))
	why := errors.New("interrupted")
	cancel(why)
	_, err = in.Read(p) // nothing comes, and the pipe is open
	require.Equal(t, why, err)
	w.Close() // ends the read that was left behind
}

func TestInputTellsWhatIsWrong(t *testing.T) {
	in := NewInput(t.Context(), iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("ab"))), "standard input")
	got, err := io.ReadAll(in)
	require.Equal(t, "a", string(got))
	require.ErrorIs(t, err, iotest.ErrTimeout)
	require.ErrorContains(t, err, "reading standard input: ")
}
