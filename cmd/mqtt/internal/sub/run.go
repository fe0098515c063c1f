package sub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

func run(ctx context.Context, s *settings) error {
	p, err := s.plan()
	if err != nil {
		return err
	}
	if s.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, time.Duration(s.timeout), app.ErrTimeout)
		defer cancel()
	}
	client, err := s.app.Connect(ctx, p.config)
	if err != nil {
		return s.timedOut(ctx, err)
	}
	return s.take(ctx, client, p)
}

// take receives with a client that is connected, and ends it.
func (s *settings) take(ctx context.Context, client *mqtt.Client, p *plan) error {
	events, deaf := make(chan mqtt.Event), make(chan struct{})
	watched := s.app.Watch(client, func(e mqtt.Event) {
		if e, ok := e.(mqtt.EventSubscription); ok {
			s.app.Say("mqtt: the new connection refused to subscribe to %s", refusal(e.Grant))
		}
		select {
		case events <- e:
		case <-deaf:
		}
	})
	end, err := s.receive(ctx, client, events, p)
	close(deaf)
	err = s.over(ctx, client, p.bye, end, err)
	<-watched
	return err
}

// timedOut is err, or that --timeout is over when that is why.
func (s *settings) timedOut(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), app.ErrTimeout) && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, app.ErrTimeout)) {
		return fmt.Errorf("--timeout %v: %w", time.Duration(s.timeout), app.ErrTimeout)
	}
	return err
}

// receive runs until all is there that was to come. What is left to do has time until end.
func (s *settings) receive(ctx context.Context, client *mqtt.Client, events <-chan mqtt.Event, p *plan) (end time.Time, err error) {
	if hello, _ := client.ConnAck(); hello.Version != mqtt.V5 && s.needsV5() != "" {
		return s.lastMoment(), app.Usage("%s needs MQTT 5.0, and the server speaks %s", s.needsV5(), hello.Version)
	}
	answer, work, done := make(chan error, 1), make(chan *batch), make(chan brought, p.job.workers)
	in, over := make(chan *mqtt.Received, mostAhead), make(chan struct{})
	defer close(over)
	go (&ahead{client.Messages(), in, over}).run()
	t := &taker{settings: s, format: p.format, job: p.job, in: in, events: events, answer: answer, work: work, done: done}
	if s.toStandardOutput() {
		watch := watchPipe(s.app.Stdout)
		defer watch.stop()
		t.hangup = watch.gone
	}
	p.job.start(work, done)
	defer close(work)
	asking, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go func() { answer <- s.ask(asking, client, p.subscriptions) }()
	err = t.run(ctx)
	if end = t.until; end.IsZero() {
		end = s.lastMoment()
	}
	if soon := time.Now().Add(time.Second); errors.Is(err, app.ErrTimeout) && !s.connection.KeepSession && soon.Before(end) {
		end = soon // there is nothing to be kept that a late answer could change
	}
	if refused := s.settle(ctx, client, t.answer, end); err == nil {
		err = refused
	}
	return end, err
}

// lastMoment is when an end that begins now is over.
func (s *settings) lastMoment() time.Time { return time.Now().Add(s.app.Drain) }

// settle waits for the server's answer to the subscriptions. A call that is cancelled meanwhile would take them back, and a
// session that is kept would be without them. answer is nil when it came already. An interrupt that finds no time for it is an error.
func (s *settings) settle(ctx context.Context, client *mqtt.Client, answer <-chan error, end time.Time) error {
	if answer == nil || client.State() != mqtt.StateConnected {
		return nil // what is lost with a connection is lost
	}
	late := time.NewTimer(time.Until(end))
	defer late.Stop()
	select {
	case err := <-answer:
		return err
	case <-late.C:
		return context.Cause(ctx)
	case <-client.Done():
	}
	return nil
}

// over disconnects, and says what was lost.
func (s *settings) over(ctx context.Context, client *mqtt.Client, bye mqtt.Disconnect, end time.Time, err error) error {
	closed := s.app.CloseBy(ctx, client, bye, end)
	if n := dropped(client.Stats()); n > 0 {
		s.app.Say("mqtt: %d messages at QoS 0 were dropped: they came faster than they could be written", n)
	}
	if err != nil {
		return s.timedOut(ctx, err)
	}
	if u, ok := errors.AsType[*mqtt.UnfinishedError](closed); ok && u.Err == nil {
		return nil // what was not taken is the server's still
	}
	return closed
}

func dropped(all mqtt.Stats) (n uint64) {
	for _, s := range all.Streams {
		n += s.Dropped
	}
	return n
}
