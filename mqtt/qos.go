package mqtt

import "fmt"

// QoS is a quality of service, how often a message arrives as long as the session lives (§4.3).
type QoS byte

// The three qualities of service. The zero value is AtMostOnce.
const (
	AtMostOnce  QoS = 0 // sent once, never acknowledged
	AtLeastOnce QoS = 1 // acknowledged by PUBACK; it may arrive more than once
	ExactlyOnce QoS = 2 // PUBREC, PUBREL, PUBCOMP; it arrives once
)

// String gives "QoS 0", "QoS 1" or "QoS 2".
func (q QoS) String() string { return fmt.Sprintf("QoS %d", byte(q)) }

func (q QoS) valid() bool { return q <= ExactlyOnce }
