package mqtt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// twoRounds is a server's side that asks twice, and says "proof" in the end.
func twoRounds(string, string) mqtttest.AuthStep {
	rounds := 0
	return func([]byte) ([]byte, codec.ReasonCode) {
		if rounds++; rounds <= 2 {
			return fmt.Appendf(nil, "challenge %d", rounds), codec.ContinueAuthentication
		}
		return []byte("proof"), codec.Success
	}
}

func TestB078NoAuthenticationDataIsTold(t *testing.T) {
	bubble(t, "AUTH is traced both ways, without what it says", func(t *testing.T) {
		var seen, log bytes.Buffer
		var types []string
		var one sync.Mutex // trace functions run side by side
		say := func(way string) func(mqtt.PacketInfo) {
			return func(p mqtt.PacketInfo) {
				one.Lock()
				defer one.Unlock()
				fmt.Fprintf(&seen, "%+v\n", p)
				if p.Type == "AUTH" {
					require.Positive(t, p.Size)
					types = append(types, fmt.Sprintf("%s %02X", way, byte(p.Code)))
				}
			}
		}
		a := authenticator()
		a.first.Data = []byte("hush-first")
		a.answer = func(context.Context, mqtt.AuthData) (mqtt.AuthData, error) {
			return mqtt.AuthData{Data: []byte("hush-answer")}, nil
		}
		cfg := a.config()
		cfg.Trace = &mqtt.Trace{PacketSent: say(">"), PacketReceived: say("<")}
		cfg.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		server := func(string, string) mqtttest.AuthStep {
			step := twoRounds("", "")
			return func(data []byte) ([]byte, codec.ReasonCode) {
				answer, code := step(data)
				return append([]byte("hush-"), answer...), code
			}
		}
		s, _ := brokered(t, cfg, mqtttest.BrokerConfig{Enhanced: server})
		require.NoError(t, s.client.Reauthenticate(t.Context()))
		s.told()
		require.Equal(t, []string{"< 18", "> 18", "< 18", "> 18", "> 19", "< 18", "> 18", "< 18", "> 18", "< 00"}, types)
		require.Contains(t, log.String(), "re-authenticated")
		require.False(t, strings.Contains(seen.String()+log.String(), "hush"), "%s\n%s", &seen, &log)
	})
}

func TestReauthenticationAmidFaults(t *testing.T) {
	bubble(t, "B286 connections that are cut anywhere: each call ends, each exchange once, and no message is lost", func(t *testing.T) {
		a := authenticator()
		cfg := a.config()
		cfg.Backoff = mqtt.Backoff{Min: time.Second, Max: time.Second}
		s, b := brokered(t, cfg, mqtttest.BrokerConfig{Enhanced: twoRounds})
		random := rand.New(rand.NewPCG(1, 2))
		good, bad, begun, ended := 0, 0, 0, 0
		for i := range 200 {
			if i%2 == 1 {
				b.CutAfter(codec.FromServer, codec.TypeAuth, 1+random.IntN(3))
			}
			d := s.async(mqtt.AtLeastOnce, numbered(i))
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			switch err := s.client.Reauthenticate(ctx); {
			case err == nil:
				good++
			default:
				_, left := errors.AsType[*mqtt.AuthError](err)
				require.True(t, left || errors.Is(err, mqtt.ErrNotConnected), "%v", err)
				bad++
			}
			require.NoError(t, s.client.AwaitConnected(ctx))
			require.NoError(t, d.Wait(ctx))
			stop()
			for _, call := range a.asked() { // each round: what records them has a bound
				switch word, _, _ := strings.Cut(call, " "); word {
				case "begin":
					begun++
				case "end":
					ended++
					<-a.ends
				}
			}
		}
		require.GreaterOrEqual(t, good, 50)
		require.GreaterOrEqual(t, bad, 50)
		require.Equal(t, begun, ended)
		require.Empty(t, b.Violations())
	})
}
