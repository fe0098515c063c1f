package main_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// numbersOf are the payloads that a keeper got on a topic, in order.
func (k *keeper) numbersOf(topic string) (all []string) {
	for _, r := range k.Received() {
		if r.Message.Topic == topic {
			all = append(all, string(r.Message.Payload))
		}
	}
	return all
}

// awaitReceived waits until a keeper has had so many messages in all.
func (k *keeper) awaitReceived(n int) {
	k.t.Helper()
	k.await(func(s mqtttest.BrokerStats) bool { return s.Received >= n })
}

// startCopy starts copy, and waits until it has subscribed.
func startCopy(t testing.TB, from, to *keeper, args ...string) *process {
	t.Helper()
	p := start(t, append([]string{"copy", "--from", from.url, "--to", to.url}, args...)...)
	p.stderr.awaitText(t, "copying")
	return p
}

func TestCopyCarriesAllOfAMessage(t *testing.T) {
	t.Parallel()
	from, to := newKeeper(t, mqtttest.BrokerConfig{}), newKeeper(t, mqtttest.BrokerConfig{})
	file := filepath.Join(t.TempDir(), "to.ndjson")
	end := start(t, "record", "--url", to.url, "-t", "#", "-C", "5", "-f", file)
	end.stderr.awaitText(t, "recording")
	p := startCopy(t, from, to, "-t", "a/#", "-C", "5", "--map", "a/#=copy/a/#")
	publish(t, client(t, from.url, mqtt.Config{MaxInFlight: 1}), everything()...)
	r := p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "5 messages copied, 0 refused, 0 left unacknowledged")
	require.Equal(t, 0, end.wait().code)
	requireEverything(t, messagesOf(recorded(t, file)), "copy/")
	kept, ok := to.Retained("copy/a/kept")
	require.True(t, ok)
	require.Equal(t, "kept", string(kept.Payload))
	require.Zero(t, from.Stats().InFlight, "all is acknowledged to the source")
}

// TestCopyLosesNothing kills copy, and takes each server away, in the middle of what it carries.
func TestCopyLosesNothing(t *testing.T) {
	t.Parallel()
	const each = 400
	for _, c := range []struct {
		name    string
		trouble func(t *testing.T, p *process, from, to *keeper, again func() *process) *process
	}{
		{"copy is killed", func(t *testing.T, p *process, from, to *keeper, again func() *process) *process {
			p.signal(syscall.SIGKILL)
			p.wait()
			return again()
		}},
		{"the source goes away", func(t *testing.T, p *process, from, to *keeper, again func() *process) *process {
			from.stop()
			from.start()
			return p
		}},
		{"the destination goes away", func(t *testing.T, p *process, from, to *keeper, again func() *process) *process {
			to.stop()
			to.start()
			return p
		}},
		{"copy is interrupted", func(t *testing.T, p *process, from, to *keeper, again func() *process) *process {
			p.signal(syscall.SIGINT)
			r := p.wait()
			require.Equal(t, 0, r.code, r.stderr)
			require.Contains(t, r.stderr, "0 left unacknowledged")
			return again()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			from, to := newKeeper(t, mqtttest.BrokerConfig{}), newKeeper(t, mqtttest.BrokerConfig{})
			again := func() *process { return startCopy(t, from, to, "-t", "n/#", "-i", "bridge") }
			p := again()
			publisher := client(t, from.url, mqtt.Config{Session: mqtt.SessionDurable, ClientID: "publisher"})
			for n := range 3 {
				publish(t, publisher, numbers("n/1", mqtt.AtLeastOnce, n*each, (n+1)*each)...)
				publish(t, publisher, numbers("n/2", mqtt.ExactlyOnce, n*each, (n+1)*each)...)
				to.awaitReceived(2*n*each + each/2)
				p = c.trouble(t, p, from, to, again)
			}
			for n := 6 * each; len(firsts(to.numbersOf("n/1"))) < 3*each || len(firsts(to.numbersOf("n/2"))) < 3*each; n++ {
				to.awaitReceived(n) // some may be there twice
			}
			require.Equal(t, counted(0, 3*each), firsts(to.numbersOf("n/1")))
			require.Equal(t, counted(0, 3*each), firsts(to.numbersOf("n/2")))
			p.signal(syscall.SIGINT)
			r := p.wait()
			require.Equal(t, 0, r.code, r.stderr)
		})
	}
}

// TestCopyToADestinationThatForgets has the destination lose its sessions while messages are under way to it.
func TestCopyToADestinationThatForgets(t *testing.T) {
	t.Parallel()
	from := newKeeper(t, mqtttest.BrokerConfig{})
	to := newServer(t)
	p := start(t, "copy", "--from", from.url, "--to", to.url, "-t", "n", "-i", "bridge", "-q", "1")
	p.stderr.awaitText(t, "copying")
	publisher := client(t, from.url, mqtt.Config{})
	var got []string
	for n := range 3 {
		got = append(got, listen(t, to.url, "n", func() {
			publish(t, publisher, numbers("n", mqtt.AtLeastOnce, n*300, (n+1)*300)...)
		}, 300)...)
		to.stop()
		to = to.again(t)
	}
	require.Subset(t, got, counted(0, 900))
	from.await(func(s mqtttest.BrokerStats) bool { return s.InFlight+s.Queued == 0 })
	p.signal(syscall.SIGINT)
	r := p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "0 refused, 0 left unacknowledged")
}

// listen gives the payloads of a topic, until there were as many different ones as are said, from before does something.
func listen(t testing.TB, url, topic string, does func(), different int) (all []string) {
	t.Helper()
	c := client(t, url, mqtt.Config{})
	_, err := c.Subscribe(t.Context(), mqtt.Subscription{Filter: topic, QoS: mqtt.AtLeastOnce})
	require.NoError(t, err)
	does()
	for len(firsts(all)) < different {
		select {
		case m := <-c.Messages():
			all = append(all, string(m.Payload))
		case <-t.Context().Done():
			t.Fatal("the test ends")
		}
	}
	c.Abort()
	return all
}

// refusingTopics lets nobody publish to topic "no".
func refusingTopics(_, topic string, publish bool) codec.ReasonCode {
	if topic == "no" && publish {
		return codec.NotAuthorized
	}
	return codec.Success
}

func TestCopyOfWhatTheDestinationRefuses(t *testing.T) {
	t.Parallel()
	from, to := newKeeper(t, mqtttest.BrokerConfig{}), newKeeper(t, mqtttest.BrokerConfig{Authorize: refusingTopics})
	p := startCopy(t, from, to, "-t", "#", "-i", "bridge")
	publisher := client(t, from.url, mqtt.Config{})
	three := []mqtt.Message{{Topic: "a", QoS: 1}, {Topic: "no", QoS: 1}, {Topic: "b", QoS: 1}}
	publish(t, publisher, three...)
	r := p.wait()
	require.Equal(t, 1, r.code, r.stderr)
	require.Contains(t, r.stderr, `the destination can't have the message of topic "no", which stays unacknowledged`)
	require.Contains(t, r.stderr, "1 messages copied, 0 refused")

	p = startCopy(t, from, to, "-t", "#", "-i", "bridge", "--refused", "skip")
	from.await(func(s mqtttest.BrokerStats) bool { return s.InFlight+s.Queued == 0 })
	p.signal(syscall.SIGINT)
	r = p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "1 messages copied, 1 refused, 0 left unacknowledged")
	require.NotEmpty(t, to.numbersOf("b"))
}

func TestCopyInterruptedWhileTheDestinationIsAway(t *testing.T) {
	t.Parallel()
	from, to := newKeeper(t, mqtttest.BrokerConfig{}), newKeeper(t, mqtttest.BrokerConfig{})
	term := startTerminal(t, 120, 10, call{args: []string{"copy", "--from", from.url, "--to", to.url, "-t", "#", "-i", "bridge", "--drain", "100ms"}})
	term.awaitText("copying; an interrupt ends it")
	to.stop()
	term.awaitText("is lost")
	publish(t, client(t, from.url, mqtt.Config{}), numbers("n", mqtt.AtLeastOnce, 0, 3)...)
	term.awaitText("3 under way")
	term.keys("\x03")
	code, raw := term.wait()
	require.Equal(t, 130, code)
	require.Contains(t, raw, "0 messages copied, 0 refused, 3 left unacknowledged")
	to.start()
	r := startCopy(t, from, to, "-t", "#", "-i", "bridge", "-C", "3").wait()
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, counted(0, 3), to.numbersOf("n"))
}

func TestCopyOnOneServer(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, mqtttest.BrokerConfig{})
	r := run(t, "copy", "--from", k.url, "--to", k.url, "-t", "a/#")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "are the same server")

	p := startCopy(t, k, k, "-t", "#", "--map", "a/#=b/#")
	publish(t, client(t, k.url, mqtt.Config{}), mqtt.Message{Topic: "a/1", QoS: 1})
	r = p.wait()
	require.Equal(t, 1, r.code, r.stderr)
	require.Contains(t, r.stderr, `topic "a/1" becomes "b/1", which -t takes again`)
}

func TestCopyWithProfiles(t *testing.T) {
	t.Parallel()
	check := func(c *codec.Connect) codec.ReasonCode {
		if c.Username == "alice" && string(c.Password) == "secret" {
			return codec.Success
		}
		return codec.BadUserNameOrPassword
	}
	from, to := newKeeper(t, mqtttest.BrokerConfig{Authenticate: check}), newKeeper(t, mqtttest.BrokerConfig{Authenticate: check})
	profiles := filepath.Join(t.TempDir(), "profiles.toml")
	text := "[profile.old]\nurl = '" + from.url + "'\nusername = 'alice'\npassword = 'secret'\n"
	require.NoError(t, os.WriteFile(profiles, []byte(text), 0o600))
	c := call{env: []string{"MQTT_PROFILES=" + profiles, "MQTT_TO_PASSWORD=secret"},
		args: []string{"copy", "--from-profile", "old", "--to", to.url, "--to-username", "alice", "-t", "a", "-C", "1"}}
	p := startCall(t, c)
	p.stderr.awaitText(t, "copying")
	publish(t, client(t, from.url, mqtt.Config{Username: "alice", Password: []byte("secret")}), mqtt.Message{Topic: "a", QoS: 1})
	require.Equal(t, 0, p.wait().code)

	c.args = []string{"copy", "--from-profile", "old", "--to", to.url, "-t", "a"}
	r := runCall(t, c)
	require.Equal(t, 6, r.code, r.stderr)
	require.Contains(t, r.stderr, "destination: ")
	require.NotContains(t, r.stderr, "secret")
}

func TestCopyUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "no source given"},
		{[]string{"--from", "mqtt://a"}, "no destination given"},
		{[]string{"--from", "mqtt://a", "--to", "mqtt://b"}, "no topic filter given"},
		{[]string{"--from", "nonsense://a", "--to", "mqtt://b", "-t", "a"}, "--from: "},
		{[]string{"--from", "mqtt://a", "--to", "mqtt://b", "-t", "a", "--refused", "x"}, "give stop or skip"},
		{[]string{"--from", "mqtt://a", "--to", "mqtt://b", "-t", "a", "--to-password-file", "/nosuch"}, "--to: --password-file"},
		{[]string{"--from-profile", "nosuch", "--to", "mqtt://b", "-t", "a"}, `no profile "nosuch"`},
		{[]string{"--from", "mqtt://a", "--to", "mqtt://b", "-t", "a", "-i", "x", "--from-id", "y"}, "--session and --from-id"},
	} {
		r := run(t, append([]string{"copy"}, c.args...)...)
		require.Equal(t, 2, r.code, "%q: %s", c.args, r.stderr)
		require.Contains(t, r.stderr, c.says)
	}
}

func TestCopyInATerminal(t *testing.T) {
	t.Parallel()
	from, to := newKeeper(t, mqtttest.BrokerConfig{}), newKeeper(t, mqtttest.BrokerConfig{})
	term := startTerminal(t, 120, 10, call{args: []string{"copy", "--from", from.url, "--to", to.url, "-t", "n"}})
	term.awaitText("copying; an interrupt ends it")
	publish(t, client(t, from.url, mqtt.Config{}), numbers("n", mqtt.AtLeastOnce, 0, 7)...)
	term.awaitText("copied 7 messages, ")
	term.keys("\x03")
	code, _ := term.wait()
	require.Equal(t, 0, code)
}
