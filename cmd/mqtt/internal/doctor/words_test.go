package doctor

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMeaning(t *testing.T) {
	for err, says := range map[error]string{
		syscall.ECONNREFUSED:     "nothing listens",
		syscall.ECONNRESET:       "firewall",
		syscall.ENETUNREACH:      "no way there",
		context.DeadlineExceeded: "no answer",
		syscall.ENOENT:           "no such file",
		errors.New("odd"):        "odd",
	} {
		require.Contains(t, meaning(fmt.Errorf("dial: %w", err)), says)
	}
}

func TestObstaclesThatAreResults(t *testing.T) {
	l := &lab{patient: &patient{limit: time.Second}}
	for _, c := range []struct {
		err    error
		status status
		says   string
	}{
		{&mqtt.ReasonError{Packet: "PUBACK", Code: codec.NotAuthorized}, info, "not allowed"},
		{&mqtt.LimitError{Code: codec.QoSNotSupported, Reason: "its Maximum QoS is 1"}, info, "not there: its Maximum QoS is 1"},
		{&mqtt.SubscribeError{Grants: []mqtt.Grant{{Code: codec.SharedSubscriptionsNotSupported}}}, info, "refuses the subscription"},
		{mqtt.ErrVersion, info, "needs MQTT 5.0"},
		{errNotDelivered, warn, "nothing is delivered"},
		{context.DeadlineExceeded, warn, "no end within 1s"},
	} {
		f := l.obstacle(fmt.Errorf("publish: %w", c.err))
		require.Equal(t, c.status, f.Status, f.Text)
		require.Contains(t, f.Text, c.says)
	}
}

func TestRefusalsSayWhatEachCommandSays(t *testing.T) {
	p := &patient{at: &netx.Server{Scheme: "mqtt"}}
	for _, code := range []mqtt.ReasonCode{codec.NotAuthorized, codec.UnsupportedProtocolVersion, codec.PacketTooLarge, codec.QuotaExceeded, codec.UnspecifiedError} {
		r := &mqtt.ReasonError{Packet: "CONNACK", Code: code, Raw: byte(code)}
		require.Contains(t, p.reason(t.Context(), r), "refused: "+code.String()+": "+app.Remedy(r))
	}
	odd := &mqtt.ReasonError{Packet: "CONNACK", Code: codec.UnspecifiedError, Raw: 6}
	require.Contains(t, p.reason(t.Context(), odd), "unspecified error (return code 0x06, which MQTT 3.1.1 doesn't have)")
}

func TestNothingThatAServerSaysMovesTheTerminal(t *testing.T) {
	c := &x509.Certificate{Subject: pkix.Name{CommonName: "\x1b[2J"}, Issuer: pkix.Name{CommonName: "\x9b"}, DNSNames: []string{"\a.example"}}
	p := &patient{at: &netx.Server{Scheme: "mqtts", Host: "h"}}
	for _, f := range []finding{describe(c, 0, time.Now()), p.judgeName(c)} {
		require.NotContains(t, f.Text, "\x1b")
		require.NotContains(t, f.Text, "\a")
	}
}

func TestASessionIsToldWithItsTime(t *testing.T) {
	for _, c := range []struct {
		ack  mqtt.ConnAck
		says string
	}{
		{mqtt.ConnAck{Version: mqtt.V5, SessionExpiry: math.MaxUint32 * time.Second}, "keeps it for ever behind this connection"},
		{mqtt.ConnAck{Version: mqtt.V5, SessionExpiry: time.Minute}, "keeps it for 1m0s behind this connection"},
		{mqtt.ConnAck{Version: mqtt.V311}, "has a session of this client id"},
	} {
		p := &patient{ack: c.ack}
		require.Contains(t, p.session().Text, c.says)
	}
}
