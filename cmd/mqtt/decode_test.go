package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// connectBytes is a CONNECT of 5.0 with a password, 77 bytes.
const connectBytes = "10 4B 00 04 4D 51 54 54 05 EE 00 3C 00 00 02 63 31 2B 18 00 00 00 05 01 01 02 00 00 00 3C 03 00 0A 74 65 78 74 2F 70 6C " +
	"61 69 6E 08 00 03 72 2F 74 09 00 02 01 02 26 00 01 6B 00 01 76 00 03 77 2F 74 00 03 62 79 65 00 01 75 00 06 53 45 43 52 45 54"

func TestDecode(t *testing.T) {
	connect := strings.Replace(connectBytes, "10 4B", "10 50", 1)
	for _, c := range []struct {
		name   string
		args   []string
		stdin  string
		code   int
		stdout []string
		stderr string
	}{
		{"arguments", []string{"30", "05", "00 01", "61", "00", "62"}, "", 0, []string{"PUBLISH from either side, MQTT 5.0, 7 bytes at byte 0", "topic    a\n", `1 byte: "b"`}, ""},
		{"standard input", nil, "c000 d000\n", 0, []string{"PINGREQ from the client", "PINGRESP from the server, MQTT 5.0, 2 bytes at byte 2"}, ""},
		{"raw", []string{"--raw", "--json"}, "\xc0\x00", 0, []string{`{"offset":0,"size":2,"type":"PINGREQ","from":"client","version":"5.0"}`}, ""},
		{"a password is hidden", []string{connect}, "", 0, []string{"password           hidden, 6 bytes; --show-password shows it"}, ""},
		{"a password is hidden in JSON", []string{"--json", connect}, "", 0, []string{`"password-bytes":6`}, ""},
		{"unless asked for", []string{"--show-password", connect}, "", 0, []string{`6 bytes: "SECRET"`}, ""},
		{"unless asked for in JSON", []string{"--show-password", "--json", connect}, "", 0, []string{`"password":"SECRET"`}, ""},
		{"binary payload in JSON", []string{"--json", "30 04 00 01 61 00", "-V", "311"}, "", 0, []string{`"payload":"\u0000"`}, ""},
		{"payload that isn't UTF-8", []string{"--json", "30 04 00 01 61 FF", "-V", "311"}, "", 0, []string{`"payload":"/w==","encoding":"base64"`}, ""},
		{"a bad packet, and the next", []string{"30 03 00 01 2b c0 00"}, "", 1, []string{"PINGREQ from the client, MQTT 5.0, 2 bytes at byte 5"}, "at byte 0: PUBLISH: topic name contains a wildcard (§3.3.2.1)"},
		{"bytes that are no packet", []string{"c0 00 ff 00"}, "", 1, []string{"PINGREQ"}, "at byte 2: AUTH: the fixed header's flags are 1111 (§2.1.3)"},
		{"cut short", []string{"c0 00 30 10 00"}, "", 1, []string{"PINGREQ"}, "at byte 2: PUBLISH is cut short: it has 18 bytes, and 3 are there"},
		{"the wrong side", []string{"--from", "server", "c0 00"}, "", 1, nil, "at byte 0: PINGREQ"},
		{"the wrong version", []string{"-V", "311", "f0 00"}, "", 1, nil, "at byte 0: AUTH"},
		{"no bytes", nil, "", 2, nil, "there are no bytes to decode"},
		{"no hexadecimal", []string{"hello"}, "", 1, nil, `character 1, 'h', is no hexadecimal digit; bytes as they are go with --raw`},
		{"bad version", []string{"-V", "6", "c000"}, "", 2, nil, `--protocol-version "6": give 5, 311, 31 or auto`},
		{"bad side", []string{"--from", "me", "c000"}, "", 2, nil, `--from "me": give client, server or auto`},
		{"no file", []string{"-f", "nosuch"}, "", 2, nil, "nosuch: no such file"},
		{"hexadecimal and a file", []string{"-f", "x", "c000"}, "", 2, nil, "go without --file and --raw"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := runCall(t, call{args: append([]string{"decode"}, c.args...), stdin: strings.NewReader(c.stdin)})
			require.Equal(t, c.code, r.code, r.stderr)
			for _, text := range c.stdout {
				require.Contains(t, r.stdout, text)
			}
			if c.stdout == nil {
				require.Empty(t, r.stdout)
			}
			if c.stderr == "" {
				require.Empty(t, r.stderr)
			}
			require.Contains(t, r.stderr, c.stderr)
		})
	}
}

// TestDecodeGoesAlong shows a packet as soon as its last byte is there.
func TestDecodeGoesAlong(t *testing.T) {
	p := start(t, "decode", "--raw", "--json")
	for _, part := range []string{"\xc0\x00\x30", "\x05\x00\x01a\x00b"} {
		_, err := p.stdin.Write([]byte(part))
		require.NoError(t, err)
		p.stdout.awaitText(t, map[bool]string{true: "PINGREQ", false: "PUBLISH"}[part[0] == 0xC0])
	}
	p.signal(syscall.SIGINT)
	require.Equal(t, 130, p.wait().code)
}

func TestDecodeReadsAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "packets")
	require.NoError(t, os.WriteFile(file, []byte("\xc0\x00\xd0\x00"), 0o600))
	r := run(t, "decode", "--raw", "--json", "--file", file)
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, 2, strings.Count(r.stdout, "\n"))
}
