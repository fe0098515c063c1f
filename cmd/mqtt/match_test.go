package main_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		name   string
		args   []string
		stdin  string
		code   int
		stdout string
		stderr string
	}{
		{"some match", []string{"home/+/t", "home/a/t", "home/a/b/t", "home/b/t"}, "", 0, "home/a/t\nhome/b/t\n", ""},
		{"none matches", []string{"a", "b"}, "", 1, "", ""},
		{"the level above", []string{"a/#", "a", "b"}, "", 0, "a\n", ""},
		{"§4.7.2 a wildcard doesn't match $", []string{"#", "$SYS/uptime"}, "", 1, "", ""},
		{"$ by name", []string{"$SYS/#", "$SYS/uptime"}, "", 0, "$SYS/uptime\n", ""},
		{"§4.8.2 a shared subscription", []string{"$share/group/a/+", "a/b", "c"}, "", 0, "a/b\n", ""},
		{"inverted", []string{"-v", "a/#", "a", "b"}, "", 0, "b\n", ""},
		{"inverted, and all match", []string{"--invert", "a/#", "a"}, "", 1, "", ""},
		{"quiet", []string{"-q", "a", "a"}, "", 0, "", ""},
		{"lines", []string{"a/+"}, "a/b\n\nb\na/ c \na/d", 0, "a/b\na/ c \na/d\n", ""},
		{"lines of Windows", []string{"a"}, "a\r\nb\r\n", 0, "a\n", ""},
		{"no lines", []string{"a"}, "", 1, "", ""},
		{"no filter", nil, "", 2, "", "FILTER is missing"},
		{"bad filter", []string{"a/#/b", "a"}, "", 2, "", `"a/#/b": topic filter has a wildcard in the wrong place`},
		{"bad shared filter", []string{"$share/g", "a"}, "", 2, "", "isn't a well-formed shared subscription"},
		{"bad topic", []string{"a", "a", "a/+"}, "", 2, "a\n", `"a/+": topic name contains a wildcard`},
		{"bad line", []string{"a"}, "a\nb\xFF\n", 2, "a\n", "line 2: topic name isn't valid UTF-8"},
		{"longest line", []string{"+"}, strings.Repeat("x", 65535) + "\r\n", 0, strings.Repeat("x", 65535) + "\n", ""},
		{"line too long", []string{"+"}, strings.Repeat("x", 70000), 2, "", "line 1: a topic has at most 65535 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := runCall(t, call{args: append([]string{"match"}, c.args...), stdin: strings.NewReader(c.stdin)})
			require.Equal(t, c.code, r.code, r.stderr)
			require.Equal(t, c.stdout, r.stdout)
			if c.stderr == "" {
				require.Empty(t, r.stderr)
			} else {
				require.Contains(t, r.stderr, c.stderr)
			}
		})
	}
}

// TestMatchAnswersEachLine: a program at the other end may wait for the answer before it says more.
func TestMatchAnswersEachLine(t *testing.T) {
	p := start(t, "match", "a/#")
	for _, line := range []string{"a/1\n", "a/2\n"} {
		_, err := p.stdin.Write([]byte(line))
		require.NoError(t, err)
		p.stdout.awaitText(t, line)
	}
	p.signal(syscall.SIGINT)
	require.Equal(t, 130, p.wait().code)
}

// TestMatchKnowsAfterTheFirst: who asks in quiet needn't wait for what goes on for ever.
func TestMatchKnowsAfterTheFirst(t *testing.T) {
	p := start(t, "match", "-q", "a/#")
	_, err := p.stdin.Write([]byte("b\na/1\n"))
	require.NoError(t, err)
	require.Equal(t, 0, p.wait().code, "standard input is still open")
}

// TestMatchLeavesProfilesAlone: what they say is of servers, and -v of another command is no --invert.
func TestMatchLeavesProfilesAlone(t *testing.T) {
	r := runCall(t, call{args: []string{"match", "a", "a"}, env: []string{"MQTT_PROFILES=" + t.TempDir()}})
	require.Equal(t, 0, r.code, r.stderr)
}
