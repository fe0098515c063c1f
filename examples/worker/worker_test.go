package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

const transcript = `first time
  ???             redelivered: false  rejected
  drill the holes redelivered: false  done
  glue the legs   redelivered: false  failed, left unacknowledged
  saw the board   redelivered: false  done
after a reconnect
  ???             redelivered: true   rejected
  drill the holes redelivered: true   was done before
  glue the legs   redelivered: true   done
  saw the board   redelivered: true   was done before
`

func TestWorker(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), "%s", &out)
	require.Equal(t, transcript, out.String())
}
