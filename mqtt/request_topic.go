package mqtt

import (
	"context"
	"crypto/rand"
	"strings"
	"unicode/utf8"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// join has w wait at the response topic in use, or at a new one.
func (c *Client) join(ctx context.Context, m *Message, w *actor.Wait[*Received]) (*actor.Answers[*Received], error) {
	for {
		a := c.core.Answers()
		if a != nil {
			word, joined := a.Join(w)
			if joined {
				return a, nil
			}
			if word.Last {
				c.streamOf(a.Tag).abandon()
			}
		}
		if err := c.renew(ctx, m, a); err != nil {
			return nil, notSent(c.ended(err))
		}
	}
}

// renew makes a response topic in the place of old, which serves no more. What the server says of response topics has to be
// known first, and its version.
func (c *Client) renew(ctx context.Context, m *Message, old *actor.Answers[*Received]) error {
	if cause := c.core.Cause(); cause != nil {
		return cause
	}
	if c.refusesOffline(m) && c.core.View().State != actor.StateConnected {
		return ErrNotConnected
	}
	ack, connected := c.ConnAck()
	if !connected {
		if err := c.core.AwaitConnected(ctx); err != nil {
			return err
		}
		ack, _ = c.ConnAck()
	}
	if ack.Version != V5 {
		return ErrVersion
	}
	return c.core.Renew(old, func() (*actor.Answers[*Received], error) {
		topic := responseTopic(&ack)
		s := &Stream{client: c, filters: []string{topic}}
		a, err := c.core.NewAnswers(s, topic, ack.ResponseInformation)
		if err != nil {
			return nil, err
		}
		s.core, s.op = a.StreamHandle, a.Op
		return a, nil
	})
}

// refusesOffline says that Config doesn't let m wait for a connection.
func (c *Client) refusesOffline(m *Message) bool {
	return c.settings.Offline == OfflineReject || c.settings.NoOfflineQoS0 && m.QoS == AtMostOnce
}

// inTopic writes what a level of a topic can't hold as URLs do.
var inTopic = strings.NewReplacer("%", "%25", "+", "%2B", "#", "%23", "/", "%2F")

// longestPart is how many bytes of a client identifier go into a response topic.
const longestPart = 256

// responseTopic makes a topic that nobody else has, where the server wants it, or under the client identifier.
func responseTopic(ack *ConnAck) string {
	if base := strings.TrimSuffix(ack.ResponseInformation, "/"); base != "" {
		if topic := base + "/" + rand.Text(); codec.CheckTopicName(topic) == nil {
			return topic
		}
	}
	name := ack.ClientID
	for len(name) > longestPart {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	return "responses/" + inTopic.Replace(name) + "/" + rand.Text()
}
