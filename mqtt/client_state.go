package mqtt

import (
	"time"

	"github.com/sluicemq/sluice/mqtt/actor"
)

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
	v, in := c.core.View(), c.core.Stats()
	stats := Stats{
		Out: OutStats{
			Admitted: v.Counts.Admitted, Done: v.Counts.Done, Refused: v.Counts.Refused, NotSent: v.Counts.NotSent,
			Uncertain: v.Counts.Uncertain, Kept: v.Counts.Kept, InFlight: v.InFlight, Queued: v.Queued, QueuedBytes: v.QueuedBytes, OldestAge: v.Oldest,
		},
		Link: LinkStats{
			Connections: v.Connections, LastError: publicError(v.LastError), PingRoundTrip: v.RTT, BytesSent: v.SentBytes,
			BytesReceived: v.ReceivedBytes, LastPacketID: v.LastID,
		},
		In: InStats{
			Received: in.Received, Taken: in.Taken, Dropped: in.Dropped, Unclaimed: in.Unclaimed, Discarded: in.Discarded, Strays: in.Strays,
			Owed: in.Unacknowledged + in.Owed, Held: in.Held,
		},
		Streams: make([]StreamStats, len(in.Streams)),
	}
	for i := range in.Streams {
		stats.Streams[i] = c.streamStats(&in.Streams[i])
	}
	return stats
}

func (c *Client) streamStats(s *actor.StreamStats) StreamStats {
	stats := StreamStats{
		Stream: c.streamOf(s.Tag), Received: s.Received, Taken: s.Taken, Dropped: s.Dropped, Depth: Bounds(s.Depth),
		Stalled: s.Stalled, StalledSince: s.StalledSince,
	}
	if !s.Oldest.IsZero() {
		stats.OldestAge = time.Since(s.Oldest)
	}
	return stats
}

// connAckOf is an event's CONNACK in public words.
func (c *Client) connAckOf(e actor.EventConnected) ConnAck {
	return c.settings.connAck(e.Version, e.ClientID, e.ConnAck)
}
