package mqtt

import (
	"errors"
	"testing"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
	"github.com/stretchr/testify/require"
)

func TestTraceTellsOfStages(t *testing.T) {
	var told []string
	note := func(name string) func(StageInfo) {
		return func(i StageInfo) {
			require.Equal(t, "mqtt://h:1", i.Server)
			require.Equal(t, 2, i.Attempt)
			if i.Err != nil {
				name += " " + i.Err.Error()
			}
			told = append(told, name)
		}
	}
	trace := &Trace{
		DNSStart: note("dns?"), DNSDone: note("dns."), TCPStart: note("tcp?"), TCPDone: note("tcp."), TLSStart: note("tls?"),
		TLSDone: note("tls."), ProxyStart: note("proxy?"), ProxyDone: note("proxy."), WebSocketStart: note("websocket?"), WebSocketDone: note("websocket."),
	}
	for _, step := range []netx.Step{
		{Stage: netx.StageDNS}, {Stage: netx.StageDNS, Done: true}, {Stage: netx.StageTCP}, {Stage: netx.StageTCP, Done: true},
		{Stage: netx.StageProxy}, {Stage: netx.StageProxy, Done: true}, {Stage: netx.StageUnix}, {Stage: netx.StageWebSocket}, {Stage: netx.StageWebSocket, Done: true},
		{Stage: netx.StageTLS}, {Stage: netx.StageTLS, Done: true, Err: errors.New("no")}, {Stage: "other"},
	} {
		trace.step(step, StageInfo{Server: "mqtt://h:1", Attempt: 2})
		(&Trace{}).step(step, StageInfo{})
		(*Trace)(nil).step(step, StageInfo{})
	}
	require.Equal(t, []string{"dns?", "dns.", "tcp?", "tcp.", "proxy?", "proxy.", "tcp?", "websocket?", "websocket.", "tls?", "tls. no"}, told)
}

func TestB077TraceTellsOfPackets(t *testing.T) {
	var sent, received []PacketInfo
	trace := &Trace{
		PacketSent:     func(p PacketInfo) { sent = append(sent, p) },
		PacketReceived: func(p PacketInfo) { received = append(received, p) },
	}
	trace.sent()(actor.PacketInfo{
		Type: codec.TypePublish, Size: 12, PacketID: 7, Topic: "a", QoS: codec.ExactlyOnce, Dup: true, Retain: true,
	})
	trace.received()(actor.PacketInfo{Type: codec.TypePubRec, Size: 4, PacketID: 7, Code: codec.NotAuthorized})
	require.Equal(t, []PacketInfo{
		{Type: "PUBLISH", Size: 12, PacketID: 7, Topic: "a", QoS: ExactlyOnce, Dup: true, Retain: true},
	}, sent)
	require.Equal(t, []PacketInfo{{Type: "PUBREC", Size: 4, PacketID: 7, Code: codec.NotAuthorized}}, received)

	for _, none := range []*Trace{nil, {}} {
		require.Nil(t, none.sent())
		require.Nil(t, none.received())
	}
}
