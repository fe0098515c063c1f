package pub

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

func pieces(t *testing.T, in io.Reader, end byte, most int) (all []string, err error) {
	t.Helper()
	s := newSplitter(in, end, most)
	for {
		piece, err := s.next()
		if err != nil {
			return all, err
		}
		all = append(all, string(piece))
		require.Equal(t, len(all), s.number)
	}
}

func TestSplitter(t *testing.T) {
	long := strings.Repeat("x", 3*chunkSize)
	for _, c := range []struct {
		name, in string
		most     int
		want     []string
		end      error
	}{
		{"nothing", "", 10, nil, io.EOF},
		{"two", "a\nb\n", 10, []string{"a", "b"}, io.EOF},
		{"no end", "a\nb", 10, []string{"a", "b"}, io.EOF},
		{"empty ones", "\n\na\n\n", 10, []string{"", "", "a", ""}, io.EOF},
		{"as large as may be", "12345\n12345", 5, []string{"12345", "12345"}, io.EOF},
		{"larger", "12345\n123456\n1\n", 5, []string{"12345"}, errLong},
		{"larger without an end", "123456", 5, nil, errLong},
		{"longer than the buffer", long + "\n" + long, len(long), []string{long, long}, io.EOF},
		{"longer than the buffer, and too long", "a\n" + long + "\n", len(long) - 1, []string{"a"}, errLong},
		{"as long as the buffer", long[:chunkSize] + "\nb", chunkSize, []string{long[:chunkSize], "b"}, io.EOF},
		{"shorter by one", long[:chunkSize-1] + "\nb", chunkSize, []string{long[:chunkSize-1], "b"}, io.EOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, in := range map[string]io.Reader{
				"at once": strings.NewReader(c.in), "byte by byte": iotest.OneByteReader(strings.NewReader(c.in)),
				"with its end": iotest.DataErrReader(strings.NewReader(c.in)), "by chunks": app.NewInput(t.Context(), strings.NewReader(c.in), standardInput),
			} {
				got, err := pieces(t, in, '\n', c.most)
				require.Equal(t, c.want, got, name)
				require.Equal(t, c.end, err, name)
			}
		})
	}
}

// Of an input without an end, as /dev/zero, no more is read than the buffer holds.
func TestALongPieceThatBeginsWrongIsNotRead(t *testing.T) {
	for _, begin := range []string{"x", " "} {
		in := strings.NewReader("{}\n" + strings.Repeat(begin, 4*chunkSize))
		s := newSplitter(in, '\n', 1<<40)
		s.first = '{'
		_, err := s.next()
		require.NoError(t, err)
		_, err = s.next()
		require.Equal(t, errFirst, err)
		require.Equal(t, 2, s.number)
		require.GreaterOrEqual(t, in.Len(), 2*chunkSize)
	}
	s := newSplitter(strings.NewReader(" {"+strings.Repeat("x", 2*chunkSize)), '\n', 1<<40)
	s.first = '{'
	piece, err := s.next()
	require.NoError(t, err)
	require.Len(t, piece, 2+2*chunkSize)
}
