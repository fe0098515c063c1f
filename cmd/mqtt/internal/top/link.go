package top

import (
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// link is how the connection stands.
type link struct {
	server  string // without credentials
	up      bool
	since   time.Time // of up, or of its end
	err     error     // what the connection, or the last attempt, ended with
	attempt int       // the next one's number; 0: none is set
	next    time.Time // when that begins
	losses  int       // how often a connection was lost
	ended   bool      // the client has ended, with err
}

// told takes in an event.
func (l *link) told(e mqtt.Event, now time.Time) {
	switch e := e.(type) {
	case mqtt.EventConnected:
		l.server, l.up, l.since, l.err, l.attempt = e.Server, true, now, nil, 0
	case mqtt.EventDisconnected:
		if l.up {
			l.up, l.since, l.losses = false, now, l.losses+1
		}
		l.err = e.Err
	case mqtt.EventReconnecting:
		l.attempt, l.next = e.Attempt, now.Add(e.Delay)
		if e.Err != nil {
			l.err = e.Err
		}
	case mqtt.EventClosed:
		l.ended, l.err = true, e.Err
	}
}
