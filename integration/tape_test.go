//go:build integration

package integration

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/sluicemq/sluice/mqtt"
)

// tape is what a process writes down, for those who judge when it is dead. Each record is one call of write, so that a
// record that was begun before something else happened is there when the process is killed after that; and all goroutines
// of the process, and the processes after it, have one order.
type tape struct{ file *os.File }

// record is one line of a tape.
type record struct {
	what   string // one of the below
	packet string // of a packet: its type,
	id     uint16 // Packet Identifier
	failed bool   // and whether it says that something failed
	label  label  // of a message
	dup    bool
	again  bool // Redelivered
	run    int  // of a life: its process
}

// What a record is of.
const (
	taped      = "life"     // a process begins
	resumed    = "resumed"  // a connection has its session
	restarted  = "begun"    // a connection has none
	packetSent = "sent"     // Trace.PacketSent
	packetCame = "received" // Trace.PacketReceived
	noted      = "noted"    // the application knows it: Stored was told, or the message was taken
)

// label is what a message is known by: the number, and the process that published it.
type label struct {
	qos         mqtt.QoS
	number, run int
}

func (l label) String() string { return fmt.Sprintf("%d/%d/%d", l.qos, l.number, l.run) }

// before is the order in which messages of one QoS are published.
func (l label) before(other label) bool {
	return l.run < other.run || l.run == other.run && l.number < other.number
}

// labelOf reads a label from the end of a topic, or from a payload.
func labelOf(text string) (l label, ok bool) {
	parts := strings.Split(text, "/")
	if len(parts) < 3 {
		return l, false
	}
	var values [3]int
	for i, part := range parts[len(parts)-3:] {
		n, err := strconv.Atoi(part)
		if err != nil {
			return l, false
		}
		values[i] = n
	}
	return label{mqtt.QoS(values[0]), values[1], values[2]}, true
}

// openTape opens the tape of a process. What the one before was writing when it was killed may be cut, so it gets a line of
// its own.
func openTape(path string, run int) (*tape, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	t := &tape{file}
	_, err = fmt.Fprintf(file, "\n%s %d .\n", taped, run)
	return t, err
}

// write ends the process when it can't: what isn't on the tape would be held against the client.
func (t *tape) write(format string, args ...any) {
	_, err := t.file.Write(fmt.Appendf(nil, format+" .\n", args...))
	demand(err)
}

// trace has the packets of a client on the tape. It blocks for a write to a file, which nobody should do but a test.
func (t *tape) trace(beside func(sent bool, p mqtt.PacketInfo)) *mqtt.Trace {
	put := func(what string, p mqtt.PacketInfo) {
		l, ok := labelOf(p.Topic)
		if p.Type == "PUBLISH" && !ok {
			return // not one of ours
		}
		t.write("%s %s %d %t %v %t", what, p.Type, p.PacketID, p.Code.Failed(), l, p.Dup)
	}
	return &mqtt.Trace{
		PacketSent:     func(p mqtt.PacketInfo) { put(packetSent, p); beside(true, p) },
		PacketReceived: func(p mqtt.PacketInfo) { put(packetCame, p); beside(false, p) },
	}
}

// watch has the sessions of a client's connections on the tape, until the client ends.
func (t *tape) watch(client *mqtt.Client) {
	for event := range client.Events() {
		if up, is := event.(mqtt.EventConnected); is {
			what := restarted
			if up.ConnAck.SessionPresent {
				what = resumed
			}
			t.write("%s", what)
		}
	}
}

// readTape reads what processes have written.
func readTape(path string) (records []record, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	torn := false
	for line := range bytes.Lines(text) {
		r, whole, err := parseRecord(strings.Fields(string(line)))
		if err == nil && whole && torn && r.what != taped {
			err = fmt.Errorf("it follows a record that was cut")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", path, line, err)
		}
		if whole {
			records = append(records, r)
		}
		torn = !whole && (torn || len(bytes.TrimSpace(line)) > 0)
	}
	return records, nil
}

// parseRecord reads a line. One without its end was being written when its process was killed: what it would say had no
// consequence yet.
func parseRecord(words []string) (r record, whole bool, err error) {
	if len(words) == 0 || words[len(words)-1] != "." {
		return r, false, nil
	}
	r.what = words[0]
	wrong := fmt.Errorf("not a record")
	switch n := len(words); {
	case r.what == taped && n == 3:
		r.run, err = strconv.Atoi(words[1])
	case (r.what == resumed || r.what == restarted) && n == 2:
	case (r.what == packetSent || r.what == packetCame) && n == 7:
		var id int
		id, err = strconv.Atoi(words[2])
		r.packet, r.id, r.failed, r.dup = words[1], uint16(id), words[3] == "true", words[5] == "true"
		r.label, _ = labelOf(words[4])
	case r.what == noted && n == 5:
		r.label, whole = labelOf(words[1])
		r.again, r.dup = words[2] == "true", words[3] == "true"
		if !whole {
			err = wrong
		}
	default:
		err = wrong
	}
	return r, true, err
}
