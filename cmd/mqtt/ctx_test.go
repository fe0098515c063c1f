package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// profiles is a file of profiles of a test's own.
type profiles struct {
	t    testing.TB
	path string
}

func newProfiles(t testing.TB) profiles {
	return profiles{t, filepath.Join(t.TempDir(), "settings", "profiles.toml")}
}

// write has the file hold text.
func (p profiles) write(text string) profiles {
	p.t.Helper()
	require.NoError(p.t, os.MkdirAll(filepath.Dir(p.path), 0o700))
	require.NoError(p.t, os.WriteFile(p.path, []byte(text), 0o600))
	return p
}

// run runs the program with these profiles and more of the environment.
func (p profiles) run(env []string, args ...string) result {
	p.t.Helper()
	return runCall(p.t, call{args: args, env: append([]string{"MQTT_PROFILES=" + p.path}, env...)})
}

// ok runs `mqtt ctx`, which has to go well.
func (p profiles) ok(args ...string) result {
	p.t.Helper()
	r := p.run(nil, append([]string{"ctx"}, args...)...)
	require.Equal(p.t, 0, r.code, "%q: %s", args, r.stderr)
	return r
}

// connects is a hook that lets everybody in and keeps each CONNECT.
type connects struct {
	mochi.HookBase
	came chan packets.Packet
}

func newConnects() *connects { return &connects{came: make(chan packets.Packet, 100)} }

func (*connects) ID() string { return "connects" }
func (*connects) Provides(b byte) bool {
	return bytes.Contains([]byte{mochi.OnConnectAuthenticate, mochi.OnACLCheck}, []byte{b})
}
func (*connects) OnACLCheck(*mochi.Client, string, bool) bool { return true }
func (c *connects) OnConnectAuthenticate(_ *mochi.Client, p packets.Packet) bool {
	c.came <- p
	return true
}

func TestCtx(t *testing.T) {
	t.Parallel()
	p := newProfiles(t)
	require.Equal(t, "NAME  SERVER\n", strings.TrimLeft(p.ok("ls").stdout, " "))
	p.ok("add", "local", "-h", "127.0.0.1", "-p", "2883", "-k", "0")
	r := p.ok("add", "plant", "--url", "mqtts://me:geheim@broker.example:8884", "--url", "wss://b.example/x?token=geheim", "-u", "me", "-P", "geheim",
		"--ws-header", "Authorization: Bearer geheim", "-D", "connect", "user-property", "a key", "b")
	require.Contains(t, r.stderr, "the password is in the file")
	require.NotContains(t, r.stderr, "geheim")
	info, err := os.Stat(p.path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	require.Equal(t, 2, p.run(nil, "ctx", "use", "nosuch").code)
	p.ok("use", "plant")
	r = p.ok("ls")
	require.Regexp(t, `(?m)^ +local +mqtt://127.0.0.1:2883$`, r.stdout)
	require.Regexp(t, `(?m)^\* +plant +mqtts://broker.example:8884 wss://b.example\S+$`, r.stdout)
	require.NotContains(t, r.stdout, "geheim")

	r = p.ok("show")
	require.Contains(t, r.stdout, `password = "***"`)
	require.Contains(t, r.stdout, `url = ["mqtts://me:***@broker.example:8884", "wss://b.example/x?token=***"]`)
	require.Contains(t, r.stdout, `ws-header = "Authorization: ***"`)
	require.NotContains(t, r.stdout, "geheim")
	require.Equal(t, "[profile.local]\nhost = \"127.0.0.1\"\nkeepalive = \"0\"\nport = \"2883\"\n", p.ok("show", "local").stdout)

	lines := strings.Split(strings.TrimSpace(p.ok("ls", "-o", "ndjson").stdout), "\n")
	require.Len(t, lines, 2)
	var one struct {
		Name    string
		Current bool
		Servers []string
	}
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &one))
	require.Equal(t, "plant", one.Name)
	require.True(t, one.Current)
	require.Equal(t, "mqtts://broker.example:8884", one.Servers[0])
	require.True(t, json.Valid([]byte(p.ok("ls", "-o", "json").stdout)))

	require.Contains(t, p.ok("rm", "plant").stderr, "no profile is in use now")
	require.NotContains(t, p.ok("ls").stdout, "*")
	p.ok("use", "local")
	p.ok("use", "--none")
	require.NotContains(t, p.ok("ls").stdout, "*")
}

func TestCtxKeepsWholePaths(t *testing.T) {
	t.Parallel()
	p := newProfiles(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("geheim\n"), 0o600))
	r := runCall(t, call{args: []string{"ctx", "add", "a", "--password-file", "secret"}, dir: dir, env: []string{"MQTT_PROFILES=" + p.path}})
	require.Equal(t, 0, r.code, r.stderr)
	require.Empty(t, r.stderr)
	require.Contains(t, p.ok("show", "a").stdout, fmt.Sprintf("password-file = %q", filepath.Join(dir, "secret")))
}

func TestCtxSaysThatAPasswordIsInTheFile(t *testing.T) {
	t.Parallel()
	p := newProfiles(t)
	const says = "the password is in the file"
	require.Contains(t, p.ok("add", "a", "--url", "mqtt://me:geheim@localhost").stderr, says)
	require.NotContains(t, p.ok("add", "b", "--url", "mqtt://me@localhost").stderr, says)
	r := p.run(nil, "ctx", "add", "b", "-P", "geheim")
	require.Equal(t, 2, r.code)
	require.NotContains(t, r.stderr, says, "there was a profile of that name")
}

func TestCtxRefuses(t *testing.T) {
	t.Parallel()
	p := newProfiles(t).write("[profile.a]\nhost = 'one'\n")
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"nothing", nil, "add, ls, use"},
		{"an unknown command", []string{"list"}, `no "list"`},
		{"a name that is there", []string{"add", "a", "-h", "two"}, "--force"},
		{"an unknown flag", []string{"add", "b", "--hots", "x"}, "--hots"},
		{"a port that is none", []string{"add", "b", "-p", "70000"}, "--port 70000"},
		{"a file that isn't there", []string{"add", "b", "--password-file", "/nosuch"}, "/nosuch"},
		{"no name", []string{"add"}, "name of a profile is missing"},
		{"a name of two words", []string{"add", "b c"}, `"b c"`},
		{"two names", []string{"add", "b", "c"}, `"c"`},
		{"showing none", []string{"show"}, "no profile is in use"},
		{"showing what isn't there", []string{"show", "x"}, `no profile "x"; there are ["a"]`},
		{"removing what isn't there", []string{"rm", "x"}, `no profile "x"`},
		{"using what isn't there", []string{"use", "x"}, `no profile "x"`},
		{"using none and one", []string{"use", "--none", "a"}, "--none"},
		{"testing what isn't there", []string{"test", "x"}, `no profile "x"`},
		{"testing two", []string{"test", "a", "--profile", "x"}, "--profile"},
		{"a form that isn't there", []string{"ls", "-o", "xml"}, "--output"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := p.run(nil, append([]string{"ctx"}, c.args...)...)
			require.Equal(t, 2, r.code, r.stderr)
			require.Empty(t, r.stdout)
			require.Contains(t, r.stderr, c.says)
		})
	}
	require.Equal(t, "[profile.a]\nhost = \"one\"\n", p.ok("show", "a").stdout, "untouched")
	p.ok("add", "a", "-h", "two", "--force")
	require.Equal(t, "[profile.a]\nhost = \"two\"\n", p.ok("show", "a").stdout)
}

func TestCtxDamagedFile(t *testing.T) {
	t.Parallel()
	const damaged = "current = \"a\"\n[profile.a\nhost = 1\n"
	p := newProfiles(t).write(damaged)
	for _, args := range [][]string{{"ctx", "ls"}, {"ctx", "add", "b", "-h", "x"}, {"top", "--once"}} {
		r := p.run(nil, args...)
		require.Equal(t, 2, r.code, args)
		require.Contains(t, r.stderr, p.path+", line 2: ")
		require.Contains(t, r.stderr, "mend the file")
	}
	left, err := os.ReadFile(p.path)
	require.NoError(t, err)
	require.Equal(t, damaged, string(left))
}

func TestWhatNeedsNoProfileTakesAnyFile(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"[profile.a\n", "current = \"gone\"\n[profile.a]\n", "current = \"a\"\n[profile.a]\nhots = \"x\"\n"} {
		for _, args := range [][]string{{"version"}, {"help"}, {"completion", "bash"}, {"match", "a", "a"}, {"decode", "c000"}, {"__complete", "sub", "-"}} {
			r := newProfiles(t).write(text).run(nil, args...)
			require.Equal(t, 0, r.code, "%q %s", args, r.stderr)
		}
	}
}

func TestWhatAProfileSaysAndNobodyUnderstands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, says string }{
		{"[profile.a]\nhots = \"x\"\n", `"hots" in profile "a": no command has such a flag`},
		{"[profile.a]\npw = \"geheim\"\n", `"pw" in profile "a": that is password here`},
		{"current = \"gone\"\n[profile.a]\n", `the profile in use, "gone", isn't there; ` + "`mqtt ctx use NAME` chooses one of [\"a\"]"},
	} {
		p := newProfiles(t).write(c.text)
		args := []string{"top", "--once", "--profile", "a"}
		if strings.HasPrefix(c.text, "current") {
			args = args[:2]
		}
		r := p.run(nil, args...)
		require.Equal(t, 2, r.code, r.stderr)
		require.Contains(t, r.stderr, c.says)
		require.NotContains(t, r.stderr, "geheim")
	}
	p := newProfiles(t).write("current = \"gone\"\n[profile.a]\nhost = \"localhost\"\n\"filter-out\" = \"b\"\n")
	p.ok("use", "a")
	require.Contains(t, p.ok("show").stdout, "localhost")
}

func TestCtxOfManyAtOnce(t *testing.T) {
	t.Parallel()
	p := newProfiles(t)
	const n = 4
	results := make([]result, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { results[i] = p.run(nil, "ctx", "add", fmt.Sprint("p", i), "-p", fmt.Sprint(i+1)) })
	}
	wg.Wait()
	for i, r := range results {
		require.Equal(t, 0, r.code, r.stderr)
		require.Contains(t, p.ok("show", fmt.Sprint("p", i)).stdout, fmt.Sprintf("port = %q", fmt.Sprint(i+1)))
	}
}

func TestCtxLinkStaysALink(t *testing.T) {
	t.Parallel()
	p := newProfiles(t)
	elsewhere := newProfiles(t).write("")
	require.NoError(t, os.MkdirAll(filepath.Dir(p.path), 0o700))
	require.NoError(t, os.Symlink(elsewhere.path, p.path))
	p.ok("add", "a", "-h", "one")
	require.Contains(t, elsewhere.ok("ls").stdout, "mqtt://one")
	_, err := os.Readlink(p.path)
	require.NoError(t, err)
}

func TestCtxTest(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	p := newProfiles(t).write(fmt.Sprintf("[profile.here]\nurl = %q\nid = 'me'\n[profile.gone]\nurl = \"mqtt://%s\"\n", s.url, l.Addr()))
	r := p.ok("test", "here")
	require.Regexp(t, `^mqtt://127\.0\.0\.1:\d+: connected in \S+s; MQTT 5\.0, client id "me", QoS up to 2, packets up to \d+ bytes, .*\n$`, r.stdout)
	require.Contains(t, p.ok("test", "here", "-V", "311").stdout, "MQTT 3.1.1")
	require.Equal(t, 3, p.run(nil, "ctx", "test", "gone").code)
	p.ok("use", "here")
	require.Contains(t, p.ok("test").stdout, "connected in")
	require.Contains(t, p.run([]string{"MQTT_ID=another"}, "ctx", "test").stdout, `client id "another"`)
}

func TestProfilePrecedence(t *testing.T) {
	t.Parallel()
	hook := newConnects()
	s := newServer(t, hook)
	p := newProfiles(t).write(`current = "a"
[profile.a]
host = "127.0.0.1"
port = 1
id = "of a"
username = "user of a"
keepalive = 77
property = ["connect user-property k1 v 1", "connect user-property k2 v2"]
[profile.b]
url = ["mqtt://127.0.0.1:1", "` + s.url + `"]
id = "of b"
`)
	port := "MQTT_PORT=" + s.port
	for _, c := range []struct {
		name      string
		env, args []string
		id, user  string
		keepAlive uint16
		user5     int
	}{
		{"the current profile, and the port of the environment", []string{port}, nil, "of a", "user of a", 77, 2},
		{"the environment before the profile", []string{port, "MQTT_ID=of env"}, nil, "of env", "user of a", 77, 2},
		{"a flag before the environment", []string{port, "MQTT_ID=of env"}, []string{"-i", "of flag", "-k", "9"}, "of flag", "user of a", 9, 2},
		{"the profile that the environment names, with a list of servers", []string{"MQTT_PROFILE=b"}, nil, "of b", "", 60, 0},
		{"the profile that the flag names before the environment's", []string{"MQTT_PROFILE=nosuch"}, []string{"--profile", "b"}, "of b", "", 60, 0},
		{"a profile by its name", nil, []string{"b"}, "of b", "", 60, 0},
		{"a URL of the command line before a host of the profile", nil, []string{"--url", s.url}, "of a", "user of a", 77, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := p.run(c.env, append([]string{"ctx", "test"}, c.args...)...)
			require.Equal(t, 0, r.code, r.stderr)
			got := <-hook.came
			require.Equal(t, c.id, got.Connect.ClientIdentifier)
			require.Equal(t, c.user, string(got.Connect.Username))
			require.Equal(t, c.keepAlive, got.Connect.Keepalive)
			require.Len(t, got.Properties.User, c.user5)
			if c.user5 > 0 {
				require.Equal(t, packets.UserProperty{Key: "k1", Val: "v 1"}, got.Properties.User[0])
			}
		})
	}
	for _, c := range [][]string{{"--profile", "nosuch"}, nil} {
		r := p.run([]string{"MQTT_PROFILE=nosuch"}, append([]string{"top", "--once"}, c...)...)
		require.Equal(t, 2, r.code)
		require.Contains(t, r.stderr, `no profile "nosuch"; there are ["a" "b"]`)
	}
}
