package intake

import (
	"context"
	"errors"
	"time"

	"github.com/sluicemq/sluice/mqtt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// Item is a message and when it came.
type Item struct {
	*mqtt.Received
	At time.Time
}

// Source is a connection whose messages are handed over in batches.
type Source struct {
	Client  *mqtt.Client
	Batches <-chan []Item // closed at the end, of which Err says the reason

	app     *app.App
	watched <-chan struct{}
	news    *news
	taker   *taker
	over    <-chan struct{} // the taker has ended
	quit    context.CancelFunc
}

// news are what the events told. It belongs to the watcher until the client has ended.
type news struct {
	refused chan<- error // to the taker, a signal: a new connection refused a filter
	linked  chan bool    // to the taker, the last word counts: whether there is a connection
	dropped int          // messages of QoS 0 that found no room
}

// largestPacket is what the protocol allows, in bytes (§2.1.4).
const largestPacket = 268_435_460

// Open connects and subscribes. The end of ctx ends the taking, in order. What it returns has to be closed.
func (f *Flags) Open(ctx context.Context, a *app.App, cfg mqtt.Config, properties *app.Properties) (*Source, error) {
	subs, err := f.subscriptions(properties)
	if err != nil {
		return nil, err
	}
	cfg.Ack = mqtt.AckManual
	cfg.Lenient = true // 3.x has no options of a subscription
	if cfg.MaxPacketSize == 0 {
		cfg.MaxPacketSize = largestPacket // a server leaves out what is larger, without a word
	}
	c, err := mqtt.New(cfg)
	if err != nil {
		return nil, err
	}
	refused := make(chan error, 1)
	s := &Source{Client: c, app: a, news: &news{refused: refused, linked: make(chan bool, 1)}}
	s.watched = a.Watch(c, s.news.hear)
	stream, err := connect(ctx, c, subs)
	if err != nil {
		c.Abort()
		<-s.watched
		return nil, app.Interrupted(ctx, err)
	}
	s.start(ctx, f, stream, refused)
	return s, nil
}

func connect(ctx context.Context, c *mqtt.Client, subs []mqtt.Subscription) (*mqtt.Stream, error) {
	stream, err := c.Declare(mqtt.StreamConfig{}, subs...) // before the connection: a session may have messages at once
	if err != nil {
		return nil, err
	}
	if err := c.Connect(ctx); err != nil {
		return nil, err
	}
	_, err = stream.Ready(ctx)
	return stream, err
}

func (s *Source) start(ctx context.Context, f *Flags, stream *mqtt.Stream, refused <-chan error) {
	out, over := make(chan []Item), make(chan struct{})
	quit, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.Batches, s.over, s.quit = out, over, cancel
	ack, _ := s.Client.ConnAck()
	s.taker = &taker{flags: f, older: ack.Version != mqtt.V5, in: stream.Messages(), refused: refused, linked: s.news.linked, out: out, quit: quit.Done()}
	go func() {
		defer close(over)
		s.taker.run(ctx)
		if s.taker.err == errEnded {
			s.taker.err = s.Client.Err()
		}
	}()
}

// Stop ends the taking. What was taken and not handed over stays unacknowledged.
func (s *Source) Stop() {
	s.quit()
	<-s.over
}

// Err is why the taking has ended: nil, when what the flags say was reached or an interrupt came where nothing had to be reached.
// Batches must be closed, or Stop have been called.
func (s *Source) Err() error {
	<-s.over
	return s.taker.err
}

// Close writes the acknowledgements that were given, and disconnects. Messages that weren't acknowledged are no error: the server
// has them still, if it keeps a session.
func (s *Source) Close(ctx context.Context, d mqtt.Disconnect) error {
	s.Stop()
	err := s.Client.CloseWith(ctx, d)
	<-s.watched
	if n := s.news.dropped; n > 0 {
		s.app.Say("mqtt: %d messages of QoS 0 were dropped, as they came faster than they were taken", n)
	}
	if u, ok := errors.AsType[*mqtt.UnfinishedError](err); ok && u.Err == nil {
		return nil
	}
	return err
}

// hear keeps what is worth it. It runs in the watcher.
func (n *news) hear(e mqtt.Event) {
	switch e := e.(type) {
	case mqtt.EventConnected:
		n.link(true)
	case mqtt.EventDisconnected:
		n.link(false)
	case mqtt.EventDropped:
		if e.Stream != nil {
			n.dropped += e.Count
		}
	case mqtt.EventSubscription:
		select {
		case n.refused <- &mqtt.SubscribeError{Grants: []mqtt.Grant{e.Grant}}:
		default: // one is enough
		}
	}
}

// link tells the taker, or tells it something else than before. Nobody else sends.
func (n *news) link(up bool) {
	select {
	case <-n.linked:
	default:
	}
	n.linked <- up
}
