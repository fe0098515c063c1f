package profiles

import (
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMasked(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"password", "geheim", "***"},
		{"url", "mqtt://host:1883", "mqtt://host:1883"},
		{"url", "mqtt://me@host", "mqtt://me@host"},
		{"url", "mqtt://me:geheim@host:1883", "mqtt://me:***@host:1883"},
		{"topic-url", "mqtt://me:ge%40heim@host/a@b", "mqtt://me:***@host/a@b"},
		{"url", "wss://host/mqtt?token=geheim&x=geheim", "wss://host/mqtt?token=***&x=***"},
		{"url", "wss://me:geheim@host/mqtt?geheim", "wss://me:***@host/mqtt?***"},
		{"url", "wss://%zz:geheim@host", "***"},
		{"topic-url", "mqtt://me:geheim@host/topic", "mqtt://me:***@host/topic"},
		{"proxy", "socks5h://me:geheim@host:1080", "socks5h://me:***@host:1080"},
		{"url", "mqtt:me:geheim@host", "***"},
		{"url", "mqtt://me:12/34@host", "***"},
		{"proxy", "me:geheim@host:1080", "***"},
		{"proxy", "none", "none"},
		{"ws-header", "Authorization: Bearer geheim", "Authorization: ***"},
		{"ws-header", "geheim", "***"},
		{"host", "host", "host"},
	} {
		require.Equal(t, c.want, masked(c.key, c.value), "%s %s", c.key, c.value)
	}
}

func TestShownIsTOMLThatShowsNoSecretAndMovesNoTerminal(t *testing.T) {
	p := app.Profile{"host": {"a\"b\\\x1b"}, "pw": {"geheim"}, "what is that": nil}
	text := string(shown("a.b", p, map[string]bool{"host": true}))
	require.Equal(t, "[profile.\"a.b\"]\nhost = \"a\\\"b\\\\\\U0000001B\"\npw = \"***\"\n\"what is that\" = []\n", text)
	var back map[string]map[string]map[string]any
	require.NoError(t, toml.Unmarshal([]byte(text), &back))
	require.Equal(t, p["host"][0], back["profile"]["a.b"]["host"])
}

func TestTheListMovesNoTerminal(t *testing.T) {
	text, err := listing([]about{{Name: "\x1b[2J", Servers: []string{}, Error: "\x1b[2J"}}, "table")
	require.NoError(t, err)
	require.NotContains(t, string(text), "\x1b")
}

func TestAboutsSaysWhatIsWrong(t *testing.T) {
	all := abouts(&app.Profiles{Current: "b", Named: map[string]app.Profile{
		"b": {"unix": {"/run/mqtt"}},
		"a": {"port": {"99999"}},
		"c": {"port": {"x"}},
		"d": {"topic-url": {"mqtt://me:geheim@host/topic"}, "qos": {"1"}},
	}})
	require.Equal(t, "--port 99999: a port is 1 to 65535", all[0].Error)
	require.Equal(t, []string{"mqtt+unix:///run/mqtt"}, all[1].Servers)
	require.True(t, all[1].Current)
	require.Contains(t, all[2].Error, "--port: ")
	require.Equal(t, []string{"mqtt://host:1883"}, all[3].Servers)
	require.Equal(t, []string{"qos", "topic-url"}, all[3].Flags)
}
