package actor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func found(r *routes, topic string, ids ...uint32) (list []uint64) {
	p := &codec.Publish{Topic: topic}
	if len(ids) > 0 {
		p.Properties = &codec.PublishProperties{SubscriptionIdentifiers: ids}
	}
	for _, b := range r.find(p, nil) {
		list = append(list, b.number)
	}
	slices.Sort(list)
	return list
}

func TestRoutes(t *testing.T) {
	t.Run("§4.7", func(t *testing.T) {
		for _, c := range []struct{ filter, matching, other string }{
			{"a", "a", "b a/ /a a/b A"},
			{"a/b", "a/b", "a a/b/ a/c"},
			{"+", "a", "/a a/b $SYS"},
			{"+/+", "a/b / /a", "a a/b/c $SYS/a"},
			{"/+", "/a /", "a"},
			{"a/+", "a/b a/", "a a/b/c"},
			{"a/+/c", "a/b/c a//c", "a/c a/b/b/c"},
			{"#", "a a/b / /a a//", "$SYS $SYS/a"},
			{"a/#", "a a/ a/b a/b/c", "ab b"},
			{"+/#", "a a/b /", "$SYS/a"},
			{"a/+/#", "a/b a/b/c a/", "a"},
			{"$SYS/#", "$SYS $SYS/a", "SYS a/$SYS"},
			{"$SYS/+", "$SYS/a", "$SYS"},
			{"a/$b", "a/$b", "a/b"},
			{"$share/g/a/#", "a a/b", "$share/g/a"},
			{"$share/g/+", "a", "$SYS a/b"},
		} {
			var r routes
			b := &branch{number: 1, filters: []string{c.filter}}
			r.add(b)
			for topic := range strings.FieldsSeq(c.matching) {
				require.Equal(t, []uint64{1}, found(&r, topic), "%s %s", c.filter, topic)
				require.True(t, r.leadsTo(b, &codec.Publish{Topic: topic}), "%s %s", c.filter, topic)
			}
			for topic := range strings.FieldsSeq(c.other) {
				require.Empty(t, found(&r, topic), "%s %s", c.filter, topic)
				require.False(t, r.leadsTo(b, &codec.Publish{Topic: topic}), "%s %s", c.filter, topic)
			}
			r.remove(b)
			require.Zero(t, r.filters)
			require.Empty(t, r.root.next)
			require.Nil(t, r.root.plus)
			require.Nil(t, r.root.hash)
		}
	})
	t.Run("agrees with codec.Match, and leaves nothing behind", func(t *testing.T) {
		random := rand.New(rand.NewPCG(3, 4))
		levels := []string{"a", "b", "", "+", "$c"}
		text := func(wild bool) string {
			var parts []string
			for range 1 + random.IntN(4) {
				parts = append(parts, levels[random.IntN(len(levels))])
			}
			if wild && random.IntN(3) == 0 {
				parts = append(parts, "#")
			}
			s := strings.Join(parts, "/")
			if !wild {
				s = strings.ReplaceAll(s, "+", "p")
			}
			if s == "" {
				return "a"
			}
			return s
		}
		for range 50 {
			var r routes
			var branches []*branch
			for i := range 30 {
				b := &branch{number: uint64(i + 1)}
				for range 1 + random.IntN(3) {
					filter := text(true)
					if k := random.IntN(6); k < 3 {
						filter = fmt.Sprintf("$share/%d/%s", k, filter)
					}
					b.filters = append(b.filters, filter)
				}
				r.add(b)
				branches = append(branches, b)
			}
			for len(branches) > 0 {
				for range 20 {
					topic := text(false)
					var want []uint64
					for _, b := range branches {
						if slices.ContainsFunc(b.filters, func(f string) bool { return codec.Match(f, topic) }) {
							want = append(want, b.number)
						}
					}
					require.Equal(t, want, found(&r, topic), topic)
				}
				i := random.IntN(len(branches))
				r.remove(branches[i])
				branches = slices.Delete(branches, i, i+1)
			}
			require.Zero(t, r.filters)
			require.Empty(t, r.root.next)
			require.Nil(t, r.root.plus)
			require.Nil(t, r.root.hash)
		}
	})
	t.Run("B158 a shared filter and the plain one are two, with identifiers of their own", func(t *testing.T) {
		var r routes
		shared, plain := &branch{number: 1, filters: []string{"$share/g/a"}}, &branch{number: 2, filters: []string{"a"}}
		r.add(shared)
		r.add(plain)
		require.Equal(t, []uint64{1, 2}, found(&r, "a"))
		r.identifiers.tell(identifier{8, "$share/g/a"})
		r.identifiers.tell(identifier{9, "a"})
		require.Equal(t, []uint64{1}, found(&r, "a", 8))
		require.Equal(t, []uint64{2}, found(&r, "a", 9))
		r.remove(shared)
		require.Equal(t, []uint64{2}, found(&r, "a"))
	})
}

func TestIdentifiers(t *testing.T) {
	publish := func(ids ...uint32) *codec.Publish {
		return &codec.Publish{Topic: "t", Properties: &codec.PublishProperties{SubscriptionIdentifiers: ids}}
	}
	t.Run("contract 10: an identifier is, or was on this connection, a filter's", func(t *testing.T) {
		var m identifiers
		require.Empty(t, m.known(publish(1), nil))
		require.Empty(t, m.known(&codec.Publish{}, nil))
		m.tell(identifier{1, "a"})
		m.tell(identifier{1, "b"})
		m.tell(identifier{2, "a"})
		require.Equal(t, []uint32{1, 2}, m.known(publish(1, 5, 2), nil))
		require.True(t, m.belong([]uint32{1}, "a"))
		require.True(t, m.belong([]uint32{1}, "b"))
		require.True(t, m.belong([]uint32{5, 2}, "a"))
		require.False(t, m.belong([]uint32{2}, "b"))
		m.connected()
		require.False(t, m.belong([]uint32{1}, "a"), "that was on the connection before")
		require.True(t, m.belong([]uint32{1}, "b"))
		require.True(t, m.belong([]uint32{2}, "a"))
	})
	t.Run("one that comes back is a filter's again", func(t *testing.T) {
		var m identifiers
		for _, id := range []uint32{1, 2, 1} {
			m.tell(identifier{id, "a"})
		}
		m.connected()
		require.True(t, m.belong([]uint32{1}, "a"))
		require.False(t, m.belong([]uint32{2}, "a"))
		require.Empty(t, m.known(publish(2), nil))
	})
	t.Run("zero forgets a filter's", func(t *testing.T) {
		var m identifiers
		m.tell(identifier{0, "a"})
		m.tell(identifier{1, "a"})
		m.tell(identifier{0, "a"})
		require.Empty(t, m.known(publish(1), nil))
		require.Empty(t, m.now)
		require.Empty(t, m.pairs)
		require.Empty(t, m.count)
	})
}

func TestUnclaimedTopicsAreBounded(t *testing.T) {
	var u unclaimed
	for i := range mostTopics + 10 {
		u.add(strconv.Itoa(i))
		u.add(strconv.Itoa(i))
	}
	told := u.tell()
	require.Len(t, told, mostTopics)
	require.Equal(t, EventUnclaimed{"0", 2}, told[0])
	u.add("0")
	u.add("9999")
	require.Empty(t, u.tell())
}
