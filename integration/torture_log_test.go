//go:build integration

package integration

import (
	"bufio"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/sluicemq/sluice/mqtt"
)

// witness is what the server itself says of the packets, in all of its lives.
type witness struct {
	life  int                             // the last
	first map[label]int                   // how often it has received a PUBLISH without DUP
	seen  map[label]int                   // in which life it has received it last
	sent  map[string]map[label][]sighting // to a client
	mids  map[string]map[string]*delivery // to a client, by Packet Identifier
	fell  map[string]map[label]bool       // back to PUBLISH, when it had sent PUBREL to a client
}

// delivery is an exchange of QoS 2 as the server's log shows it.
type delivery struct {
	label    label
	released bool
}

// sighting is a PUBLISH that the server has sent.
type sighting struct {
	life int
	dup  bool
}

// publishLine is a line of mosquitto's log, as in
// 1795692243: Sending PUBLISH to consumer (d0, q2, r0, m1, 'topic', ... (5 bytes))
var publishLine = regexp.MustCompile(`^\d+: (Received|Sending) PUBLISH (?:from|to) (\S+) \(d([01]), q\d, r\d, m(\d+), '([^']*)'`)

// answerLine is one as in
// 1795692243: Sending PUBREL to consumer (m1)
// 1795692243: Received PUBCOMP from consumer (Mid: 1, RC:0)
var answerLine = regexp.MustCompile(`^\d+: (Sending PUBREL to|Received PUBCOMP from) (\S+) \((?:m|Mid: )(\d+)[,)]`)

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
	w := newWitness()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		w.read(lines.Text())
	}
	return w, lines.Err()
}

func newWitness() *witness {
	return &witness{
		first: map[label]int{}, seen: map[label]int{}, sent: map[string]map[label][]sighting{},
		mids: map[string]map[string]*delivery{}, fell: map[string]map[label]bool{},
	}
}

func (w *witness) read(line string) {
	if strings.HasSuffix(line, " starting") && strings.Contains(line, ": mosquitto version ") {
		w.life++
		return
	}
	switch {
	case strings.Contains(line, " PUBLISH "):
		w.publish(publishLine.FindStringSubmatch(line))
	case strings.Contains(line, " PUBREL ") || strings.Contains(line, " PUBCOMP "):
		w.answer(answerLine.FindStringSubmatch(line))
	}
}

func (w *witness) publish(found []string) {
	if found == nil {
		return
	}
	l, ours := labelOf(found[5])
	switch client, dup := found[2], found[3] == "1"; {
	case !ours:
	case found[1] == "Sending":
		w.send(l, client, dup, found[4])
	default:
		if !dup {
			w.first[l]++
		}
		w.seen[l] = w.life
	}
}

func (w *witness) send(l label, client string, dup bool, mid string) {
	if w.sent[client] == nil {
		w.sent[client], w.mids[client], w.fell[client] = map[label][]sighting{}, map[string]*delivery{}, map[label]bool{}
	}
	w.sent[client][l] = append(w.sent[client][l], sighting{w.life, dup})
	if l.qos != mqtt.ExactlyOnce {
		return
	}
	if d := w.mids[client][mid]; d != nil && d.label == l && d.released {
		w.fell[client][l] = true
	}
	w.mids[client][mid] = &delivery{label: l}
}

func (w *witness) answer(found []string) {
	if found == nil {
		return
	}
	d := w.mids[found[2]][found[3]]
	switch {
	case d == nil:
	case found[1] == "Sending PUBREL to":
		d.released = true
	default:
		delete(w.mids[found[2]], found[3])
	}
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

// again says that the server has begun a message anew: in another of its lives, or after its PUBREL (which §4.3.3 forbids it).
// mosquitto 2.0.11 does the latter when a connection is lost while it sends PUBRELs again: those whose turn didn't come are
// PUBLISHes on the next.
func (w *witness) again(l label, client string) bool {
	sent := w.sent[client][l]
	return w.fell[client][l] || len(sent) > 1 && sent[0].life < sent[len(sent)-1].life
}
