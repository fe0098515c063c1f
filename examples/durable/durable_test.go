package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

const transcript = `first life: left in the store: 3
second life: done: 3
received meter/7: 20
received meter/7: 21
received meter/7: 22
`

func TestDurable(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), "%s", &out)
	require.Equal(t, transcript, out.String())
}
