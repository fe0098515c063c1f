package actor

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestPacketIdentifiers(t *testing.T) {
	t.Run("B235 increase, never zero, wrap to 1 after 65535", func(t *testing.T) {
		var table ids
		require.Zero(t, table.last)
		for want := 1; want <= 65535; want++ {
			op := new(Op)
			require.True(t, table.take(op))
			require.EqualValues(t, want, op.id)
			require.EqualValues(t, want, table.last)
			table.free(op)
		}
		op := new(Op)
		require.True(t, table.take(op))
		require.EqualValues(t, 1, op.id)
		require.EqualValues(t, 1, table.last)
	})
	t.Run("B236 skip those in use, exhaustion after 65535, again after one is free", func(t *testing.T) {
		var table ids
		all := make([]*Op, 0, 65535)
		for range 65535 {
			op := new(Op)
			require.True(t, table.take(op))
			all = append(all, op)
		}
		op := new(Op)
		require.False(t, table.take(op))
		table.free(all[4711])
		require.True(t, table.take(op))
		require.EqualValues(t, 4712, op.id)
		require.False(t, table.take(new(Op)))
		for _, o := range all {
			table.free(o)
		}
		table.free(op)
		require.Zero(t, table.used)
		require.True(t, table.take(new(Op)))
	})
	t.Run("B236 the next one that is free is found, wherever it is", func(t *testing.T) {
		var table ids
		all := make([]*Op, 65536)
		for i := 1; i <= 65535; i++ {
			all[i] = new(Op)
			require.True(t, table.take(all[i]))
		}
		free := []int{1, 2, 255, 256, 257, 511, 512, 4711, 4712, 40_000, 65_279, 65_280, 65_534, 65_535}
		for _, id := range free {
			table.free(all[id])
		}
		for _, id := range free {
			op := new(Op)
			require.True(t, table.take(op))
			require.EqualValues(t, id, op.id)
		}
		require.False(t, table.take(new(Op)))
	})
	t.Run("B237 claiming one in use fails", func(t *testing.T) {
		var table ids
		require.True(t, table.claim(&Op{id: 7}))
		require.False(t, table.claim(&Op{id: 7}))
		require.False(t, table.claim(&Op{}))
	})
	t.Run("Regression15 no reuse in flight while some are never answered", func(t *testing.T) {
		var table ids
		var stuck, open []*Op
		for i := range 2_000_000 {
			op := new(Op)
			if !table.take(op) {
				t.Fatal("exhausted")
			}
			switch {
			case i%1000 == 0 && len(stuck) < 600: // never answered
				stuck = append(stuck, op)
			default:
				open = append(open, op)
			}
			if len(open) > 50 {
				table.free(open[0])
				open = open[1:]
			}
		}
		for _, op := range stuck {
			if table.get(op.id) != op {
				t.Fatal("an identifier in flight was given out again")
			}
		}
	})
}

func TestLaneKeepsCallOrder(t *testing.T) {
	var l lane
	ops := make([]*Op, 5000)
	for i := range ops {
		ops[i] = &Op{seq: uint64(i + 1)}
		l.push(ops[i])
	}
	for i := range 3000 {
		require.Same(t, ops[i], l.first())
		require.Same(t, ops[i], l.pop())
	}
	require.False(t, l.remove(ops[10]), "it has gone")
	require.True(t, l.remove(ops[4000]))
	require.False(t, l.remove(ops[4000]))
	l.merge([]*Op{ops[2999], ops[7]})
	require.Same(t, ops[7], l.pop())
	require.Same(t, ops[2999], l.pop())
	require.Same(t, ops[3000], l.pop())
	require.Equal(t, 5000-3001-1, l.len())
	for l.len() > 0 {
		l.pop()
	}
	require.Nil(t, l.first())
}

func TestLaneAgainstAModel(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 6 {
		var l lane
		var want []*Op // what waits, in call order
		var out []*Op  // what was taken out
		seq := uint64(0)
		take := func(i int) *Op {
			op := want[i]
			want = slices.Delete(want, i, i+1)
			return op
		}
		for range 6000 {
			switch k := random.IntN(1000); {
			case k < 550 && seq < 3000:
				seq++
				want = append(want, &Op{seq: seq})
				l.push(want[len(want)-1])
			case k < 700 && len(want) > 0:
				require.Same(t, take(0), l.pop())
			case k < 990 && len(want) > 0:
				op := take(random.IntN(len(want)))
				require.True(t, l.remove(op))
				require.False(t, l.remove(op))
				out = append(out, op)
			case k < 995 && len(out) > 0:
				back := out[random.IntN(len(out)):]
				out = out[:len(out)-len(back)]
				l.merge(back)
				want = append(want, back...)
				slices.SortFunc(want, func(a, b *Op) int { return cmp.Compare(a.seq, b.seq) })
			case k < 997: // ours, without a number
				first := []*Op{new(Op), new(Op)}
				l.unpop(first)
				require.True(t, l.remove(first[random.IntN(2)]))
				require.Contains(t, first, l.pop())
			}
			require.Equal(t, len(want), l.len())
			if len(want) == 0 {
				require.Nil(t, l.first())
				continue
			}
			require.Same(t, want[0], l.first())
		}
		require.True(t, slices.Equal(want, l.list()))
		require.LessOrEqual(t, l.gaps, max(1024, len(want)), "gaps take no more than what waits")
	}
}

func TestFlightKeepsTheOrderOfFirstSending(t *testing.T) {
	var f flight
	a, b, c, d := new(Op), new(Op), new(Op), new(Op)
	f.push(a)
	f.push(b)
	f.push(c)
	f.replace(b, d)
	require.Equal(t, []*Op{a, d, c}, f.all())
	f.remove(a)
	f.remove(c)
	require.Equal(t, []*Op{d}, f.all())
	f.replace(d, a)
	require.Equal(t, []*Op{a}, f.all())
	f.remove(a)
	require.Nil(t, f.first)
	require.Nil(t, f.last)
	require.Zero(t, f.len)
}

func TestEpochsTellWhenAllBeforeAMarkHasEnded(t *testing.T) {
	var e epochs
	require.True(t, e.passed(e.mark()), "nothing is open")
	a, b := e.begin(), e.begin()
	m := e.mark()
	c := e.begin()
	require.False(t, e.passed(m))
	e.end(b)
	e.end(c)
	require.False(t, e.passed(m))
	later := e.mark()
	e.end(a)
	require.True(t, e.passed(m))
	require.True(t, e.passed(later))
	require.True(t, e.passed(e.mark()))
}

func TestWantedFilters(t *testing.T) {
	sub := func(filter string, qos codec.QoS) Subscription {
		return Subscription{Subscription: codec.Subscription{Filter: filter, QoS: qos}}
	}
	t.Run("contract 9: the highest QoS asked, until nobody wants it", func(t *testing.T) {
		var w wanted
		f, added := w.add(0, sub("a", codec.ExactlyOnce))
		require.True(t, added)
		_, added = w.add(0, sub("a", codec.AtMostOnce))
		require.False(t, added)
		_, added = w.add(7, sub("a", codec.AtLeastOnce))
		require.True(t, added)
		require.Equal(t, codec.ExactlyOnce, f.sub.QoS)
		require.False(t, w.drop(0, "a"))
		require.True(t, w.holds(7, "a"))
		require.True(t, w.drop(7, "a"))
		require.True(t, w.drop(7, "never"))
	})
	t.Run("what is lacking comes in the order of asking", func(t *testing.T) {
		var w wanted
		for _, name := range []string{"z", "a", "m"} {
			w.add(0, sub(name, 0))
		}
		w.filters["a"].held = true
		lacking := w.lacking()
		require.Len(t, lacking, 2)
		require.Equal(t, "z", lacking[0].sub.Filter)
		require.Equal(t, "m", lacking[1].sub.Filter)
		w.lost()
		require.Len(t, w.lacking(), 3)
	})
	t.Run("identifiers: one for a filter, none for Messages alone, the user's first", func(t *testing.T) {
		var w wanted
		f, _ := w.add(0, sub("a", 0))
		require.Zero(t, w.identify(f))
		w.add(3, sub("a", 0))
		require.EqualValues(t, firstIdentifier, w.identify(f))
		require.EqualValues(t, firstIdentifier, w.identify(f))
		g, _ := w.add(3, sub("b", 0))
		require.EqualValues(t, firstIdentifier+1, w.identify(g))
		own := sub("c", 0)
		own.Identifier = 12
		h, _ := w.add(3, own)
		require.EqualValues(t, 12, w.identify(h))
	})
}

func TestPingerJudges(t *testing.T) { // §3.1.2.10
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	cases := []struct {
		name   string
		pinged int // -1: none is out
		now    int
		a      activity
		again  int
		ping   bool
		dead   bool
	}{
		{"B268 no PINGREQ before three quarters", -1, 30, activity{left: at(0), came: at(0)}, 15, false, false},
		{"B267 due at three quarters", -1, 45, activity{left: at(0), came: at(0)}, 30, true, false},
		{"B271 sending doesn't postpone it", -1, 45, activity{left: at(45), came: at(0)}, 30, true, false},
		{"B276 receiving doesn't postpone it", -1, 45, activity{left: at(0), came: at(45)}, 30, true, false},
		{"B269 PINGRESP in time", 45, 75, activity{left: at(45), came: at(46), pong: at(46)}, 15, false, false},
		{"B277 other packets don't stand for PINGRESP", 45, 75, activity{left: at(74), came: at(74)}, 0, false, true},
		{"B152 held by our own application: nothing ends, the duty to send goes on", 45, 75, activity{left: at(45), came: at(45), held: at(75)}, 30, true, false},
		{"patience for PingTimeout after", 45, 90, activity{left: at(75), came: at(45), held: at(75)}, 30, true, false},
		{"and no longer", 45, 105, activity{left: at(75), came: at(45), held: at(75)}, 0, false, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ping := make(chan struct{}, 1)
			p := &pinger{interval: time.Minute, patience: 30 * time.Second, ping: ping}
			if c.pinged >= 0 {
				p.pinged = at(c.pinged)
			}
			again, err := p.judge(at(c.now), &c.a)
			if c.dead {
				require.ErrorIs(t, err, ErrNoPingResp)
				return
			}
			require.NoError(t, err)
			require.Equal(t, time.Duration(c.again)*time.Second, again)
			require.Equal(t, c.ping, len(ping) == 1)
		})
	}
}

func TestSlabCutsPayloadsThatAreTheirOwn(t *testing.T) {
	var s slab
	a, b := s.copy([]byte("one")), s.copy([]byte("two"))
	require.Equal(t, len(a), cap(a))
	a = append(a, "overwritten?"...)
	require.Equal(t, "two", string(b))
	require.Nil(t, s.copy(nil))
	big := make([]byte, slabMax+1)
	own := s.copy(big)
	require.Len(t, own, slabMax+1)
	require.NotSame(t, &big[0], &own[0])
	_ = a
}

func TestTopicsKeepABoundedNumber(t *testing.T) {
	var names topics
	for i := range 3 * topicsKept {
		names.keep(string(rune('a'+i%26)) + time.Duration(i).String())
	}
	require.Len(t, names.names, topicsKept)
	require.Len(t, names.ring, topicsKept)
	long := strings.Repeat("x", topicLongest+1)
	names.keep(long)
	require.NotContains(t, names.names, long, "contract 20: what is kept has a bound in bytes, too")
	names.keep(long[1:])
	require.Contains(t, names.names, long[1:])
}

func TestAliasesFromTheServer(t *testing.T) {
	a := aliases{max: 3}
	resolve := func(topic string, alias uint16) (string, error) {
		p := codec.Publish{Topic: topic, Properties: &codec.PublishProperties{TopicAlias: alias}}
		err := a.resolve(&p)
		return p.Topic, err
	}
	for _, c := range []struct {
		topic string
		alias uint16
		want  string
		code  codec.ReasonCode
	}{
		{"t1", 1, "t1", 0}, {"", 1, "t1", 0}, {"t2", 1, "t2", 0}, {"", 1, "t2", 0},
		{"", 2, "", codec.ProtocolError}, {"t", 4, "", codec.TopicAliasInvalid},
	} {
		got, err := resolve(c.topic, c.alias)
		if c.code != 0 {
			require.ErrorIs(t, err, c.code)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
}
