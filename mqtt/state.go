package mqtt

import "fmt"

// State is where a client stands. A client starts as StateIdle and ends as StateClosed.
type State byte

// The states of a client.
const (
	StateIdle         State = 0 // made, and not told to connect; also after a Connect that failed
	StateConnecting   State = 1 // the first connection is being made
	StateConnected    State = 2 // a CONNACK accepted, and the connection lives
	StateReconnecting State = 3 // the connection was lost; another is being made or waited for
	StateClosing      State = 4 // Close or CloseWith is at work
	StateClosed       State = 5 // ended, for good; Client.Err says why
)

var stateNames = [...]string{"idle", "connecting", "connected", "reconnecting", "closing", "closed"}

// String gives the state in lower case, as in "connected".
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", byte(s))
}
