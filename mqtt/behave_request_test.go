package mqtt_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// settled waits until nothing in the bubble moves.
func settled() { synctest.Wait() }

func TestRequest(t *testing.T) {
	for _, qos := range []mqtt.QoS{mqtt.AtMostOnce, mqtt.AtLeastOnce, mqtt.ExactlyOnce} {
		bubble(t, fmt.Sprintf("the response topic is granted before a request leaves, and subscribed once, %v", qos), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			call := s.asking(t.Context(), question(qos, "1"))
			sub := mqtttest.Expect[*codec.Subscribe](t, conn)
			require.Len(t, sub.Subscriptions, 1)
			require.Equal(t, codec.ExactlyOnce, sub.Subscriptions[0].QoS)
			quiet(t, conn)
			reply(t, conn, grantOf(sub))
			p := asked(t, conn, "1")
			require.Equal(t, codec.QoS(qos), p.QoS)
			require.Equal(t, sub.Subscriptions[0].Filter, p.Properties.ResponseTopic)
			require.NotEmpty(t, p.Properties.CorrelationData)
			unanswered(t, call)
			reply(t, conn, answering(p, "one"))
			m := replied(t, call, "one")
			require.Equal(t, p.Properties.ResponseTopic, m.Topic)
			require.Equal(t, p.Properties.CorrelationData, m.Properties.CorrelationData)
			require.NoError(t, m.Ack(), "it is acknowledged already")

			again := s.asking(t.Context(), question(qos, "2"))
			q := asked(t, conn, "2")
			require.Equal(t, p.Properties.ResponseTopic, q.Properties.ResponseTopic)
			require.NotEqual(t, p.Properties.CorrelationData, q.Properties.CorrelationData)
			reply(t, conn, answering(q, "two"))
			replied(t, again, "two")
			quiet(t, conn)
		})
	}
	bubble(t, "a thousand at once, answered in any order, each with its own", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		const n = 1000
		calls := make([]<-chan got[*mqtt.Received], n)
		for i := range n {
			calls[i] = s.asking(t.Context(), question(mqtt.AtLeastOnce, numbered(i)))
		}
		var asked []*codec.Publish
		for range n {
			p := mqtttest.Expect[*codec.Publish](t, conn)
			reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
			asked = append(asked, p)
		}
		unanswered(t, calls...)
		rand.Shuffle(n, func(i, k int) { asked[i], asked[k] = asked[k], asked[i] })
		for _, p := range asked {
			reply(t, conn, answering(p, "to "+string(p.Payload)))
		}
		for i, call := range calls {
			replied(t, call, "to "+numbered(i))
		}
		in := s.client.Stats().In
		require.EqualValues(t, n+1, in.Taken)
		require.Zero(t, in.Strays+in.Dropped)
	})
	bubble(t, "a burst of answers at QoS 0 finds room, though requests wait for their PUBACK", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Inbox: mqtt.Bounds{Messages: 1}})
		s.acquainted(conn)
		const n = 500
		calls := make([]<-chan got[*mqtt.Received], n)
		answers := make([]codec.Packet, n)
		for i := range n {
			calls[i] = s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		}
		for i := range n {
			answers[i] = answering(mqtttest.Expect[*codec.Publish](t, conn), "y")
		}
		reply(t, conn, answers...)
		for _, call := range calls {
			replied(t, call, "y")
		}
	})
	bubble(t, "answers of QoS 1 and 2 are acknowledged, whatever Config.Ack says", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Ack: mqtt.AckManual})
		s.acquainted(conn)
		for id, qos := range []codec.QoS{1: codec.AtLeastOnce, 2: codec.ExactlyOnce} {
			if qos == 0 {
				continue
			}
			call := s.asking(t.Context(), question(mqtt.AtMostOnce, "x"))
			p := answering(asked(t, conn, "x"), "y")
			p.QoS, p.PacketID = qos, uint16(id)
			reply(t, conn, p)
			if qos == codec.AtLeastOnce {
				expectNow[*codec.PubAck](t, conn)
			} else {
				expectNow[*codec.PubRec](t, conn)
			}
			replied(t, call, "y")
		}
	})
	bubble(t, "late, doubled and unknown answers are acknowledged, counted, and disturb nobody", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		topic := s.acquainted(conn)
		messages := s.client.Messages()
		ctx, stop := context.WithCancel(t.Context())
		given := s.asking(ctx, question(mqtt.AtLeastOnce, "given up"))
		late := answering(asked(t, conn, "given up"), "late")
		settled()
		stop()
		require.ErrorIs(t, (<-given).err, context.Canceled)

		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		p := asked(t, conn, "x")
		other := answering(p, "other")
		other.Properties = &codec.PublishProperties{CorrelationData: []byte("nobody's")}
		none := &codec.Publish{Topic: topic, Payload: []byte("none")}
		empty := &codec.Publish{Topic: topic, Payload: []byte("none"), Properties: &codec.PublishProperties{CorrelationData: []byte{}}}
		late.QoS, late.PacketID = codec.AtLeastOnce, 7
		reply(t, conn, late, other, none, empty)
		require.EqualValues(t, 7, expectNow[*codec.PubAck](t, conn).PacketID)
		unanswered(t, call)
		reply(t, conn, answering(p, "right"), answering(p, "doubled"))
		replied(t, call, "right")
		settled()
		require.EqualValues(t, 5, s.client.Stats().In.Strays)
		select {
		case m := <-messages:
			t.Fatalf("Messages got %s", m.Payload)
		default:
		}
	})
	bubble(t, "an answer before the PUBACK ends the call, and the message goes on", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		p := mqtttest.Expect[*codec.Publish](t, conn)
		reply(t, conn, answering(p, "y"))
		replied(t, call, "y")
		flushed := later(func() error { return s.client.Flush(soon(t)) })
		pending(t, flushed)
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		require.NoError(t, <-flushed)
	})
	bubble(t, "what the caller gave stays as it is, and may be written to", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		props := &mqtt.PublishProperties{ContentType: "text", UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}}}
		m := question(mqtt.AtLeastOnce, "x")
		m.Properties = props
		call := s.asking(t.Context(), m)
		p := asked(t, conn, "x")
		require.Equal(t, "text", p.Properties.ContentType)
		require.Equal(t, []codec.UserProperty{{Key: "k", Value: "v"}}, p.Properties.UserProperties)
		reply(t, conn, answering(p, "y"))
		replied(t, call, "y")
		require.Equal(t, &mqtt.PublishProperties{ContentType: "text", UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}}}, props)
	})
}

func TestRequestCorrelation(t *testing.T) {
	own := func(data string) mqtt.Message {
		m := question(mqtt.AtLeastOnce, "x")
		m.Properties = &mqtt.PublishProperties{CorrelationData: []byte(data)}
		return m
	}
	bubble(t, "the caller's own is kept, and is its own as long as it waits", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		call := s.asking(t.Context(), own("mine"))
		p := asked(t, conn, "x")
		require.Equal(t, "mine", string(p.Properties.CorrelationData))
		_, err := s.client.Request(t.Context(), own("mine"))
		require.Equal(t, "Message.Properties.CorrelationData", as[*mqtt.ArgumentError](t, err).Name)
		quiet(t, conn)
		unanswered(t, call)
		reply(t, conn, answering(p, "y"))
		replied(t, call, "y")

		again := s.asking(t.Context(), own("mine"))
		reply(t, conn, answering(asked(t, conn, "x"), "z"))
		replied(t, again, "z")
	})
	bubble(t, "the same twice before the response topic is granted", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		first := s.asking(t.Context(), own("mine"))
		sub := mqtttest.Expect[*codec.Subscribe](t, conn)
		settled()
		_, err := s.client.Request(t.Context(), own("mine"))
		as[*mqtt.ArgumentError](t, err)
		reply(t, conn, grantOf(sub))
		reply(t, conn, answering(asked(t, conn, "x"), "y"))
		replied(t, first, "y")
	})
	bubble(t, "empty is none", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		call := s.asking(t.Context(), own(""))
		p := asked(t, conn, "x")
		require.Len(t, p.Properties.CorrelationData, 16)
		reply(t, conn, answering(p, "y"))
		replied(t, call, "y")
	})
}

func TestRequestRefusesLocally(t *testing.T) {
	for name, c := range map[string]struct {
		m     mqtt.Message
		field string
	}{
		"a Response Topic": {mqtt.Message{Topic: "ask", Properties: &mqtt.PublishProperties{ResponseTopic: "mine"}}, "Message.Properties.ResponseTopic"},
		"no topic":         {mqtt.Message{}, "Message.Topic"},
		"a wildcard":       {mqtt.Message{Topic: "ask/+"}, "Message.Topic"},
		"too much Correlation Data": {mqtt.Message{Topic: "ask", Properties: &mqtt.PublishProperties{CorrelationData: make([]byte, 65_536)}},
			"Message.Properties.CorrelationData"},
	} {
		bubble(t, name+" is an error before anything is subscribed", func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			_, err := s.client.Request(t.Context(), c.m)
			require.Equal(t, c.field, as[*mqtt.ArgumentError](t, err).Name)
			require.ErrorContains(t, err, "mqtt: request: ")
			quiet(t, conn)
		})
	}
	bubble(t, "a context that is over", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		ctx, stop := context.WithCancel(t.Context())
		stop()
		_, err := s.client.Request(ctx, question(mqtt.AtLeastOnce, "x"))
		require.ErrorIs(t, err, context.Canceled)
		requireOnly(t, err, mqtt.ErrNotSent)
		quiet(t, conn)
	})
	bubble(t, "more than the server takes", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, announcing(codec.ConnAckProperties{MaximumPacketSize: 200}))
		s.acquainted(conn)
		_, err := s.client.Request(t.Context(), question(mqtt.AtLeastOnce, strings.Repeat("x", 200)))
		require.ErrorIs(t, err, codec.PacketTooLarge)
		requireOnly(t, err, mqtt.ErrNotSent)
	})
}

func TestRequestTopic(t *testing.T) {
	topicOf := func(t *testing.T, cfg mqtt.Config, ack ...codec.ConnAck) string {
		s, conn := up(t, cfg, ack...)
		return s.acquainted(conn)
	}
	for id, want := range map[string]string{
		"plain": "plain", "a/b+c#d%e": "a%2Fb%2Bc%23d%25e", strings.Repeat("é", 200): strings.Repeat("é", 128),
	} {
		bubble(t, "it has the client identifier in it, "+id[:5], func(t *testing.T) {
			topic := topicOf(t, mqtt.Config{ClientID: id})
			require.Regexp(t, "^responses/"+regexp.QuoteMeta(want)+"/[A-Z2-7]{26}$", topic)
			require.NoError(t, codec.CheckTopicName(topic))
		})
	}
	bubble(t, "two clients of one identifier have two", func(t *testing.T) {
		require.NotEqual(t, topicOf(t, mqtt.Config{ClientID: "same"}), topicOf(t, mqtt.Config{ClientID: "same"}))
	})
	bubble(t, "it has the identifier that the server assigned", func(t *testing.T) {
		topic := topicOf(t, mqtt.Config{NoClientID: true}, announcing(codec.ConnAckProperties{AssignedClientIdentifier: "yours"}))
		require.Contains(t, topic, "responses/yours/")
	})
	for _, c := range []struct{ info, want string }{
		{"here/yours", "^here/yours/[A-Z2-7]{26}$"}, {"here/", "^here/[A-Z2-7]{26}$"},
		{"wrong/#", "^responses/me/"}, {strings.Repeat("x", 65_530), "^responses/me/"},
	} {
		bubble(t, fmt.Sprintf("it is where Response Information says, %.10s", c.info), func(t *testing.T) {
			topic := topicOf(t, mqtt.Config{ClientID: "me", RequestResponseInformation: true},
				announcing(codec.ConnAckProperties{ResponseInformation: c.info}))
			require.Regexp(t, c.want, topic)
		})
	}
}

func TestRequestNobodyAnswers(t *testing.T) {
	bubble(t, "no matching subscribers ends the call at once, QoS 1", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		p := mqtttest.Expect[*codec.Publish](t, conn)
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID, Code: codec.NoMatchingSubscribers})
		err := (<-call).err
		refusal := as[*mqtt.ReasonError](t, err)
		require.Equal(t, [2]any{"PUBACK", codec.NoMatchingSubscribers}, [2]any{refusal.Packet, refusal.Code})
		require.ErrorIs(t, err, codec.NoMatchingSubscribers)
	})
	bubble(t, "and QoS 2, whose PUBREC says so", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.ExactlyOnce, "x"))
		p := mqtttest.Expect[*codec.Publish](t, conn)
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID, Code: codec.NoMatchingSubscribers})
		expectRelease(t, conn, p.PacketID)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
		refusal := as[*mqtt.ReasonError](t, (<-call).err)
		require.Equal(t, [2]any{"PUBREC", codec.NoMatchingSubscribers}, [2]any{refusal.Packet, refusal.Code})
	})
	bubble(t, "but a retained request may find somebody yet", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		m := question(mqtt.AtLeastOnce, "x")
		m.Retain = true
		call := s.asking(t.Context(), m)
		p := mqtttest.Expect[*codec.Publish](t, conn)
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID, Code: codec.NoMatchingSubscribers})
		unanswered(t, call)
		reply(t, conn, answering(p, "y"))
		replied(t, call, "y")
	})
	bubble(t, "an answer that came before wins", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		p := mqtttest.Expect[*codec.Publish](t, conn)
		reply(t, conn, answering(p, "y"))
		settled()
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID, Code: codec.QuotaExceeded})
		replied(t, call, "y")
	})
	bubble(t, "a request that is refused ends the call", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		p := mqtttest.Expect[*codec.Publish](t, conn)
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID, Code: codec.NotAuthorized})
		refusedWith(t, (<-call).err, codec.NotAuthorized)
		settled()
		reply(t, conn, answering(p, "late"))
		settled()
		require.EqualValues(t, 1, s.client.Stats().In.Strays)
	})
	bubble(t, "at QoS 0 the context ends the waiting", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		start := time.Now()
		call := s.asking(closing(t, time.Minute), question(mqtt.AtMostOnce, "x"))
		asked(t, conn, "x")
		err := (<-call).err
		require.Equal(t, time.Minute, time.Since(start))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		for _, outcome := range outcomes {
			require.NotErrorIs(t, err, outcome)
		}
	})
}

// What the client itself allocates for a request beside the message that its caller gets: its properties as given and as sent,
// Correlation Data and its key, and the packet that came. The scripted server's share is in it, too, so the bound isn't tight.
func TestRequestAllocates(t *testing.T) {
	client := oracle(t)
	m := question(mqtt.AtLeastOnce, "x")
	ask := func() {
		_, err := client.Request(t.Context(), m)
		require.NoError(t, err)
	}
	ask()
	require.LessOrEqual(t, testing.AllocsPerRun(2000, ask), 40.0)
}
