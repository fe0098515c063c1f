package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatStaysIsWrittenAboveWhatMoves(t *testing.T) {
	name := filepath.Join(t.TempDir(), "stderr")
	f, err := os.Create(name)
	require.NoError(t, err)
	defer f.Close()
	a := &App{Stderr: f}
	a.Move("")
	a.Say("a %s\n", "b")
	a.Move("1 message")
	a.Say("c")
	a.Move("2 messages")
	a.Move("")
	a.Move("")
	a.Say("d")
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, "a b\n"+"\r\x1b[K1 message"+"\r\x1b[Kc\n1 message"+"\r\x1b[K2 messages"+"\r\x1b[K"+"d\n", string(got))
}
