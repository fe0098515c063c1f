package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// mixed floods one connection with numbered messages of QoS 0 and QoS 1, in a steady ratio as long as the window is open, and
// QoS 0 alone while it is closed. It keeps to the window and checks each PUBACK: they have to come in the order of the messages.
type mixed struct {
	conn    net.Conn
	version codec.Version
	window  int
	acks    chan uint16 // from session, which closes it at its end; it has room for the window

	// owned by run
	buf         []byte
	loose, sure uint64 // sent so far
	report      report
}

// report is what the server says of such a flood when it is over, in the last message of QoS 1.
type report struct {
	Connections  int    // of that client
	Acknowledged uint64 // messages of QoS 1
	Disordered   uint64 // PUBACKs that were not for the oldest message without one
}

const (
	looseTopic  = "mixed/loose"
	sureTopic   = "mixed/sure"
	reportTopic = "mixed/report"
)

// flow starts the flood beside the session.
func (s *session) flow(loose, sure, window int) {
	s.mixed = &mixed{conn: s.conn, version: s.version, window: window, acks: make(chan uint16, window+1)}
	m, client := s.mixed, s.client
	go func() {
		err := m.run(uint64(loose), uint64(sure))
		if err == nil {
			m.report.Connections = s.book.of(client).connections
			err = m.end()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "server, mixed flood:", err)
		}
	}()
}

var errGone = errors.New("the client has gone")

func (m *mixed) run(loose, sure uint64) error {
	for m.report.Acknowledged < sure || m.loose < loose {
		if err := m.drain(); err != nil {
			return err
		}
		switch {
		case m.sure < sure && m.sure-m.report.Acknowledged < uint64(m.window) && m.sure*loose <= m.loose*sure:
			m.sure++
			m.append(codec.AtLeastOnce, sureTopic, m.sure)
		case m.loose < loose:
			m.loose++
			m.append(codec.AtMostOnce, looseTopic, m.loose)
		case m.report.Acknowledged < sure:
			if err := m.wait(); err != nil {
				return err
			}
		}
		if len(m.buf) > 64<<10 {
			if err := m.flush(); err != nil {
				return err
			}
		}
	}
	return m.flush()
}

// append adds a message: 64 bytes, and every tenth 1 KiB, that begin with its number, and then are filler.
func (m *mixed) append(qos codec.QoS, topic string, number uint64) {
	p := codec.Publish{Topic: topic, QoS: qos, Payload: filler[:64]}
	if number%10 == 0 {
		p.Payload = filler[:]
	}
	if qos > 0 {
		p.PacketID = identifier(number)
	}
	m.buf, _ = p.Append(m.buf, m.version) // nothing in it can be refused
	binary.BigEndian.PutUint64(m.buf[len(m.buf)-len(p.Payload):], number)
}

func identifier(number uint64) uint16 { return uint16((number-1)%65535 + 1) }

// drain takes the PUBACKs that are here.
func (m *mixed) drain() error {
	for {
		select {
		case id, open := <-m.acks:
			if !open {
				return errGone
			}
			m.acknowledged(id)
		default:
			return nil
		}
	}
}

// wait takes one PUBACK, as nothing else can be done.
func (m *mixed) wait() error {
	if err := m.flush(); err != nil {
		return err
	}
	id, open := <-m.acks
	if !open {
		return errGone
	}
	m.acknowledged(id)
	return nil
}

func (m *mixed) acknowledged(id uint16) {
	m.report.Acknowledged++
	if id != identifier(m.report.Acknowledged) {
		m.report.Disordered++
	}
}

func (m *mixed) flush() error {
	_, err := m.conn.Write(m.buf)
	m.buf = m.buf[:0]
	return err
}

// end sends the report.
func (m *mixed) end() error {
	text, err := json.Marshal(m.report)
	if err != nil {
		return err
	}
	p := codec.Publish{Topic: reportTopic, QoS: codec.AtLeastOnce, PacketID: identifier(m.sure + 1), Payload: text}
	if m.buf, err = p.Append(m.buf, m.version); err != nil {
		return err
	}
	return m.flush()
}
