package mqtt

import (
	"context"
	"iter"

	"github.com/sluicemq/sluice/mqtt/actor"
)

// Stream is the messages of some filters, on a channel of their own. Messages and All are fed by two channels of one
// process: a message goes to whichever asks first. Any goroutine may use it.
type Stream struct {
	client  *Client
	core    *actor.StreamHandle[*Received]
	filters []string
	manual  bool      // AckManual
	op      *actor.Op // the SUBSCRIBE; nil for the one of Client.Messages
}

// Ready waits for the server's answer to the stream's filters and gives it, as often as it is asked. Errors are
// *SubscribeError when some filter was refused (the others hold, and the stream stays), ErrClosed, and ctx's own, after
// which the stream goes on waiting for the server.
func (s *Stream) Ready(ctx context.Context) ([]Grant, error) {
	grants, err := s.ready(ctx)
	return grants, failed("stream", err)
}

func (s *Stream) ready(ctx context.Context) ([]Grant, error) {
	if s.op == nil {
		return nil, nil // Messages: its filters are asked for by Subscribe
	}
	select {
	case <-s.core.Quit():
		return nil, ErrClosed
	default:
	}
	select {
	case <-s.op.Told():
		o := s.op.Outcome()
		s.op.PutBack()
		return grantsOf(o)
	case <-s.core.Quit():
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Messages hands out the stream's messages, as Client.Messages does. The channel is closed once: by Close, or with the
// client.
func (s *Stream) Messages() <-chan *Received {
	s.core.Take()
	return s.core.Out()
}

// All is Messages as a loop that acknowledges after its body, as Client.All does.
func (s *Stream) All(ctx context.Context) iter.Seq[*Received] {
	return func(yield func(*Received) bool) {
		defer s.core.Loop()()
		for ctx.Err() == nil {
			select {
			case m, open := <-s.core.Each():
				if !open || !s.hand(m, yield) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// hand gives m to the loop's body. Unless that ends in order, m is given back.
func (s *Stream) hand(m *Received, yield func(*Received) bool) (more bool) {
	m.taken = false
	done := false
	defer func() {
		if !done && m.state.Load() == isOpen {
			m.Redelivered = true
			s.core.GiveBack(m, m.claim())
		}
	}()
	more = yield(m)
	done = more
	if more && !s.manual {
		m.Ack() // ErrStale: the server will send it again, and the next round shows it
	}
	return more
}

// Close ends the stream: its filters aren't wanted any more, and the channel is closed. What it still held is acknowledged
// and counted as discarded, and so is what comes for it until the server's answer (UNSUBACK). It returns when that is there;
// offline, the server is told on the next connection. When ctx ends first, the rest happens without the caller, and the
// error is ctx's own. A second Close returns nil.
func (s *Stream) Close(ctx context.Context) error {
	if s.op == nil {
		return failed("close stream", &ArgumentError{Name: "Stream", Reason: "is that of Client.Messages: it ends with the client"})
	}
	select {
	case <-s.core.Quit():
		return nil
	default:
	}
	s.core.Close(context.Background()) // a turn
	return failed("close stream", s.retire(ctx))
}

// retire takes back what the stream asked the server for.
func (s *Stream) retire(ctx context.Context) error {
	c := s.client
	c.core.Withdraw(s.op.Receipt(), ErrClosed, true) // a SUBSCRIBE that has not left need not leave
	op := actor.NewRetire(s.core.Number(), s.filters)
	if err := c.core.Enlist(op); err != nil {
		return nil // the client has ended, and the stream with it
	}
	if c.core.View().State != actor.StateConnected {
		return nil
	}
	select {
	case <-op.Told():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// abandon closes a stream whose caller has gone.
func (s *Stream) abandon() {
	s.core.Close(context.Background())
	ctx, stop := context.WithCancel(context.Background())
	stop()
	s.retire(ctx) // without waiting for the server's answer
}

// Err is nil while the stream lives, ErrClosed after its own Close, and why the client ended after that.
func (s *Stream) Err() error {
	if err := s.client.Err(); err != nil {
		return err
	}
	select {
	case <-s.core.Quit():
		return failed("stream ended", ErrClosed)
	default:
		return nil
	}
}
