//go:build integration

package integration

import (
	"bufio"
	"io"
	"os"
	"regexp"
	"strings"
)

// witness is what the server itself says of the packets, in all of its lives.
type witness struct {
	life  int                             // the last
	first map[label]int                   // how often it has received a PUBLISH without DUP
	seen  map[label]int                   // in which life it has received it last
	sent  map[string]map[label][]sighting // to a client
}

// sighting is a PUBLISH that the server has sent.
type sighting struct {
	life int
	dup  bool
}

// publishLine is a line of mosquitto's log, as in
// 1795692243: Sending PUBLISH to consumer (d0, q2, r0, m1, 'topic', ... (5 bytes))
var publishLine = regexp.MustCompile(`^\d+: (Received|Sending) PUBLISH (?:from|to) (\S+) \(d([01]), q\d, r\d, m\d+, '([^']*)'`)

// readWitness reads a log from an offset.
func readWitness(path string, from int64) (*witness, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if _, err := file.Seek(from, io.SeekStart); err != nil {
		return nil, err
	}
	w := &witness{first: map[label]int{}, seen: map[label]int{}, sent: map[string]map[label][]sighting{}}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		w.read(lines.Text())
	}
	return w, lines.Err()
}

func (w *witness) read(line string) {
	if strings.HasSuffix(line, " starting") && strings.Contains(line, ": mosquitto version ") {
		w.life++
		return
	}
	if !strings.Contains(line, " PUBLISH ") {
		return
	}
	found := publishLine.FindStringSubmatch(line)
	if found == nil {
		return
	}
	l, ours := labelOf(found[4])
	if !ours {
		return
	}
	if found[1] == "Sending" {
		if w.sent[found[2]] == nil {
			w.sent[found[2]] = map[label][]sighting{}
		}
		w.sent[found[2]][l] = append(w.sent[found[2]][l], sighting{w.life, found[3] == "1"})
		return
	}
	if found[3] == "0" {
		w.first[l]++
	}
	w.seen[l] = w.life
}

// lost says that the server had a message, for one client at least, in a life that ended with a kill, and didn't any more
// afterwards.
func (w *witness) lost(l label, client string) bool {
	had := w.seen[l]
	for _, s := range w.sent[client][l] {
		had = max(had, s.life)
	}
	_, received := w.seen[l]
	return received && had < w.life
}

// again says that the server has sent a message in more than one of its lives.
func (w *witness) again(l label, client string) bool {
	sent := w.sent[client][l]
	return len(sent) > 1 && sent[0].life < sent[len(sent)-1].life
}
