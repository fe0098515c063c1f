package record

import (
	"errors"
	"strconv"
	"strings"
)

// size is a flag for a number of bytes. Zero: not given.
type size int64

var units = []struct {
	name  string
	bytes int64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {"b", 1}, {"", 1},
}

func (s *size) Set(text string) error {
	low := strings.ToLower(strings.TrimSpace(text))
	for _, u := range units {
		number, ok := strings.CutSuffix(low, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if bytes := n * float64(u.bytes); err == nil && bytes >= 1 && bytes < 1<<62 {
			*s = size(bytes)
			return nil
		}
		break
	}
	return errors.New("give a number of bytes, or as in 500KB, 100MB, 1GiB")
}

func (s *size) String() string {
	if *s == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*s), 10)
}

func (*size) Type() string { return "bytes" }
