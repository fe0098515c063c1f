package pub

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestVerdict(t *testing.T) {
	refused := &mqtt.ReasonError{Packet: "PUBACK", Code: codec.NotAuthorized}
	unfinished := &mqtt.UnfinishedError{Uncertain: 2}
	all, some := tally{sent: 3, acknowledged: 3}, tally{sent: 3, acknowledged: 1, first: refused, oldest: 2, size: 7}
	one := tally{sent: 1, first: refused}
	for _, c := range []struct {
		name             string
		tally            tally
		end, cut, closed error
		single           bool
		code             int
		says             string
	}{
		{"all acknowledged", all, nil, nil, nil, false, 0, ""},
		{"interrupted when all was acknowledged", all, nil, app.ErrInterrupted, nil, false, 0, ""},
		{"DISCONNECT could not be sent", all, nil, nil, unfinished, false, 0, ""},
		{"DISCONNECT can't be", all, nil, nil, &mqtt.ArgumentError{}, false, 2, ": "},
		{"some not", some, nil, nil, nil, false, 8, "2 of 3 messages were not acknowledged"},
		{"the only one refused", one, nil, nil, nil, true, 6, refused.Error()},
		{"the only one without an answer", tally{sent: 1, first: mqtt.ErrUncertain}, nil, nil, nil, true, 8, mqtt.ErrUncertain.Error()},
		{"interrupted with input left", all, app.ErrInterrupted, app.ErrInterrupted, nil, false, 130, "interrupted: nothing more was published after 3 messages"},
		{"interrupted, and the drain too short", some, app.ErrInterrupted, app.ErrInterrupted, unfinished, false, 130,
			"interrupted: nothing more was published after 3 messages, and 2 messages have no acknowledgement"},
		{"interrupted at the end", some, nil, app.ErrInterrupted, unfinished, false, 130, "interrupted: 2 messages have no acknowledgement"},
		{"out of time", some, nil, app.ErrTimeout, nil, false, 27, "the time is over: 2 messages have no acknowledgement"},
		{"out of time with input left", all, app.ErrTimeout, app.ErrTimeout, nil, false, 27, "the time is over: nothing more was published after 3 messages"},
		{"a wrong line", all, &fault{"line", 4, &mqtt.ArgumentError{Name: "A", Reason: "b"}}, nil, nil, false, 1, "line 4: A: b"},
		{"a wrong message", tally{}, &fault{"message", 1, &mqtt.ArgumentError{Name: "A", Reason: "b"}}, nil, nil, true, 2, "A: b"},
		{"stopped at a failure", some, errFailFast, nil, nil, false, 8, "2 of 3 messages were not acknowledged"},
		{"the client has ended", some, refused, nil, nil, false, 6, refused.Error()},
		{"a server that takes it not", some, &app.FruitlessError{Lost: 3, Err: refused}, nil, nil, false, 1, "the server doesn't acknowledge line 2, of 7 bytes: " +
			"3 connections in a row have ended before the oldest message was acknowledged, which the server may not be able to take; the last one: " + refused.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := &job{way: "stdin-line"}
			if c.single {
				j = &job{way: "message", count: 1}
			}
			err := verdict(&c.tally, c.end, c.cut, c.closed, j)
			require.Equal(t, c.code, app.ExitCode(err), "%v", err)
			if c.says != "" {
				require.EqualError(t, err, c.says)
			}
		})
	}
}

func TestTheOldestIsOneThatWasLeft(t *testing.T) {
	s := settler{tally: tally{sent: 1}, tell: func(string) {}}
	refused, closed := &mqtt.ReasonError{Packet: "PUBACK", Code: codec.NotAuthorized}, fmt.Errorf("%w: %w", mqtt.ErrUncertain, mqtt.ErrClosed)
	for i, err := range []error{refused, closed, closed} {
		s.tally.sent = i + 1
		s.failure(sent{number: i + 1, size: 10 * (i + 1)}, err)
	}
	require.Equal(t, tally{sent: 3, told: 1, first: refused, oldest: 2, size: 20}, s.tally)
}

func TestTallyLine(t *testing.T) {
	require.Equal(t, "sent 3000, acknowledged 2000, failed 1000 in 1.5s (1333/s)", (&tally{sent: 3000, acknowledged: 2000}).line(1500*time.Millisecond))
	require.Equal(t, "sent 0, acknowledged 0, failed 0 in 0s", (&tally{}).line(0))
}

func TestWindow(t *testing.T) {
	settled := make(chan int, 3)
	w := window{settled: settled, most: 3}
	ctx, cancel := context.WithCancelCause(t.Context())
	require.NoError(t, w.take(ctx, 2*windowBytes)) // larger than all of it, and alone
	settled <- 2 * windowBytes
	for range 3 {
		require.NoError(t, w.take(ctx, 10))
	}
	require.Equal(t, 3, w.messages)
	settled <- 10
	require.NoError(t, w.take(ctx, 10))
	why := errors.New("over")
	cancel(why)
	require.Equal(t, why, w.take(ctx, 10)) // no place
	w = window{settled: settled, most: 3}
	require.NoError(t, w.take(ctx, windowBytes-1))
	require.Equal(t, why, w.take(ctx, 2)) // no room
	require.NoError(t, w.take(ctx, 1))
}
