package actor

import (
	"context"
	"net"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// pinger asks for a sign of life in time, and gives up when none comes (§3.1.2.10). It owns the end of the connection, which
// may be what it gives up for: it alone closes it, which wakes reader and writer.
type pinger struct {
	conn               net.Conn
	interval, patience time.Duration   // Keep Alive, zero for off; how long a PINGRESP may take
	asks               chan<- question // to tracker, we may wait: when did packets last leave and come?
	ping               chan<- struct{} // to writer, a signal: send a PINGREQ
	cut                <-chan struct{} // from tracker: close it now

	// owned by run
	look   alarm
	pinged time.Time // when the open PINGREQ was asked for, or zero
}

var pingInfo = PacketInfo{Type: codec.TypePingReq, Size: 2}

func (p *pinger) run(ctx context.Context) error {
	defer p.look.stop()
	if p.interval > 0 {
		p.look.set(p.interval * 3 / 4)
	}
	var (
		asks   chan<- question // nil, and so asleep, until the timer fires,
		ask    activityAsk     // as is its reply
		answer <-chan *activity
	)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-p.cut:
			return errCut
		case <-p.look.rings():
			reply := make(chan *activity, 1)
			asks, ask, answer = p.asks, activityAsk{reply}, reply
		case asks <- ask:
			asks = nil
		case a := <-answer:
			answer = nil
			again, err := p.judge(time.Now(), a)
			if err != nil {
				return err
			}
			p.look.set(again)
		}
	}
}

// end wakes reader and writer, which fail then.
func (p *pinger) end() { p.conn.Close() } // netx: never blocks

// activityAsk asks when packets last left and came.
type activityAsk struct{ reply chan<- *activity }

func (q activityAsk) answer(t *tracker) { q.reply <- t.lastActivity() }

// judge is the rule: the older of the two directions counts, so that sending alone doesn't hide a dead server. again is
// when to look next.
func (p *pinger) judge(now time.Time, a *activity) (again time.Duration, err error) {
	due := p.interval * 3 / 4
	if p.pinged.IsZero() || !a.pong.Before(p.pinged) {
		p.pinged = time.Time{}
		older := a.left
		if a.came.Before(older) {
			older = a.came
		}
		if wait := older.Add(due).Sub(now); wait > 0 {
			return wait, nil
		}
		p.pinged = now
		p.signal()
		return min(p.patience, due), nil
	}
	patience := p.pinged.Add(p.patience).Sub(now)
	if patience <= 0 {
		if now.Sub(a.held) >= p.patience {
			return 0, ErrNoPingResp
		}
		p.signal() // our own slowness never ends a connection, and the duty to send goes on
		return min(p.patience, due), nil
	}
	if wait := a.left.Add(due).Sub(now); wait > 0 {
		return min(wait, patience), nil
	}
	p.signal()
	return min(due, patience), nil
}

func (p *pinger) signal() {
	select {
	case p.ping <- struct{}{}:
	default: // one is asked for already
	}
}
