package boltstore

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFileIsItsOwnersAlone(t *testing.T) {
	s := opened(t, newPath(t))
	info, err := os.Stat(s.path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, fs.FileMode(0o600), info.Mode())
	}
	left, err := os.ReadDir(filepath.Dir(s.path))
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing but the store")
}

func TestAPathWithoutADirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	s := opened(t, "session.db")
	write(t, s, batch(0)...)
	require.NoError(t, s.Close())
	same(t, expected(1), contents(t, filepath.Join(".", "session.db")))
}

func TestAPathThatCanNotBe(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	put(t, file, []byte("text"))
	link := filepath.Join(folder, "link")
	require.NoError(t, os.Symlink(filepath.Join(folder, "nowhere", "x"), link))
	for name, tc := range map[string]struct {
		path string
		is   error
		says string
	}{
		"empty":                   {"", fs.ErrNotExist, ""},
		"no such directory":       {filepath.Join(folder, "none", "session.db"), fs.ErrNotExist, "making it"},
		"a directory":             {folder, nil, "it is a directory; name a file in it"},
		"below a file":            {filepath.Join(file, "session.db"), nil, "not a directory"},
		"a device":                {os.DevNull, nil, "it is no regular file"},
		"a link to nowhere":       {link, fs.ErrNotExist, ""},
		"where no files are made": {"/proc/session.db", nil, "making it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(tc.path)
			require.ErrorContains(t, err, "boltstore: open "+tc.path)
			require.ErrorContains(t, err, tc.says)
			if tc.is != nil {
				require.ErrorIs(t, err, tc.is)
			}
		})
	}
}
