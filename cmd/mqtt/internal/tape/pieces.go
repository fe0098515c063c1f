package tape

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// numbered is the name of a piece: rec-000002.ndjson.zst.
func numbered(path string, n int) string {
	stem, rest := halves(path)
	return fmt.Sprintf("%s-%06d%s", stem, n, rest)
}

// halves are what stands before the number of a piece, and what behind.
func halves(path string) (stem, rest string) {
	dir, stem := filepath.Split(path)
	for range 2 { // as .ndjson and .zst
		if ext := filepath.Ext(stem); ext != "" && ext != stem {
			stem, rest = strings.TrimSuffix(stem, ext), ext+rest
		}
	}
	return dir + stem, rest
}

// lastPiece is the number of the last piece that is there; 0: none is. Earlier ones may have been put away.
func lastPiece(path string) (last int, err error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // that is told when the piece is made
		return 0, err
	}
	stem, rest := halves(filepath.Base(path))
	for _, e := range entries {
		digits := strings.TrimSuffix(strings.TrimPrefix(e.Name(), stem+"-"), rest)
		n, err := strconv.Atoi(digits)
		if err == nil && e.Name() == filepath.Base(numbered(path, n)) {
			last = max(last, n)
		}
	}
	return last, nil
}
