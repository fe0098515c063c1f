package app

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestStagesSayWhatHasFailed(t *testing.T) {
	const at = "00:00:00.000000 "
	i := mqtt.StageInfo{Server: "mqtt://h:1883"}
	require.Equal(t, at+"connected to mqtt://h:1883", stageLine("connecting to", "connected to", i))
	i.Err = io.EOF
	require.Equal(t, at+"connecting to mqtt://h:1883 failed: EOF", stageLine("connecting to", "connected to", i))
}
