package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

const transcript = `offline, the time is over: certainly never left
offline, withdrawn: certainly never left
in flight, hung up: on its way, and its Delivery will tell
the same, waited on: done
in flight, withdrawn: may arrive
`

func TestCancel(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), "%s", &out)
	require.Equal(t, transcript, out.String())
}
