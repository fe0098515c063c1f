package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
)

func TestExitCodes(t *testing.T) {
	connect := func(stage string, err error) error {
		return fmt.Errorf("mqtt: %w", &mqtt.ConnectError{Stage: stage, Err: err})
	}
	refusal := func(code codec.ReasonCode) error { return &mqtt.ReasonError{Packet: "CONNACK", Code: code} }
	for _, c := range []struct {
		name string
		err  error
		code int
	}{
		{"nothing", nil, 0},
		{"the reader of standard output has gone", fmt.Errorf("writing: %w", ErrPipe), 0},
		{"anything", io.EOF, 1},
		{"usage", Usage("x"), 2},
		{"configuration", &mqtt.ConfigError{}, 2},
		{"argument", &mqtt.ArgumentError{}, 2},
		{"no name", connect("dns", io.EOF), 3},
		{"nobody there", connect("tcp", io.EOF), 3},
		{"no answer", connect("connack", context.DeadlineExceeded), 3},
		{"TLS", connect("tls", io.EOF), 4},
		{"refused", connect("connack", refusal(codec.ServerBusy)), 5},
		{"not authorised", connect("connack", refusal(codec.NotAuthorized)), 6},
		{"wrong password", connect("auth", refusal(codec.BadUserNameOrPassword)), 6},
		{"an exchange that failed", connect("auth", io.EOF), 6},
		{"subscription", &mqtt.SubscribeError{Grants: []mqtt.Grant{{Code: codec.NotAuthorized}}}, 7},
		{"messages", &mqtt.UnfinishedError{Uncertain: 1}, 8},
		{"a code of its own", Fail(9, "x"), 9},
		{"time", fmt.Errorf("%w: 3 of 5", ErrTimeout), 27},
		{"time, said by a context", context.DeadlineExceeded, 27},
		{"interrupt", fmt.Errorf("%w: %w", ErrInterrupted, &mqtt.UnfinishedError{Uncertain: 1}), 130},
		{"the last of a round", &mqtt.RoundError{Attempts: []*mqtt.ConnectError{{Stage: "tls", Err: io.EOF}, {Stage: "tcp", Err: io.EOF}}}, 3},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.code, ExitCode(c.err)) })
	}
}

func TestSentences(t *testing.T) {
	require.Equal(t, "a b", sentence(errors.New("a\n  b")))
	require.Equal(t, "red ␛[31m <U+202E>", sentence(errors.New("red \x1b[31m \u202e")), "a server's words, as in a certificate")
	require.Empty(t, sentence(&Failure{Code: 1}))
	require.Contains(t, sentence(&mqtt.ConnectError{Stage: "tcp", Server: "mqtt://h:1883", Err: io.EOF}), "`mqtt doctor --url mqtt://h:1883` says more")
	require.Contains(t, sentence(&mqtt.ConnectError{Stage: "tls", Err: io.EOF}), "--cafile")
	rejected := sentence(&mqtt.ConnectError{Stage: "tls", Err: fmt.Errorf("x: %w", netx.ErrCertificateRejected)})
	require.Contains(t, rejected, "--cert and --key")
	require.NotContains(t, rejected, "--cafile", "ours is what is rejected")
	require.Contains(t, sentence(&mqtt.ConnectError{Stage: "connack", Err: fmt.Errorf("%w: %w", mqtt.ErrConnectTimeout, io.EOF)}), "says nothing")
	require.Contains(t, sentence(&mqtt.ReasonError{Code: codec.NotAuthorized}), "MQTT_PASSWORD")
}

func TestEachRefusalOfAConnectSaysWhatToDo(t *testing.T) {
	for _, code := range []codec.ReasonCode{0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F} { // §3.2.2.2
		require.NotEmpty(t, Remedy(&mqtt.ReasonError{Packet: "CONNACK", Code: code}), "%v", code)
	}
	for _, packet := range []string{"PUBACK", "DISCONNECT"} {
		require.Empty(t, Remedy(&mqtt.ReasonError{Packet: packet, Code: codec.QuotaExceeded}), "that of a CONNACK is about connections")
		require.Empty(t, Remedy(&mqtt.ReasonError{Packet: packet, Code: codec.TopicNameInvalid}), "that of a CONNACK is about the will")
	}
	require.Equal(t, "try again later", Remedy(&mqtt.ReasonError{Packet: "DISCONNECT", Code: codec.ServerBusy}))
}

func TestWarnings(t *testing.T) {
	in, out, err := os.Pipe()
	require.NoError(t, err)
	defer in.Close()
	log := (&App{Stderr: out}).logger()
	log.Info("connected")
	log.Warn("connection ends", "reason", "x")
	log.Warn("certificates are not checked", "field", "TLS.InsecureSkipVerify")
	out.Close()
	text, err := io.ReadAll(in)
	require.NoError(t, err)
	require.Equal(t, "mqtt: warning: certificates are not checked, field TLS.InsecureSkipVerify\n", string(text))
}
