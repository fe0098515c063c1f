package reply

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// service answers requests.
type service struct {
	*options
	app        *app.App
	client     *mqtt.Client
	stream     *mqtt.Stream
	properties *mqtt.PublishProperties // of each answer
}

// run takes requests until there are enough, ctx ends, or one has failed for good. It returns when all that it took are done.
func (s *service) run(ctx context.Context) error {
	if err := s.subscribed(ctx); err != nil {
		return err
	}
	grace, release := s.app.Grace(ctx)
	defer release()
	serving, stop := context.WithCancel(grace)
	defer stop()
	var under sync.WaitGroup
	s.app.AtOnce(func() {
		stop()
		under.Wait()
	})
	failed := make(chan error, s.parallel)
	taken, err := s.take(ctx, failed, func(request *mqtt.Received, done func()) {
		under.Go(func() {
			defer done()
			if err := s.serve(serving, request); err != nil {
				failed <- err
			}
		})
	})
	under.Wait()
	select {
	case err = <-failed:
	default:
	}
	switch {
	case err != nil:
		return err
	case grace.Err() != nil: // --drain wasn't enough
		return context.Cause(ctx)
	case taken < s.count && ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return nil
}

// subscribed waits for the server's answer, which must be 5.0's.
func (s *service) subscribed(ctx context.Context) error {
	if err := app.HasV5(s.client, "requests and answers"); err != nil {
		return err
	}
	if _, err := s.stream.Ready(ctx); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	if s.verbose {
		s.app.Say("mqtt: waiting for requests")
	}
	return nil
}

// take hands out requests, --parallel at a time. Each must call done.
func (s *service) take(ctx context.Context, failed <-chan error, hand func(request *mqtt.Received, done func())) (taken int, err error) {
	slots := make(chan struct{}, s.parallel)
	for s.count == 0 || taken < s.count {
		select {
		case slots <- struct{}{}:
		case err := <-failed:
			return taken, err
		case <-ctx.Done():
			return taken, nil
		}
		request, err := s.next(ctx, failed)
		if request == nil {
			return taken, err
		}
		taken++
		hand(request, func() { <-slots })
	}
	return taken, nil
}

// next waits for a message that wants an answer; nil when there is none any more.
func (s *service) next(ctx context.Context, failed <-chan error) (*mqtt.Received, error) {
	for {
		select {
		case m, open := <-s.stream.Messages():
			if !open {
				return nil, s.client.Err()
			}
			if m.Properties != nil && m.Properties.ResponseTopic != "" {
				return m, nil
			}
			s.app.Say("mqtt: a message to %q has no response topic, so nobody waits for an answer; skipped", m.Topic)
			m.Ack()
		case err := <-failed:
			return nil, err
		case <-ctx.Done():
			return nil, nil
		}
	}
}

// serve answers one request. An error ends the command.
func (s *service) serve(ctx context.Context, request *mqtt.Received) error {
	start := time.Now()
	payload, err := s.answer(ctx, request)
	if err == nil {
		err = s.client.Reply(ctx, request, mqtt.Message{Payload: payload, QoS: request.QoS, Properties: s.properties})
	}
	if ctx.Err() != nil && err != nil {
		return nil // run says that there wasn't time enough
	}
	if err == nil {
		if s.verbose {
			s.app.Say("mqtt: answered %q with %d bytes in %v", request.Topic, len(payload), time.Since(start).Round(time.Microsecond))
		}
		request.Ack() // too late: the server sends the request again
		return nil
	}
	return s.give(request, err)
}

// give deals with a request that has no answer.
func (s *service) give(request *mqtt.Received, err error) error {
	if !ours(err) && s.client.Err() != nil {
		return err
	}
	if s.failed == "stop" {
		return fmt.Errorf("no answer to %q, which stays unacknowledged: %w", request.Topic, err)
	}
	s.app.Say("mqtt: no answer to %q: %v", request.Topic, err)
	if s.failed == "reject" {
		request.Reject(codec.UnspecifiedError, "no answer could be made")
	} else {
		request.Ack()
	}
	return nil
}

// ours says that an error comes of the command that makes answers.
func ours(err error) bool {
	_, ok := errors.AsType[*execError](err)
	return ok
}

// answer makes the payload of one.
func (s *service) answer(ctx context.Context, request *mqtt.Received) ([]byte, error) {
	switch s.way {
	case "echo":
		return request.Payload, nil
	case "exec":
		return s.execute(ctx, request)
	}
	return []byte(s.message), nil
}
