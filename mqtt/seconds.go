package mqtt

import (
	"math"
	"time"
)

// SessionExpiryNever is the session expiry of a session that never ends by itself, 4,294,967,295 s (§3.1.2.11.2).
const SessionExpiryNever = math.MaxUint32 * time.Second

// onWire is a duration in seconds, of one that secondsFault has accepted.
func onWire(d time.Duration) uint32 { return uint32(d / time.Second) }

func fromWire(s uint32) time.Duration { return time.Duration(s) * time.Second }
