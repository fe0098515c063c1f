package sub

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// folder is where --out-dir has files written. A name begins with the time and ends with the topic, in which all but letters,
// digits, "_", "-" and "." is percent-encoded: no topic leads out of the directory, or hides its file.
type folder struct {
	path   string
	ending string
	run    string // tells this run's names from those of others
	next   uint64 // number of the next file
}

func filing(path, ending string) (*job, error) {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, app.Usage("--out-dir: %v", err)
	}
	f := &folder{path: path, ending: ending, run: fmt.Sprintf("%08x", rand.Uint32())}
	return &job{work: f.work, workers: 1, limits: limits{messages: 256, bytes: 1 << 20}}, nil
}

// work writes what it can, and acknowledges that, once it would survive a crash.
func (f *folder) work(b *batch) error {
	written, err := f.write(b)
	for _, m := range b.messages[:written] {
		if m.QoS > 0 {
			if failed := f.sync(); failed != nil {
				return failed
			}
			break
		}
	}
	if err != nil {
		acknowledge(b.messages[:written])
		return err
	}
	b.acknowledge()
	return nil
}

func (f *folder) write(b *batch) (written int, err error) {
	for i, m := range b.messages {
		if err := f.writeFile(f.name(m.Topic, b.times[i]), b.part(i), m.QoS > 0); err != nil {
			return i, err
		}
	}
	return len(b.messages), nil
}

// writeFile has the file there whole or not at all.
func (f *folder) writeFile(name string, content []byte, sync bool) error {
	hidden := filepath.Join(f.path, "."+name+".part")
	file, err := os.OpenFile(hidden, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil && sync {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(hidden, filepath.Join(f.path, name))
	}
	if err != nil {
		os.Remove(hidden)
	}
	return err
}

// sync has the names of files survive a crash, too.
func (f *folder) sync() error {
	d, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// longestTopic is how much of a topic is in a name: file systems take names of 255 bytes.
const longestTopic = 160

func (f *folder) name(topic string, at time.Time) string {
	f.next++
	var b strings.Builder
	fmt.Fprintf(&b, "%s-%06d-%s-", at.UTC().Format("20060102T150405.000000Z"), f.next, f.run)
	start := b.Len()
	for i := range len(topic) {
		if b.Len()-start >= longestTopic {
			b.WriteByte('~')
			break
		}
		if c := topic[i]; plain(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String() + f.ending
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}
