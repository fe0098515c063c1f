package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

const transcript = `both sides are certified: lamps/7: on
another authority: failed at stage tls, server's authority unknown: true
`

func TestTLS(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), "%s", &out)
	require.Equal(t, transcript, out.String())
}
