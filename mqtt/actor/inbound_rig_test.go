package actor

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

// message is what the tests are handed.
type message struct {
	text   string // topic and payload
	qos    codec.QoS
	id     uint16
	again  bool
	ack    AckMode
	ticket Ticket
}

func newMessage(h *Handout) *message {
	p := h.Publish
	return &message{p.Topic + "=" + string(p.Payload), p.QoS, p.PacketID, h.Redelivered, h.Ack, h.Ticket}
}

// rig stands for all that surrounds a dispatcher: supervisor, reader, tracker, callers and application.
type rig struct {
	*testing.T
	d        *dispatcher
	in       *Inbound[*message]
	messages *StreamHandle[*message]
	arriving chan arrivals
	notices  chan *notice
	owed     chan *owed
	stop     context.CancelFunc
	ran      chan error
	link     linkUp

	acks    []string // what was owed since the last look
	events  []any
	fault   error
	held    bool
	settled bool
}

// settings are those of the tests: small, so that bounds are near.
func settings() inboundConfig {
	return inboundConfig{receiveMaximum: 4, inbox: Bounds{4, 400}, overflow: OverflowHold, hard: Bounds{8, 800},
		stallAfter: 30 * time.Second, ack: AckOnTake, claimed: true}
}

// newRig runs a dispatcher inside a synctest bubble, and ends it with the test.
func newRig(t *testing.T, cfg inboundConfig) *rig {
	r := &rig{T: t, arriving: make(chan arrivals), notices: make(chan *notice, 1), owed: make(chan *owed), ran: make(chan error, 1)}
	r.d, r.in = newDispatcher(cfg, each(newMessage), r.arriving, r.notices, r.owed)
	r.messages = r.in.messages
	var ctx context.Context
	ctx, r.stop = context.WithCancel(t.Context())
	go func() { r.ran <- lasting(ctx, r.d) }()
	t.Cleanup(r.end)
	return r
}

func (r *rig) end() {
	r.Helper()
	if r.stop != nil {
		r.stop()
		require.ErrorIs(r, <-r.ran, context.Canceled)
		r.stop = nil
	}
}

// up begins the next connection, and returns when the dispatcher has dealt with it.
func (r *rig) up(v codec.Version, sessionPresent bool) {
	r.link = linkUp{gen: r.link.gen + 1, version: v, sessionPresent: sessionPresent, receiveMaximum: uint16(r.d.cfg.receiveMaximum)}
	r.held = false // the tracker begins anew, too
	r.in.inquiries <- r.link
	synctest.Wait()
}

// down ends the connection, and returns when the dispatcher has dealt with it.
func (r *rig) down() {
	r.in.inquiries <- linkDown{gen: r.link.gen}
	synctest.Wait()
}

// census asks as the supervisor does before a CONNECT.
func (r *rig) census() int {
	reply := make(chan int, 1)
	r.in.inquiries <- census{reply}
	return <-reply
}

// arrive hands over a batch as the reader does, and false when reading is held.
func (r *rig) arrive(list ...arrival) bool {
	pooled := arrivalPool.Get().(*[]arrival)
	*pooled = append(*pooled, list...)
	synctest.Wait()
	r.look()
	select {
	case r.arriving <- arrivals{gen: r.link.gen, list: pooled}:
		r.look()
		return true
	default:
		return false
	}
}

// look takes all that the dispatcher has for the tracker.
func (r *rig) look() *rig {
	for {
		synctest.Wait()
		select {
		case o := <-r.owed:
			r.hear(o)
		default:
			return r
		}
	}
}

func (r *rig) hear(o *owed) {
	r.events = append(r.events, o.events...)
	r.settled = r.settled || o.settled
	if o.gen == r.link.gen {
		r.held = o.held
		if o.fault != nil {
			r.fault = o.fault
		}
	}
	for _, a := range o.acks {
		if o.gen == r.link.gen {
			r.acks = append(r.acks, ackText(a))
		}
	}
	o.done()
}

func ackText(a ack) string {
	text := map[codec.Type]string{codec.TypePubAck: "ack ", codec.TypePubRec: "rec ", codec.TypePubComp: "comp "}[a.kind] + strconv.Itoa(int(a.id))
	if a.code != 0 {
		text += " 0x" + strconv.FormatInt(int64(a.code), 16)
	}
	if a.props != nil {
		text += " " + a.props.ReasonString
	}
	return text
}

// owes looks for exactly these acknowledgements, in this order, since it was called last.
func (r *rig) owes(want ...string) {
	r.Helper()
	r.look()
	require.Equal(r, want, r.acks)
	r.acks = nil
}

// tells looks for exactly these events since it was called last.
func (r *rig) tells(want ...any) {
	r.Helper()
	r.look()
	require.Equal(r, want, r.events)
	r.events = nil
}

// note is the tracker's word.
func (r *rig) note(n notice) {
	r.notices <- &n
	r.look()
}

// next takes what is offered on c, nil when nothing is.
func (r *rig) next(c <-chan *message) *message {
	r.look()
	select {
	case m := <-c:
		return m
	default:
		return nil
	}
}

// take takes what Messages offers, and looks that it is this.
func (r *rig) take(c <-chan *message, texts ...string) (last *message) {
	r.Helper()
	for _, text := range texts {
		last = r.next(c)
		require.NotNil(r, last, "%s isn't offered", text)
		require.Equal(r, text, last.text)
	}
	return last
}

func (r *rig) nothing(c <-chan *message) {
	r.Helper()
	if m := r.next(c); m != nil {
		r.Fatalf("%s is offered", m.text)
	}
}

func (r *rig) declare(cfg StreamConfig, filters ...string) *StreamHandle[*message] {
	r.Helper()
	s, err := r.in.Declare(cfg, filters)
	require.NoError(r, err)
	return s
}

// stats looks at one stream's.
func (r *rig) stats(number uint64) StreamStats {
	r.Helper()
	all := r.in.Stats().Streams
	i := slices.IndexFunc(all, func(s StreamStats) bool { return s.Number == number })
	require.NotEqual(r, -1, i)
	return all[i]
}

// What arrives in the tests: the identifier is in the payload, too.
func q0(topic, payload string) arrival {
	return arrival{publish: codec.Publish{Topic: topic, Payload: []byte(payload)}}
}
func q1(topic string, id uint16) arrival { return acked(codec.AtLeastOnce, topic, id) }
func q2(topic string, id uint16) arrival { return acked(codec.ExactlyOnce, topic, id) }

func acked(q codec.QoS, topic string, id uint16) arrival {
	return arrival{publish: codec.Publish{Topic: topic, QoS: q, PacketID: id, Payload: strconv.AppendInt(nil, int64(id), 10)}}
}

func rel(id uint16) arrival { return arrival{publish: codec.Publish{PacketID: id}, release: true} }

// dup sets DUP.
func dup(a arrival) arrival {
	a.publish.Dup = true
	return a
}

// identified sets Subscription Identifiers.
func identified(a arrival, ids ...uint32) arrival {
	a.publish.Properties = &codec.PublishProperties{SubscriptionIdentifiers: ids}
	return a
}

// bubble runs a test under a fake clock.
func bubble(t *testing.T, name string, cfg inboundConfig, test func(*rig)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(newRig(t, cfg)) })
	})
}

func with(change func(*inboundConfig)) inboundConfig {
	cfg := settings()
	change(&cfg)
	return cfg
}

func manual() inboundConfig { return with(func(c *inboundConfig) { c.ack = AckManual }) }

// elapse lets the time of the bubble pass.
func elapse(d time.Duration) { time.Sleep(d) }

// each has every stream make its messages alike.
func each[M any](create func(*Handout) M) func() func(*Handout) M {
	return func() func(*Handout) M { return create }
}
