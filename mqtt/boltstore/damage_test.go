package boltstore

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// survived reads a file, and demands damage or all of what was written.
func survived(t *testing.T, path string, file []byte, want map[string]string) (whole bool) {
	t.Helper()
	put(t, path, file)
	held, err := look(t, path)
	if damage, ok := errors.AsType[*DamagedError](err); ok {
		require.Equal(t, path, damage.Path)
		require.NotEmpty(t, damage.Found)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(file, after), "the file was changed")
		return false
	}
	require.NoError(t, err)
	same(t, want, held)
	return true
}

// seems reads a file as survived does, in memory and by our own eyes alone.
func seems(t *testing.T, file []byte) (whole bool) {
	t.Helper()
	_, err := takeSurvey(bytes.NewReader(file), int64(len(file)), current)
	if _, damaged := errors.AsType[finding](err); !damaged {
		require.NoError(t, err)
	}
	return err == nil
}

const sampleSize = 23

// Where a flip does no harm, the store is used on, too: bbolt must not stumble over it later.
func TestAFlippedByte(t *testing.T) {
	file, path := last(sample(t, sampleSize)), newPath(t)
	harmless := 0
	for at := range inUse(t, file) + pageSize {
		header := at%pageSize < headerSize+metaSize
		if !header && at%23 != 0 {
			continue
		}
		file[at] ^= 1 << (at % 8)
		if whole := seems(t, file); header && at%7 == 0 || at%690 == 0 {
			require.Equal(t, whole, survived(t, path, file, expected(sampleSize)), at)
			if whole {
				harmless++
				usedOn(t, path)
			}
		}
		file[at] ^= 1 << (at % 8)
	}
	require.True(t, seems(t, file))
	require.Positive(t, harmless)
}

func usedOn(t *testing.T, path string) {
	t.Helper()
	s := opened(t, path)
	s.db.NoSync = true
	write(t, s, batch(sampleSize)...)
	require.NoError(t, s.Close())
	same(t, expected(sampleSize+1), contents(t, path))
}

// inUse is where the part of a file begins that bbolt has made, but not used yet.
func inUse(t *testing.T, file []byte) int {
	t.Helper()
	m, err := newestMeta(bytes.NewReader(file))
	require.NoError(t, err)
	used := int(m.pages) * pageSize
	require.Less(t, used, len(file))
	return used
}

func TestAFlippedByteOfARecord(t *testing.T) {
	file := last(sample(t, sampleSize))
	for _, part := range [][]byte{payload(sampleSize-1, 1), message(sampleSize*batchSize - 1), []byte(tallyKey), []byte(recordsBucket)} {
		at := bytes.LastIndex(file, part)
		require.Positive(t, at)
		broken := 0
		for i := 0; i < len(file)-len(part); i++ {
			if bytes.Equal(file[i:i+len(part)], part) { // former states have it, too
				file[i]++
				if !seems(t, file) {
					broken++
				}
				file[i]--
			}
		}
		require.Positive(t, broken, "%q", part)
	}
}

func TestAFileThatIsCut(t *testing.T) {
	file, path := last(sample(t, sampleSize)), newPath(t)
	used := inUse(t, file)
	for size := range file {
		disk := size%2048 == 0 || size%pageSize == 1 || size%pageSize == pageSize-1
		if size < used || disk {
			require.Equal(t, size >= used, seems(t, file[:size]), size)
		}
		if disk {
			require.Equal(t, size >= used, survived(t, path, file[:size], expected(sampleSize)), size)
		}
	}
}

// One page is as it was some writes ago. The page that ends a transaction is seen to be old but when it was the very last
// one, and that is a crash before the end of the last write.
func TestAPageThatIsBack(t *testing.T) {
	versions, path := sample(t, sampleSize), newPath(t)
	file := slices.Clone(last(versions))
	newest, err := newestMeta(bytes.NewReader(file))
	require.NoError(t, err)
	tried := map[bool]int{}
	for v, old := range versions[:sampleSize-1] {
		for page := range len(old) / pageSize {
			copy(file[page*pageSize:], old[page*pageSize:][:pageSize])
			m, err := newestMeta(bytes.NewReader(file))
			whole, state := seems(t, file), sampleSize
			if err == nil && m != newest {
				require.Equal(t, newest.transaction-1, m.transaction)
				state--
			}
			if (v+page)%5 == 0 || state != sampleSize {
				require.Equal(t, whole, survived(t, path, file, expected(state)))
			}
			tried[whole]++
			copy(file, last(versions))
		}
	}
	t.Logf("%d did no harm, %d were seen", tried[true], tried[false])
	require.Positive(t, tried[true])
	require.Positive(t, tried[false])
}

func last(versions [][]byte) []byte { return versions[len(versions)-1] }

func TestOtherFiles(t *testing.T) {
	path := newPath(t)
	for name, file := range map[string][]byte{
		"nothing": {}, "a byte": {1}, "text": []byte("hello\n"), "zeros": make([]byte, 1<<16), "ones": bytes.Repeat([]byte{0xFF}, 1<<16),
		"page of a store": last(sample(t, 1))[:pageSize], "twice a page": bytes.Repeat(last(sample(t, 1))[:pageSize], 16),
	} {
		require.False(t, survived(t, path, file, nil), name)
	}
}
