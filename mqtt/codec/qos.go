package codec

import "strconv"

// QoS is a quality of service (§4.3).
type QoS byte

// The three qualities of service.
const (
	AtMostOnce QoS = iota
	AtLeastOnce
	ExactlyOnce
)

// String gives "QoS 0", "QoS 1", "QoS 2".
func (q QoS) String() string { return "QoS " + strconv.Itoa(int(q)) }
