package main_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"B325 no command", nil, "no command given"},
		{"B325 unknown command", []string{"nosuch"}, `no command "nosuch"`},
		{"a command that is nearly one", []string{"versoin"}, `no command "versoin"; is it version?`},
		{"unknown flag", []string{"version", "--nosuch"}, "unknown flag: --nosuch"},
		{"a short flag of more than a byte", []string{"pub", "-vé", "-t", "a"}, "unknown shorthand flag"},
		{"an argument too many", []string{"version", "x"}, `unexpected argument "x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, c.args...)
			require.Equal(t, 2, r.code)
			require.Empty(t, r.stdout)
			require.Contains(t, r.stderr, "mqtt: "+c.says)
			require.Contains(t, r.stderr, "usage: mqtt")
		})
	}
}

func TestVersion(t *testing.T) {
	r := run(t, "version", "--json")
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stdout, `"mqtt":["5.0","3.1.1","3.1"]`)
	r = runCall(t, call{args: []string{"version"}, env: []string{"MQTT_PROFILE=nosuch"}})
	require.Equal(t, 0, r.code, "it needs no profile: %s", r.stderr)
}
