package actor

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// send has a table see one message in the automatic mode, and tells how it left: "t 1", "1" or "t".
func (a *aliasTable) send(topic string) string {
	t := []byte(topic)
	if alias := a.of(t); alias != 0 {
		a.use(alias)
		return fmt.Sprint(alias)
	}
	alias := a.give(t)
	if alias == 0 {
		return topic
	}
	a.set(alias, t)
	return fmt.Sprintf("%s %d", topic, alias)
}

func (a *aliasTable) sendAll(topics ...string) (left []string) {
	for _, topic := range topics {
		left = append(left, a.send(topic))
	}
	return left
}

func TestAliasTable(t *testing.T) {
	t.Run("the one that has gone unused the longest makes room", func(t *testing.T) {
		a := &aliasTable{most: 3}
		require.Equal(t, []string{"t1 1", "t2 2", "t3 3", "1", "3", "t4 2", "1", "t2 3"}, a.sendAll("t1", "t2", "t3", "t1", "t3", "t4", "t1", "t2"))
	})
	t.Run("a caller's alias takes it from its topic, and isn't given out while it has one", func(t *testing.T) {
		a := &aliasTable{most: 3}
		a.set(2, []byte("mine"))
		require.Equal(t, []string{"first 1", "third 3", "2"}, a.sendAll("first", "third", "mine"))
		a.set(1, []byte("yours"))
		require.Equal(t, []string{"1", "first 3"}, a.sendAll("yours", "first"))
	})
	t.Run("a topic with two aliases leaves by the latest, and the server knows both", func(t *testing.T) {
		a := &aliasTable{most: 3}
		a.set(1, []byte("twice"))
		a.set(3, []byte("twice"))
		require.Equal(t, "3", a.send("twice"))
		require.True(t, a.knows(1, []byte("twice")))
		a.set(3, []byte("other"))
		require.Equal(t, "twice 2", a.send("twice"))
		a.use(1)
		require.Equal(t, "1", a.send("twice"))
	})
	t.Run("B252 a topic of one byte gets none, one that gains nothing takes none from one that gains", func(t *testing.T) {
		a := &aliasTable{most: 2}
		require.Equal(t, []string{"a", "ab 1", "long 2", "longer 1", "abc", "abc", "2"}, a.sendAll("a", "ab", "long", "longer", "abc", "abc", "long"))
	})
	t.Run("B252 topics that are seen once take no aliases any more once that has cost too much", func(t *testing.T) {
		a := &aliasTable{most: 2}
		var last string
		for i := range 200 {
			last = a.send(fmt.Sprintf("once/%d", i))
		}
		require.Equal(t, "once/199", last)
		require.Equal(t, []string{"again", "again 1", "1"}, a.sendAll("again", "again", "again"))
		for range 100 {
			a.send("again")
		}
		require.Equal(t, "newer 2", a.send("newer"), "it has paid since")
	})
	t.Run("the topics' bytes are bounded, whatever the server allows", func(t *testing.T) {
		a := &aliasTable{most: 65535}
		for i := range 100 {
			require.Contains(t, a.send(strings.Repeat(string(rune('a'+i%26)), 65000)+fmt.Sprint(i)), " ")
			require.LessOrEqual(t, a.bytes, aliasBytes)
		}
		require.Equal(t, aliasBytes/65001, len(a.byAlias))
	})
	t.Run("all of 65535 are given, and no more", func(t *testing.T) {
		a := &aliasTable{most: 65535}
		for i := range 65535 {
			require.Equal(t, uint16(i+1), a.give([]byte("topic")))
			a.set(uint16(i+1), fmt.Append(nil, "t", i))
		}
		require.Equal(t, "other 1", a.send("other"))
	})
	t.Run("a topic that is known takes no memory", func(t *testing.T) {
		a := &aliasTable{most: 10}
		topics := [][]byte{[]byte("some/topic"), []byte("another/topic")}
		for i, topic := range topics {
			a.set(uint16(i+1), topic)
		}
		require.Zero(t, testing.AllocsPerRun(100, func() {
			for _, topic := range topics {
				a.use(a.of(topic))
				a.set(a.of(topic), topic)
			}
		}))
	})
}

// check looks at what must always hold.
func (a *aliasTable) check(t *testing.T, most int) {
	listed, bytes := 0, 0
	var before *aliasSlot
	for s := a.oldest; s != nil; before, s = s, s.newer {
		require.Same(t, a.byAlias[s.alias], s)
		require.Equal(t, before, s.older)
		listed++
		bytes += len(s.topic)
	}
	require.Same(t, a.newest, before)
	require.Len(t, a.byAlias, listed)
	require.Equal(t, bytes, a.bytes)
	require.LessOrEqual(t, listed, most)
	for topic, s := range a.byTopic {
		require.Equal(t, topic, s.topic)
		require.Same(t, a.byAlias[s.alias], s)
	}
}

// Whatever is published with whatever alias in whatever mode, over connections of whatever limits: a server that does as
// §3.3.2.3.4 says reads each message with its topic.
func FuzzAliases(f *testing.F) {
	f.Add([]byte{2, 3, 0, 0, 0, 1, 0, 2, 0, 0, 0, 2, 0, 3})
	f.Add([]byte{1, 3, 9, 0, 0, 8, 9, 1, 0, 0, 0, 1, 0, 255, 4, 8, 1})
	f.Add([]byte{0, 10, 17, 3, 18, 3, 8, 0, 16, 0})
	topics := []string{"a", "ab", "abc", "abcd", "a/long/topic", "another/long/topic", "third", "fourth/topic"}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 2 {
			return
		}
		r := &reference{T: t, names: map[uint16]string{}}
		out := &tracker{cfg: &Config{TopicAlias: AliasMode(data[0] % 3)}}
		out.limits = limits{version: codec.V5, maxPacket: 60, aliases: uint16(data[1] % 8)}
		out.dropAliases()
		for pair := range slices.Chunk(data[2:], 2) {
			if len(pair) < 2 {
				return
			}
			if pair[0] == 255 {
				out.limits.aliases, out.limits.maxPacket = uint16(pair[1]%8), 20+int(pair[1])
				out.dropAliases()
				r.names = map[uint16]string{}
				continue
			}
			op := &Op{traits: traits{state: opQueued, dup: pair[0] >= 240}}
			topic := topics[pair[1]%8]
			if most := out.limits.aliases; most > 0 && pair[0]&24 != 0 {
				op.Alias, op.nameless = 1+uint16(pair[0]&7)%most, pair[0]&16 != 0
			}
			require.NoError(t, op.Message.Set(&codec.Publish{Topic: topic, Payload: make([]byte, pair[1]>>3)}))
			before := codec.Sending{Version: codec.V5, TopicAlias: op.Alias}
			if op.dup {
				before.TopicAlias = 0
			}
			s := before
			out.alias(op, &s)
			if op.Alias == 0 && op.Message.Size(&before) <= out.limits.maxPacket {
				require.LessOrEqual(t, op.Message.Size(&s), out.limits.maxPacket, "an alias made %q too large", topic)
			}
			require.Equal(t, topic, r.reads(op, &s, out.limits.aliases))
			require.Equal(t, op.dup, op.dup && s.TopicAlias == 0)
			out.aliases.check(t, int(out.limits.aliases))
		}
	})
}

// reference is the server's side of aliases.
type reference struct {
	*testing.T
	names map[uint16]string
}

func (r *reference) reads(op *Op, s *codec.Sending, most uint16) string {
	d := codec.Dialect{Version: codec.V5, From: codec.FromClient}
	f, _, err := codec.Next(op.Message.Append(nil, s), d, 0)
	require.NoError(r, err)
	var p codec.Publish
	require.NoError(r, p.Decode(f, d))
	if p.Properties == nil || p.Properties.TopicAlias == 0 {
		return p.Topic
	}
	alias := p.Properties.TopicAlias
	require.LessOrEqual(r, alias, most)
	if p.Topic != "" {
		r.names[alias] = p.Topic
	}
	return r.names[alias]
}

// What is encoded takes no memory for the sake of its alias, once its topic has one: with none, by hand, and automatically.
func TestEncodingWithAnAliasTakesNoMemory(t *testing.T) {
	for _, mode := range []AliasMode{AliasOff, AliasReuse, AliasAuto} {
		for _, asked := range []uint16{0, 2} {
			out := &tracker{cfg: &Config{TopicAlias: mode}}
			out.limits = limits{version: codec.V5, maxPacket: 1000, aliases: 10, maxQoS: codec.ExactlyOnce, retain: true}
			out.dropAliases()
			op := &Op{traits: traits{state: opQueued}, Alias: asked}
			require.NoError(t, op.Message.Set(&codec.Publish{Topic: "a/topic", Payload: []byte("hi")}))
			buf := &outBuffer{bytes: make([]byte, 0, 100)}
			out.putPublish(buf, op)
			require.Zero(t, testing.AllocsPerRun(100, func() {
				out.name(op)
				if out.allowed(op) != nil {
					panic("it is")
				}
				buf.bytes = buf.bytes[:0]
				out.putPublish(buf, op)
			}), "mode %d, alias %d", mode, asked)
			op.nameless = asked != 0
			buf.bytes = buf.bytes[:0]
			out.putPublish(buf, op)
			require.Equal(t, mode != AliasAuto && asked == 0, buf.len() == 14, "as mode %d has it with alias %d", mode, asked)
		}
	}
}
