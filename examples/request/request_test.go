package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

const transcript = `"sluice": SLUICE
"lock": LOCK
"weir": WEIR
"": nobody answered in time
`

func TestRequest(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), "%s", &out)
	require.Equal(t, transcript, out.String())
}
