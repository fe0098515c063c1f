package mqtt

import "github.com/sluicemq/sluice/mqtt/actor"

// State says where the client stands at this moment.
func (c *Client) State() State { return State(c.core.View().State) }

// ConnAck is what the server said in its last accepting CONNACK; false before the first.
func (c *Client) ConnAck() (ConnAck, bool) {
	v := c.core.View()
	if v.ConnAck == nil {
		return ConnAck{}, false
	}
	return c.settings.connAck(v.Version, v.ClientID, v.ConnAck), true
}

// Stats tells what the client has done so far. It answers at once, also while another call is stuck and after the end.
func (c *Client) Stats() Stats {
	v := c.core.View()
	return Stats{
		Out: OutStats{
			Admitted: v.Counts.Admitted, Done: v.Counts.Done, Refused: v.Counts.Refused, NotSent: v.Counts.NotSent,
			Uncertain: v.Counts.Uncertain, InFlight: v.InFlight, Queued: v.Queued, QueuedBytes: v.QueuedBytes, OldestAge: v.Oldest,
		},
		Link: LinkStats{
			Connections: v.Connections, LastError: publicError(v.LastError), PingRoundTrip: v.RTT, BytesSent: v.SentBytes,
			BytesReceived: v.ReceivedBytes, LastPacketID: v.LastID,
		},
	}
}

// connAckOf is an event's CONNACK in public words.
func (c *Client) connAckOf(e actor.EventConnected) ConnAck {
	return c.settings.connAck(e.Version, e.ClientID, e.ConnAck)
}
