package actor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

// sentMessage is one that the model's server has not seen the end of.
type sentMessage struct {
	n        int // numbers all messages
	arrival  arrival
	released bool
}

// model is a server that keeps every rule and an application that does whatever it may, in a random order.
type model struct {
	*rig
	random    *rand.Rand
	version   codec.Version
	inflight  []*sentMessage
	expected  []string                // PUBACK and PUBREC that have to come on this connection, in this order
	passing   *StreamHandle[*message] // of topic c, declared and closed again and again
	pending   []arrival               // PUBREL
	topics    []string                // of each message
	lost      map[int]bool            // the server forgot it, or it was dropped
	publishes bool                    // the application: now and then an answer is owed, and QoS 0 may be dropped
	handles   []*StreamHandle[*message]
	filters   []string
	manual    []bool
	had       []map[int]int // of each handle: how often each message was handed out for the first time
	holding   []held
	ones      map[int]bool // QoS 1: may come twice
}

// held is a message with the application.
type held struct {
	m      *message
	handle int
	each   bool
}

func (w *model) id() (id uint16) {
	for id = uint16(1 + w.random.IntN(40)); slices.ContainsFunc(w.inflight, func(s *sentMessage) bool { return s.arrival.publish.PacketID == id }); id++ {
	}
	return id
}

// publish sends some messages at once.
func (w *model) publish() {
	var list []arrival
	for range 1 + w.random.IntN(12) {
		q := codec.QoS(w.random.IntN(3))
		if q > 0 && (w.version == codec.V5 && len(w.inflight) >= w.d.cfg.receiveMaximum || len(w.inflight) > 30) {
			continue
		}
		topic := []string{"a", "a/x", "b/x", "c"}[w.random.IntN(4)]
		n := len(w.topics)
		w.topics = append(w.topics, topic)
		w.ones[n] = q == codec.AtLeastOnce
		w.lost[n] = w.publishes && q == codec.AtMostOnce
		a := arrival{publish: codec.Publish{Topic: topic, QoS: q, Payload: []byte(strconv.Itoa(n))}}
		if q > 0 {
			a.publish.PacketID = w.id()
			w.inflight = append(w.inflight, &sentMessage{n: n, arrival: a})
			w.expect(a)
		}
		list = append(list, a)
	}
	if len(list) > 0 {
		require.True(w, w.arrive(list...))
	}
}

func (w *model) expect(a arrival) {
	kind := map[codec.QoS]string{1: "ack ", 2: "rec "}[a.publish.QoS]
	w.expected = append(w.expected, kind+strconv.Itoa(int(a.publish.PacketID)))
}

// serve takes what the server gets, and answers.
func (w *model) serve() {
	w.look()
	require.NoError(w, w.fault)
	for _, text := range w.acks {
		var kind string
		var id uint16
		fmt.Sscan(text, &kind, &id)
		i := slices.IndexFunc(w.inflight, func(s *sentMessage) bool { return s.arrival.publish.PacketID == id })
		if kind != "comp" {
			require.NotEmpty(w, w.expected)
			require.Equal(w, w.expected[0], text)
			w.expected = w.expected[1:]
		}
		require.GreaterOrEqual(w, i, 0, text)
		if kind == "rec" {
			w.inflight[i].released = true
			w.pending = append(w.pending, rel(id))
		} else {
			require.Equal(w, kind == "comp", w.inflight[i].released, text)
			w.inflight = slices.Delete(w.inflight, i, i+1)
		}
	}
	w.acks = nil
	if len(w.pending) > 0 && !w.rig.held && w.arrive(w.pending...) {
		w.pending = nil
	}
}

// reconnect loses the connection, and now and then the session.
func (w *model) reconnect() {
	w.down()
	w.acks, w.expected, w.pending = nil, nil, nil
	for range w.random.IntN(5) {
		w.consume()
	}
	kept := w.random.IntN(4) > 0
	w.up(w.version, kept)
	if !kept {
		for _, s := range w.inflight {
			w.lost[s.n] = true
		}
		w.inflight = nil
		return
	}
	var list []arrival
	for _, s := range w.inflight {
		if s.released {
			list = append(list, rel(s.arrival.publish.PacketID))
			continue
		}
		list = append(list, dup(s.arrival))
		w.expect(s.arrival)
	}
	if len(list) > 0 {
		require.True(w, w.arrive(list...))
	}
}

// consume is one step of the application.
func (w *model) consume() {
	switch w.random.IntN(4) {
	case 0, 1:
		w.receive(w.random.IntN(len(w.handles)), w.random.IntN(2) == 0)
	case 2:
		w.answer(false)
	case 3:
		w.giveBack()
	}
}

func (w *model) receive(handle int, each bool) bool {
	c := w.handles[handle].Out()
	if each {
		c = w.handles[handle].Each()
	}
	synctest.Wait()
	select {
	case m, open := <-c:
		if !open {
			return false
		}
		var topic string
		var n int
		at := slices.Index([]byte(m.text), '=')
		topic = m.text[:at]
		n, _ = strconv.Atoi(m.text[at+1:])
		require.Equal(w, w.topics[n], topic)
		if !m.again || m.qos == codec.ExactlyOnce {
			w.had[handle][n]++
		} else {
			require.Equal(w, codec.AtLeastOnce, m.qos)
			w.had[handle][n] = max(1, w.had[handle][n])
		}
		if each || w.manual[handle] {
			w.holding = append(w.holding, held{m, handle, each})
		}
		return true
	default:
		return false
	}
}

func (w *model) answer(all bool) {
	for len(w.holding) > 0 {
		i := w.random.IntN(len(w.holding))
		h := w.holding[i]
		w.holding = slices.Delete(w.holding, i, i+1)
		if err := h.m.ticket.Answer(codec.Success, nil); err != nil {
			require.ErrorIs(w, err, ErrStale)
		}
		if !all {
			return
		}
	}
}

func (w *model) giveBack() {
	for i, h := range w.holding {
		if h.each {
			w.holding = slices.Delete(w.holding, i, i+1)
			n, _ := strconv.Atoi(h.m.text[len(w.topicOf(h.m))+1:])
			if !h.m.ticket.revoked() && (!h.m.again || h.m.qos == codec.ExactlyOnce) {
				w.had[h.handle][n]-- // it will be handed out again
			}
			w.handles[h.handle].GiveBack(h.m, h.m.ticket)
			return
		}
	}
}

func (w *model) topicOf(m *message) string { return m.text[:slices.Index([]byte(m.text), '=')] }

// drain lets all come to its end.
func (w *model) drain() {
	for idle := 0; idle < 6; idle++ {
		for i := range w.handles {
			for w.receive(i, false) {
				idle = 0
			}
		}
		if len(w.holding) > 0 {
			w.answer(true)
			idle = 0
		}
		w.serve()
	}
}

// check looks that nothing was lost, nothing of QoS 2 came twice, and all accounts are level.
func (w *model) check() {
	require.Empty(w, w.inflight)
	require.Empty(w, w.expected)
	require.Empty(w, w.holding)
	for n, topic := range w.topics {
		elsewhere := false
		for i, filter := range slices.Backward(w.filters) {
			matches := i > 0 && codec.Match(filter, topic) || i == 0 && !elsewhere
			if matches && !w.lost[n] && topic != "c" {
				require.Positive(w, w.had[i][n], "message %d to %s on stream %d", n, topic, i)
			}
			elsewhere = elsewhere || matches
		}
	}
	w.end()
	d := w.d
	require.Zero(w, d.unfinished)
	require.Zero(w, d.out)
	require.Zero(w, d.carried)
	require.Zero(w, d.heldBytes)
	require.Zero(w, d.looseBytes)
	require.Zero(w, d.order.len())
	require.Zero(w, d.order.settled)
	require.Empty(w, d.exactly.index)
	require.Empty(w, d.handed)
}

// change declares a stream for the topic c, or closes it and says a while later that the server has forgotten it.
func (w *model) change() {
	switch {
	case w.passing == nil:
		cfg := StreamConfig{Ack: AckMode(1 + w.random.IntN(2)), Overflow: Overflow(1 + w.random.IntN(3)), Inbox: Bounds{1 + w.random.IntN(4), 100}}
		w.passing = w.declare(cfg, "c")
		w.stream("c", cfg.Ack == AckManual, w.passing)
	case !w.passing.Closed():
		require.NoError(w, w.passing.Close(w.Context()))
	default:
		w.note(notice{retired: []retirement{{stream: w.passing.Number()}}})
		w.passing = nil
	}
}

func TestContractAgainstAModel(t *testing.T) {
	for _, v := range []codec.Version{codec.V311, codec.V5} {
		for seed := range uint64(100) {
			t.Run(fmt.Sprintf("%s/%d", v, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg := settings()
					cfg.hard = Bounds{1000, 1 << 20}
					w := &model{rig: newRig(t, cfg), random: rand.New(rand.NewPCG(seed, uint64(v))), version: v, publishes: seed%2 == 1, lost: make(map[int]bool), ones: make(map[int]bool)}
					w.stream("", false, w.messages)
					w.stream("a/#", false, nil)
					w.stream("+/x", true, nil)
					w.up(v, false)
					for range 300 {
						w.step()
					}
					w.drain()
					w.check()
				})
			})
		}
	}
}

func (w *model) stream(filter string, manual bool, h *StreamHandle[*message]) {
	if h == nil {
		ack := AckOnTake
		if manual {
			ack = AckManual
		}
		h = w.declare(StreamConfig{Ack: ack}, filter)
	}
	w.handles = append(w.handles, h)
	w.filters = append(w.filters, filter)
	w.manual = append(w.manual, manual)
	w.had = append(w.had, make(map[int]int))
}

func (w *model) step() {
	w.look()
	switch k := w.random.IntN(40); {
	case k == 0:
		w.reconnect()
	case k == 1:
		w.change()
	case k == 2 && w.publishes:
		w.note(notice{answerOwed: !w.d.answerOwed})
	case k < 8:
		if !w.held {
			w.publish()
		}
	case k < 30:
		w.consume()
	default:
		w.serve()
	}
	for _, had := range w.had {
		for n, times := range had {
			require.True(w, times <= 1 || w.ones[n], "message %d was handed out %d times", n, times)
		}
	}
}
