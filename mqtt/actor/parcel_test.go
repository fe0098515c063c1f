package actor

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// desktop is a tracker that is moved turn by turn, and a caller of it.
type desktop struct {
	*testing.T
	*tracker
	caller Client[struct{}]
	queue  chan *Op
	plug   *plug
}

func newDesktop(t *testing.T) *desktop {
	cfg := &Config{Outbox: roomyOutbox(), OutboxFull: OutboxWait, Offline: OfflineQueue,
		Tell: func(any) {}, MaxInFlight: 100, Session: SessionDurable}
	ops, strict, notices := make(chan *Op, quickBatch), make(chan struct{}, 2), make(chan *notice, 1)
	d := &desktop{T: t, queue: ops, caller: Client[struct{}]{ops: ops, pens: newPens(codec.V311)}}
	d.caller.pool.New = func() any { return newRecord() }
	d.tracker = &tracker{cfg: cfg, roomy: cfg.Roomy(), ops: ops, strict: strict, lax: strict, notices: notices, unread: notices,
		filters: filters{calls: make(map[*Op]struct{})}, mail: mail{pens: d.caller.pens}, orders: orders{to: make(chan *order, 1)}}
	d.began = time.Now()
	d.grant()
	require.True(t, d.roomy)
	return d
}

func roomyOutbox() Bounds {
	p := promised(unseen)
	return Bounds{4 * p.Messages, 4 * p.Bytes}
}

// dial brings up a connection.
func (d *desktop) dial(v codec.Version) {
	var w *wire
	w, d.plug = newWire()
	d.up(linkUp{gen: d.link.gen + 1, version: v, sessionPresent: d.link.gen > 0, connack: new(codec.ConnAck), wire: w})
}

func (d *desktop) post(names ...string) {
	for _, name := range names {
		posted, err := d.caller.Post(d.Context(), "t/"+name, []byte("p"+name))
		require.NoError(d, err)
		require.True(d, posted)
	}
}

func (d *desktop) offerAcked(name string) {
	op := d.caller.Record()
	require.NoError(d, op.Message.Set(&codec.Publish{Topic: "t/" + name, Payload: []byte("p" + name), QoS: 1, PacketID: 1}))
	require.NoError(d, d.caller.Offer(d.Context(), op))
}

// move has the tracker take a turn, and gives what leaves then.
func (d *desktop) move() *outBuffer {
	d.drain()
	d.turn()
	select {
	case b := <-d.plug.out:
		return b
	default:
		return nil
	}
}

// sent are the topics of the PUBLISHes in a buffer, whose payloads must fit them.
func (d *desktop) sent(b *outBuffer) (names []string) {
	if b == nil {
		return nil
	}
	all := flat(b)
	for len(all) > 0 {
		dialect := codec.Dialect{Version: d.limits.version, From: codec.FromClient}
		f, size, err := codec.Next(all, dialect, 0)
		require.NoError(d, err)
		var p codec.Publish
		require.NoError(d, p.Decode(f, dialect))
		name := strings.TrimPrefix(p.Topic, "t/")
		require.Equal(d, "p"+name, string(p.Payload))
		names = append(names, name)
		all = all[size:]
	}
	return names
}

func numerals(from, to int) (names []string) {
	for i := from; i < to; i++ {
		names = append(names, strconv.Itoa(i))
	}
	return names
}

// What is written after something else was offered comes behind it, though the parcel before had room (contract 8).
func TestParcelsKeepTheCallOrder(t *testing.T) {
	for _, v := range []codec.Version{codec.V31, codec.V311, codec.V5} {
		d := newDesktop(t)
		d.dial(v)
		d.post("1", "2")
		d.offerAcked("3")
		d.post("4")
		d.offerAcked("5")
		d.offerAcked("6")
		d.post(numerals(7, 9+parcelItems)...)
		require.Equal(t, numerals(1, 9+parcelItems), d.sent(d.move()))
	}
}

// A parcel takes one place in the channel, and one that is open takes in what is written while the buffer is out.
func TestAParcelIsOpenUntilItLeaves(t *testing.T) {
	d := newDesktop(t)
	d.dial(codec.V311)
	d.post("1", "2")
	require.Len(t, d.queue, 1)
	b := d.move()
	require.Equal(t, []string{"1", "2"}, d.sent(b))
	d.post("3")
	require.Nil(t, d.move())
	d.post("4")
	require.Empty(t, d.queue)
	require.Equal(t, Counts{Admitted: 2}, d.counts)
	d.wrote(&written{buffer: b, n: b.len()})
	require.Equal(t, []string{"3", "4"}, d.sent(d.move()))
	require.Equal(t, Counts{Admitted: 4, Done: 2}, d.counts)
}

// Whatever of a buffer was written: what was is done, what wasn't leaves again, in its order and before what is newer.
func TestAParcelThatWasWrittenInPart(t *testing.T) {
	whole := 0
	for n := 0; n == 0 || n <= whole; n++ {
		d := newDesktop(t)
		d.dial(codec.V5)
		d.post(numerals(1, 4)...)
		d.offerAcked("4")
		d.post(numerals(5, 8)...)
		b := d.move()
		all := flat(b)
		whole = len(all)
		var ends []int // of each message
		for at := 0; at < len(all); {
			_, size, err := codec.Next(all[at:], codec.Dialect{Version: codec.V5, From: codec.FromClient}, 0)
			require.NoError(t, err)
			at += size
			ends = append(ends, at)
		}
		d.post("8")
		d.wrote(&written{buffer: b, n: n})
		d.tracker.down(linkDown{gen: d.link.gen, why: ErrClosed})
		d.post("9")
		var want []string
		for i, end := range ends {
			if end > n || i == 3 { // QoS 1 is sent again in any case
				want = append(want, strconv.Itoa(i+1))
			}
		}
		if n > ends[2] { // 4 has begun to leave: it is of the session, and goes first
			want = append([]string{"4"}, append(numerals(5, 8)[:0:0], without(want, "4")...)...)
		}
		d.dial(codec.V311)
		require.Equal(t, append(want, "8", "9"), d.sent(d.move()), "%d of %d bytes were written", n, whole)
		require.EqualValues(t, 9, d.counts.Admitted)
	}
}

func without(names []string, name string) (rest []string) {
	for _, n := range names {
		if n != name {
			rest = append(rest, n)
		}
	}
	return rest
}

// What waits is encoded for the connection that carries it, and keeps its place.
func TestParcelsOfAnotherVersion(t *testing.T) {
	d := newDesktop(t)
	d.dial(codec.V311)
	d.move()
	d.tracker.down(linkDown{gen: d.link.gen, why: ErrClosed})
	d.post(numerals(0, parcelItems+5)...)
	d.offerAcked("x")
	d.post("y")
	d.dial(codec.V5)
	d.post("z")
	require.Equal(t, append(numerals(0, parcelItems+5), "x", "y", "z"), d.sent(d.move()))
}

// A connection whose limits a small message may break has each looked at.
func TestParcelsMeetLimits(t *testing.T) {
	d := newDesktop(t)
	d.post("1")
	_, err := d.caller.Post(t.Context(), "t/large", bytes.Repeat([]byte("p"), 3000))
	require.NoError(t, err)
	d.post("2")
	var w *wire
	w, d.plug = newWire()
	d.up(linkUp{gen: 1, version: codec.V5, wire: w, connack: &codec.ConnAck{Properties: &codec.ConnAckProperties{MaximumPacketSize: 1000}}})
	require.Equal(t, []string{"1", "2"}, d.sent(d.move()))
	require.Equal(t, Counts{Admitted: 3, NotSent: 1}, d.counts)
}

// A parcel that holds little and has to wait takes as much memory as what it holds.
func TestASmallParcelThatWaitsBecomesRecords(t *testing.T) {
	d := newDesktop(t)
	d.post("1", "2")
	d.offerAcked("3")
	d.post(numerals(4, 4+parcelItems/2)...)
	d.offerAcked("x")
	d.drain()
	var kinds []opKind
	for op := range d.free.all {
		kinds = append(kinds, op.kind)
	}
	require.Equal(t, []opKind{opPublish, opPublish, opParcel}, kinds)
}

// An outbox without room gives no parcel out: messages are offered then, and wait for room in turn with all others.
func TestAFullOutboxHoldsParcels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Start(Config{Outbox: roomyOutbox(), OutboxFull: OutboxWait, Offline: OfflineQueue, Tell: func(any) {}},
			each(func(*Handout) struct{} { return struct{}{} }))
		n := 0
		for {
			synctest.Wait()
			posted, err := c.Post(t.Context(), "a", nil)
			require.NoError(t, err)
			if !posted {
				break
			}
			n++
		}
		require.LessOrEqual(t, n, c.Config.Outbox.Messages)
		require.GreaterOrEqual(t, n, c.Config.Outbox.Messages-quickBatch-parcelItems)
		c.Abort()
		<-c.Done()
		require.EqualValues(t, n, c.View().Counts.NotSent, "each that was taken over has its outcome")
		_, err := c.Post(t.Context(), "a", nil)
		require.ErrorIs(t, err, ErrClosed)
	})
}

// Who waits for room at QoS 0 has his turn, though others take every place that becomes free.
func TestParcelsAreNotStarved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesktop(t)
		d.cfg.MaxInFlight = 10
		d.dial(codec.V311)
		ctx, cancel := context.WithCancel(t.Context())
		var crowd sync.WaitGroup
		for range 2 {
			crowd.Go(func() {
				for {
					if d.caller.Offer(ctx, small(t, newRecord(), 1)) != nil {
						return
					}
				}
			})
		}
		for turns := 0; turns < 100 || d.admits(); turns++ { // till the outbox is full
			d.written()
		}
		through := make(chan error, 1)
		go func() {
			posted, err := d.caller.Post(ctx, "t/0", []byte("p0"))
			if !posted && err == nil {
				err = d.caller.Offer(ctx, small(t, NewQuickOp(), 0))
			}
			through <- err
		}()
		for acked := 0; len(through) == 0; acked++ {
			require.Less(t, acked, 1000)
			d.answered(&answers{gen: d.link.gen, list: []answer{{kind: codec.TypePubAck, id: d.flight.first.id}}})
			d.written()
		}
		require.NoError(t, <-through)
		cancel()
		crowd.Wait()
	})
}

// written has the tracker take a turn when the callers have done what they can, and what leaves then written.
func (d *desktop) written() {
	synctest.Wait()
	if b := d.move(); b != nil {
		d.wrote(&written{buffer: b, n: b.len()})
		d.turn()
	}
}

// A Flush waits for what lies in a parcel that the tracker hadn't taken when it was called.
func TestFlushCoversAParcelBehindTheDoor(t *testing.T) {
	d := newDesktop(t)
	most := d.cfg.Outbox.Bytes - promised(unseen).Bytes
	large := func() {
		op := newRecord()
		require.NoError(t, op.Message.Set(&codec.Publish{Topic: "t", Payload: make([]byte, most-1000), QoS: 1, PacketID: 1}))
		require.NoError(t, d.caller.Offer(t.Context(), op))
	}
	large()
	d.drain()
	large()
	d.post("1")
	d.drain()
	require.Equal(t, 1, d.door.len())
	reply := make(chan error, 1)
	flush{reply: reply}.answer(d.tracker)
	d.dial(codec.V311)
	d.turn()
	b := <-d.plug.out
	acknowledge := func() {
		d.answered(&answers{gen: d.link.gen, list: []answer{{kind: codec.TypePubAck, id: d.flight.first.id}}})
		d.turn()
	}
	acknowledge() // the second leaves the door, and the parcel is taken while the buffer is out
	d.drain()
	d.turn()
	require.Empty(t, d.queue)
	d.wrote(&written{buffer: b, n: b.len()})
	b = d.move()
	acknowledge()
	require.Empty(t, reply, "1 isn't written")
	for b != nil {
		d.wrote(&written{buffer: b, n: b.len()})
		b = d.move()
	}
	require.NoError(t, <-reply)
}

// Who offers something to a client whose tracker has ended doesn't wait for the pen.
func TestThePenIsGone(t *testing.T) {
	d := newDesktop(t)
	d.caller.cause = func() error { return ErrExpired }
	d.post("1")
	d.retire()
	d.drainAll()
	d.offerAcked("2")
	_, err := d.caller.Post(t.Context(), "t", nil)
	require.ErrorIs(t, err, ErrExpired)
}

// Close waits for a message that was written into a parcel while Close began.
func TestCloseWaitsForTheTail(t *testing.T) {
	d := newDesktop(t)
	d.dial(codec.V311)
	d.settled = true                                // the dispatcher owes nothing
	d.acks = []ack{{kind: codec.TypePubAck, id: 7}} // alone in the buffer that is out
	b := d.move()
	d.closing, d.words, d.state = true, new(codec.Disconnect), StateClosing
	d.post("1")
	d.drain()
	d.turn()
	d.wrote(&written{buffer: b, n: b.len()})
	f, _, err := codec.Next(flat(d.move()), codec.Dialect{Version: codec.V311, From: codec.FromClient}, 0)
	require.NoError(t, err)
	require.Equal(t, codec.TypePublish, f.Type)
}

// What waits takes about as much memory as the outbox counts.
func TestParcelsThatWaitTakeLittleMemory(t *testing.T) {
	d := newDesktop(t)
	d.cfg.Outbox = Bounds{100_000, 64 << 20}
	payload := bytes.Repeat([]byte("x"), 2060)
	held := liveBytes()
	for range 1000 {
		for range 2 {
			posted, err := d.caller.Post(t.Context(), "t", payload)
			require.NoError(t, err)
			require.True(t, posted)
		}
		d.offerAcked("q")
		d.drain()
		d.turn()
	}
	require.Less(t, liveBytes()-held, 3*d.tracker.bytes)
}

func liveBytes() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Many callers write and offer at once: nothing is lost, and each one's messages come in its order.
func TestParcelsOfManyCallers(t *testing.T) {
	const callers, each = 8, 2000
	d := newDesktop(t)
	d.cfg.MaxInFlight = 1 << 16
	d.dial(codec.V311)
	var crowd sync.WaitGroup
	for k := range callers {
		crowd.Go(func() {
			for i := range each {
				name := fmt.Sprintf("%d.%d", k, i)
				if i%(k+2) == 0 {
					d.offerAcked(name)
				} else {
					posted, err := d.caller.Post(d.Context(), "t/"+name, []byte("p"+name))
					require.NoError(d, err)
					if !posted {
						d.offerAcked(name)
					}
				}
			}
		})
	}
	all := make(chan struct{})
	go func() { crowd.Wait(); close(all) }()
	next := make([]int, callers)
	for got, over := 0, false; got < callers*each || !over; {
		select {
		case <-all:
			over = true
		default:
		}
		b := d.move()
		for _, name := range d.sent(b) {
			var k, i int
			_, err := fmt.Sscanf(name, "%d.%d", &k, &i)
			require.NoError(t, err)
			require.Equal(t, next[k], i)
			next[k]++
			got++
		}
		if b != nil {
			d.wrote(&written{buffer: b, n: b.len()})
		}
		for op := d.flight.first; op != nil; op = d.flight.first {
			d.answered(&answers{gen: d.link.gen, list: []answer{{kind: codec.TypePubAck, id: op.id}}})
		}
	}
}
