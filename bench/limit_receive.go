package main

import (
	"encoding/binary"
	"net"

	"github.com/sluicemq/sluice/mqtt/codec"
)

func (l limit) receive(o order) (result, error) {
	conn, err := l.connect(o.Address, o.Client, o.Version, true)
	if err != nil {
		return result{}, err
	}
	defer conn.Close()
	r, err := newRing(o) // for the size of a message
	if err != nil {
		return result{}, err
	}
	if o.Broker {
		if err := l.subscribe(conn, o.Version, o.QoS, o.topics()...); err != nil {
			return result{}, err
		}
	}
	t := &taker{conn: conn, stride: r.stride, in: make([]byte, ringBytes), left: o.N}
	m := begin()
	if o.Broker {
		if err = l.send(conn, o.Version, &codec.Publish{Topic: readied + o.Client, QoS: codec.AtLeastOnce, PacketID: 1}); err == nil {
			_, err = readPacket(conn)
		}
	} else {
		err = l.subscribe(conn, o.Version, 0, o.request())
	}
	if err != nil {
		return result{}, err
	}
	if o.Work == "streams" {
		m = begin() // the server was getting many topics ready
	}
	for t.left > 0 && err == nil {
		if o.QoS == 2 {
			err = t.look()
		} else {
			err = t.count(o.QoS)
		}
	}
	return m.end(o.N), err
}

// taker takes messages that are of one size.
type taker struct {
	conn    net.Conn
	stride  int // of a PUBLISH
	in, out []byte
	rest    int // bytes of a message that isn't whole
	left    int // messages that have not come
	id      int // of the last PUBACK
}

// count tells messages by their size alone, and acknowledges as many.
func (t *taker) count(qos int) error {
	n, err := t.conn.Read(t.in)
	if err != nil {
		return err
	}
	n += t.rest
	came := n / t.stride
	t.rest = n % t.stride
	t.left -= came
	for qos == 1 && came > 0 {
		from := t.id % 65535
		to := min(65535, from+came)
		if _, err := t.conn.Write(pubAcks[4*from : 4*to]); err != nil {
			return err
		}
		came -= to - from
		t.id = to
	}
	return nil
}

// pubAcks are those of all identifiers, as the server counts them up.
var pubAcks = func() (all []byte) {
	for id := uint16(1); id != 0; id++ {
		all = binary.BigEndian.AppendUint16(append(all, byte(codec.TypePubAck)<<4, 2), id)
	}
	return all
}()

// look tells PUBLISH and PUBREL apart, and answers to both.
func (t *taker) look() error {
	if t.rest == len(t.in) {
		t.in = append(t.in, make([]byte, t.stride)...)
	}
	n, err := t.conn.Read(t.in[t.rest:])
	if err != nil {
		return err
	}
	n += t.rest
	at := 0
	for n-at >= 4 {
		kind, id := codec.TypePubComp, at+2
		size := 4
		if codec.Type(t.in[at]>>4) == codec.TypePublish {
			if size = t.stride; n-at < size {
				break
			}
			head, _ := extent(t.in[at:])
			kind, id = codec.TypePubRec, at+head+2+int(binary.BigEndian.Uint16(t.in[at+head:]))
		} else {
			t.left--
		}
		t.out = append(t.out, byte(kind)<<4, 2, t.in[id], t.in[id+1])
		at += size
	}
	t.rest = copy(t.in, t.in[at:n])
	_, err = t.conn.Write(t.out)
	t.out = t.out[:0]
	return err
}
