package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/mqtt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// configured runs a command line of flags of a connection, as a person would write it, in an environment and beside profiles.
func configured(t *testing.T, environment map[string]string, profiles string, args ...string) (cfg mqtt.Config, c *Connection, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "profiles.toml")
	require.NoError(t, os.WriteFile(path, []byte(profiles), 0o600))
	t.Setenv("MQTT_PROFILES", path)
	for name, value := range environment {
		t.Setenv(name, value)
	}
	a := &App{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	c = new(Connection)
	root := a.root([]Maker{func(a *App) *cobra.Command {
		cmd := &cobra.Command{Use: "try", Args: NoArgs, RunE: func(*cobra.Command, []string) error {
			var err error
			cfg, err = c.Config()
			return err
		}}
		c.Flags(a, cmd)
		return cmd
	}})
	args, err = joinProperties(root, append([]string{"try"}, args...))
	if err != nil {
		return cfg, c, err
	}
	root.SetArgs(args)
	return cfg, c, root.Execute()
}

func TestServers(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string // the URL, or what the error says
		code int
	}{
		{nil, "mqtt://localhost", 0},
		{[]string{"-h", "test.example"}, "mqtt://test.example", 0},
		{[]string{"-h", "::1", "-p", "1884"}, "mqtt://[::1]:1884", 0},
		{[]string{"-p", "8883"}, "mqtts://localhost:8883", 0},
		{[]string{"--insecure"}, "mqtts://localhost", 0},
		{[]string{"--protocol", "ws", "-p", "9001"}, "ws://localhost:9001/mqtt", 0},
		{[]string{"--protocol", "wss", "--ws-path", "x"}, "wss://localhost/x", 0},
		{[]string{"--unix", "/tmp/s"}, "unix:///tmp/s", 0},
		{[]string{"--url", "ws://a/b"}, "ws://a/b", 0},
		{[]string{"-L", "mqtts://u:p@h:1/a/b"}, "mqtts://u:p@h:1", 0},
		{[]string{"--unix", "/tmp/a b?c#d%41"}, "unix:///tmp/a%20b%3Fc%23d%2541", 0},
		{[]string{"--unix", ""}, `--unix ""`, ExitUsage},
		{[]string{"-L", "mqtt://h/50%"}, "mqtt://h", 0},
		{[]string{"-L", "mqtt://h/a b/#?%zz"}, "mqtt://h", 0},
		{[]string{"-L", "mqtt://u:p#w@h/a"}, "# as %23", ExitUsage},
		{[]string{"-L", "mqtt://u:12#w@h/a"}, "# as %23", ExitUsage},
		{[]string{"-L", "mqtt://u:p/w@h/a"}, "/ as %2F", ExitUsage},
		{[]string{"-L", "http://h/a"}, "-L wants", ExitUsage},
		{[]string{"--url", "http://h/a"}, "http", ExitUsage},
		{[]string{"--url", "mqtt://a", "-h", "b"}, "--url and --host/port/protocol/ws-path both say where the server is", ExitUsage},
		{[]string{"--url", "mqtt://a", "--insecure"}, "without TLS", ExitUsage},
		{[]string{"-h", "mqtt://a"}, "a URL goes with --url", ExitUsage},
		{[]string{"-p", "0"}, "a port is 1 to 65535", ExitUsage},
		{[]string{"-p", "65536"}, "a port is 1 to 65535", ExitUsage},
		{[]string{"-p", "x"}, "port", ExitUsage},
		{[]string{"--protocol", "quic"}, "quic", ExitUsage},
		{[]string{"-V", "6"}, "--protocol-version", ExitUsage},
		{[]string{"-k", "-1"}, "seconds", ExitUsage},
		{[]string{"-c"}, "needs --id", ExitUsage},
		{[]string{"-x", "5"}, "give -c", ExitUsage},
		{[]string{"-c", "-i", "a", "-x", "0"}, "--session-expiry 0 keeps no session", ExitUsage},
		{[]string{"-i", "a", "-I", "b"}, "--id and --id-prefix both say who the client is", ExitUsage},
		{[]string{"--cert", "a"}, "go together", ExitUsage},
		{[]string{"--cafile", "/nowhere"}, "/nowhere", ExitUsage},
		{[]string{"--tls-version", "1.1"}, "tlsv1.2", ExitUsage},
		{[]string{"--will-payload", "x"}, "needs --will-topic", ExitUsage},
		{[]string{"--will-topic", "x", "--will-qos", "3"}, "0, 1 or 2", ExitUsage},
		{[]string{"--ws-header", "secret"}, "no colon", ExitUsage},
		{[]string{"-P", "a", "--password-file", "b"}, "both say what the password is", ExitUsage},
	} {
		t.Run(c.want, func(t *testing.T) {
			cfg, _, err := configured(t, nil, "", c.args...)
			if c.code != 0 {
				require.ErrorContains(t, err, c.want)
				require.Equal(t, c.code, ExitCode(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, []string{c.want}, cfg.Servers)
			client, err := mqtt.New(cfg)
			require.NoError(t, err)
			client.Abort()
		})
	}
}

func TestTheTopicOfAURL(t *testing.T) {
	for _, c := range []struct{ url, topic string }{
		{"mqtt://h/a/b", "a/b"},
		{"mqtt://h", ""},
		{"mqtt://u:p@h:1//a", "/a"},
		{"mqtt://h/a/#", "a/#"},
		{"mqtt://h/a?b", "a?b"},
		{"mqtt://h/a%20b", "a b"},
		{"mqtt://h/50%", "50%"},
	} {
		require.Equal(t, c.topic, (&Connection{TopicURL: c.url}).Topic(), c.url)
	}
	_, _, err := configured(t, nil, "", "-L", "mqtt://u:12#secret@h/a")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "12")
	require.NotContains(t, err.Error(), "secret")
	_, _, err = configured(t, nil, "", "-L", "mqtt://u:secret/12@h/a")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

func TestWhereSettingsComeFrom(t *testing.T) {
	const profiles = "current = 'one'\n[profile.one]\nhost = 'one'\nport = 1\nid = 'one'\n'ws-header' = ['A: 1', 'B: 2']\n[profile.two]\nurl = ['mqtt://a', 'mqtt://b']\n"
	t.Run("flag, environment, profile", func(t *testing.T) {
		cfg, _, err := configured(t, map[string]string{"MQTT_PORT": "2", "MQTT_ID": "two"}, profiles, "-i", "three")
		require.NoError(t, err)
		require.Equal(t, []string{"mqtt://one:2"}, cfg.Servers)
		require.Equal(t, "three", cfg.ClientID)
		require.Len(t, cfg.WebSocket.Header, 2)
	})
	t.Run("a flag for the server is before another way from further away", func(t *testing.T) {
		cfg, _, err := configured(t, map[string]string{"MQTT_URL": "mqtt://x"}, profiles, "-h", "three")
		require.NoError(t, err)
		require.Equal(t, []string{"mqtt://three:1"}, cfg.Servers)
		cfg, _, err = configured(t, map[string]string{"MQTT_URL": "mqtt://x"}, profiles)
		require.NoError(t, err)
		require.Equal(t, []string{"mqtt://x"}, cfg.Servers)
	})
	t.Run("a flag for the client's name is before another way from further away", func(t *testing.T) {
		cfg, _, err := configured(t, nil, profiles, "-I", "three-")
		require.NoError(t, err)
		require.Regexp(t, "^three-[a-z0-9]{12}$", cfg.ClientID)
		cfg, _, err = configured(t, map[string]string{"MQTT_ID_PREFIX": "two-"}, profiles, "-i", "three")
		require.NoError(t, err)
		require.Equal(t, "three", cfg.ClientID)
	})
	t.Run("a profile by name", func(t *testing.T) {
		cfg, _, err := configured(t, nil, profiles, "--profile", "two")
		require.NoError(t, err)
		require.Equal(t, []string{"mqtt://a", "mqtt://b"}, cfg.Servers)
		cfg, _, err = configured(t, map[string]string{"MQTT_PROFILE": "two"}, profiles)
		require.NoError(t, err)
		require.Len(t, cfg.Servers, 2)
	})
	for name, c := range map[string]struct {
		environment map[string]string
		profiles    string
		args        []string
		says        string
	}{
		"no such profile":             {nil, profiles, []string{"--profile", "three"}, `no profile "three"; there are ["one" "two"]`},
		"a damaged file":              {nil, "x = = 1", nil, "mend the file"},
		"a value that is no flag's":   {nil, "[profile.one]\nhost = {a = 1}", nil, "write a string"},
		"a bad number in a profile":   {nil, "current = 'one'\n[profile.one]\nport = 'x'", nil, `port in profile "one"`},
		"a bad number in environment": {map[string]string{"MQTT_PORT": "x"}, "", nil, "MQTT_PORT in the environment"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := configured(t, c.environment, c.profiles, c.args...)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, ExitUsage, ExitCode(err))
		})
	}
}

func TestSecretsOfAConnection(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("from file\r\n"), 0o600))
	cfg, _, err := configured(t, map[string]string{"MQTT_PASSWORD": "environment"}, "", "--password-file", file)
	require.NoError(t, err)
	require.Equal(t, "from file", string(cfg.Password))
	cfg, _, err = configured(t, map[string]string{"MQTT_PASSWORD": "environment"}, "")
	require.NoError(t, err)
	require.Equal(t, "environment", string(cfg.Password))
	cfg, _, err = configured(t, nil, "", "--pw", "")
	require.NoError(t, err)
	require.NotNil(t, cfg.Password, "an empty password is one")
}

func TestWhoWeAre(t *testing.T) {
	const profiles = "current = 'one'\n[profile.one]\nusername = 'alice'\npassword = 'hers'\n"
	const url = "mqtt://bob:his@h"
	for _, c := range []struct {
		name        string
		environment map[string]string
		args        []string
		user, pass  string // beside the URL, before which they count
	}{
		{"a profile's", nil, []string{"-h", "h"}, "alice", "hers"},
		{"a URL's is nearer than a profile's", nil, []string{"--url", url}, "", ""},
		{"so is that of -L", nil, []string{"-L", url + "/a"}, "", ""},
		{"and one of the environment", map[string]string{"MQTT_URL": url}, nil, "", ""},
		{"a flag is as near as a URL, and says more", nil, []string{"--url", url, "-u", "carol", "-P", "hers too"}, "carol", "hers too"},
		{"a flag is nearer than the environment's URL", map[string]string{"MQTT_URL": url}, []string{"-u", "carol"}, "carol", ""},
		{"a URL without a password leaves it to others", map[string]string{"MQTT_PASSWORD": "secret"}, []string{"--url", "mqtt://bob@h"}, "", "secret"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, _, err := configured(t, c.environment, profiles, c.args...)
			require.NoError(t, err)
			require.Equal(t, c.user, cfg.Username)
			require.Equal(t, c.pass, string(cfg.Password))
		})
	}
}

func TestSessionAndKeepAlive(t *testing.T) {
	cfg, _, err := configured(t, nil, "", "-k", "0", "-c", "-i", "me", "-x", "1h", "-V", "mqttv311")
	require.NoError(t, err)
	require.Negative(t, cfg.KeepAlive, "zero is off, as with other clients")
	require.Equal(t, mqtt.SessionDurable, cfg.Session)
	require.Equal(t, time.Hour, cfg.SessionExpiry)
	require.Equal(t, mqtt.V311, cfg.Version)
	cfg, _, err = configured(t, nil, "", "-c", "-i", "me", "-x", "4294967295")
	require.NoError(t, err)
	require.Equal(t, 4_294_967_295*time.Second, cfg.SessionExpiry, "a session that never expires, as other clients have it")
	client, err := mqtt.New(cfg)
	require.NoError(t, err)
	client.Abort()
	_, _, err = configured(t, nil, "", "-c", "-i", "me", "-x", "4294967296")
	require.Equal(t, ExitUsage, ExitCode(err))
	require.Equal(t, 65_535, cfg.ReceiveMaximum, "who sends more than a lesser one allows is no trouble")
}

func TestPropertyFlags(t *testing.T) {
	cfg, c, err := configured(t, nil, "",
		"-D", "connect", "user-property", "a b", "c d", "-D", "publish", "content-type", "text/plain; x",
		"--property", "PUBLISH", "Message-Expiry-Interval", "60", "-D", "subscribe", "subscription-identifier", "7",
		"-D", "will", "will-delay-interval", "5", "-D", "will", "content-type", "t", "--will-topic", "w",
		"-D", "disconnect", "reason-string", "-D", "-D", "unsubscribe", "user-property", "k", "v",
		"-i", "-D", "-D", "connect", "receive-maximum", "9")
	require.NoError(t, err)
	require.Equal(t, "-D", cfg.ClientID, "the value of another flag stays that")
	require.Equal(t, []mqtt.UserProperty{{Key: "a b", Value: "c d"}}, cfg.UserProperties)
	require.Equal(t, 9, cfg.ReceiveMaximum)
	require.Equal(t, 5*time.Second, cfg.Will.Properties.WillDelayInterval)
	require.Equal(t, "t", cfg.Will.Properties.ContentType)
	p, err := c.Properties.Publish()
	require.NoError(t, err)
	require.Equal(t, "text/plain; x", p.ContentType)
	require.Equal(t, time.Minute, *p.MessageExpiryInterval)
	var s mqtt.Subscription
	require.NoError(t, c.Properties.Subscribe(&s))
	require.EqualValues(t, 7, s.Identifier)
	d, err := c.Properties.Disconnect()
	require.NoError(t, err)
	require.Equal(t, "-D", d.ReasonString)
	require.Equal(t, []mqtt.UserProperty{{Key: "k", Value: "v"}}, c.Properties.Unsubscribe())
	for _, bad := range []struct {
		args []string
		says string
	}{
		{[]string{"-D"}, "wants a command"},
		{[]string{"-D", "publish", "content-type"}, "wants a command"},
		{[]string{"-D", "publish", "user-property", "k"}, "wants a command"},
		{[]string{"-D", "ping", "a", "b"}, `no command "ping"`},
		{[]string{"-D", "publish", "colour", "b"}, `no property "colour"`},
		{[]string{"-D", "connect", "receive-maximum", "0"}, "1 to 65535"},
		{[]string{"-D", "will", "content-type", "x"}, "needs --will-topic"},
	} {
		_, _, err := configured(t, nil, "", bad.args...)
		require.ErrorContains(t, err, bad.says)
		require.Equal(t, ExitUsage, ExitCode(err))
	}
}
