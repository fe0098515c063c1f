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
	life  int           // the last
	first map[label]int // how often it has received a PUBLISH without DUP
	seen  map[label]int // in which life it has received it last
	sent  map[string]*sentTo
}

// sentTo is what the server has sent to one client.
type sentTo struct {
	lives map[label][2]int   // the first and the last in which it was sent
	open  map[string]*opened // by Packet Identifier
	fell  map[label]bool     // back to PUBLISH, when PUBREL had been sent
}

// opened is an exchange of QoS 2 as the server's log shows it.
type opened struct {
	label    label
	released bool
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
	return &witness{first: map[label]int{}, seen: map[label]int{}, sent: map[string]*sentTo{}}
}

func (w *witness) to(client string) *sentTo {
	if w.sent[client] == nil {
		w.sent[client] = &sentTo{lives: map[label][2]int{}, open: map[string]*opened{}, fell: map[label]bool{}}
	}
	return w.sent[client]
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
	switch {
	case !ours:
	case found[1] == "Sending":
		w.to(found[2]).publish(l, found[4], w.life)
	default:
		if found[3] == "0" {
			w.first[l]++
		}
		w.seen[l] = w.life
	}
}

func (w *witness) answer(found []string) {
	if found == nil {
		return
	}
	to, id := w.to(found[2]), found[3]
	switch o := to.open[id]; {
	case o == nil:
	case found[1] == "Sending PUBREL to":
		o.released = true
	default:
		delete(to.open, id)
	}
}

func (s *sentTo) publish(l label, id string, life int) {
	lives, before := s.lives[l]
	if !before {
		lives[0] = life
	}
	lives[1] = life
	s.lives[l] = lives
	if l.qos != mqtt.ExactlyOnce {
		return
	}
	if o := s.open[id]; o != nil && o.label == l && o.released {
		s.fell[l] = true
	}
	s.open[id] = &opened{label: l}
}

// lost says that the server had a message, for one client at least, in a life that ended with a kill, and didn't any more
// afterwards.
func (w *witness) lost(l label, client string) bool {
	had, received := w.seen[l]
	return received && max(had, w.to(client).lives[l][1]) < w.life
}

// again says that the server has begun a message anew: in another of its lives, or after its PUBREL (which §4.3.3 forbids it).
// mosquitto 2.0.11 does the latter when a connection is lost while it sends PUBRELs again: those whose turn didn't come are
// PUBLISHes on the next.
func (w *witness) again(l label, client string) bool {
	to := w.to(client)
	return to.fell[l] || to.lives[l][0] < to.lives[l][1]
}
