package sub

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestFileNames(t *testing.T) {
	f := &folder{run: "0badcafe", ending: ".ndjson"}
	for _, c := range []struct{ topic, name string }{
		{"../../x", "20250304T073506.007008Z-000001-0badcafe-..%2F..%2Fx.ndjson"},
		{"/etc/passwd", "20250304T073506.007008Z-000002-0badcafe-%2Fetc%2Fpasswd.ndjson"},
		{"ä%\n", "20250304T073506.007008Z-000003-0badcafe-%C3%A4%25%0A.ndjson"},
		{strings.Repeat("/", 65535), "20250304T073506.007008Z-000004-0badcafe-" + strings.Repeat("%2F", 54) + "~.ndjson"},
	} {
		name := f.name(c.topic, noon)
		require.Equal(t, c.name, name)
		require.Less(t, len("."+name+".part"), 255)
	}
}

func TestFilesAreNeverWrittenOver(t *testing.T) {
	f := &folder{path: t.TempDir(), run: "0badcafe"}
	b := &batch{messages: []*mqtt.Received{received(mqtt.Message{Topic: "a"})}, times: []time.Time{noon}, text: []byte("x"), ends: []int{1}}
	link := filepath.Join(f.path, "."+f.name("a", noon)+".part")
	f.next = 0
	victim := filepath.Join(t.TempDir(), "victim")
	require.NoError(t, os.Symlink(victim, link))
	require.ErrorIs(t, f.work(b), os.ErrExist)
	require.NoFileExists(t, victim)
}
