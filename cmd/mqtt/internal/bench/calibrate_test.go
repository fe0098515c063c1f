package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

func TestACalibrationIsBrief(t *testing.T) {
	minute, second := app.Seconds(time.Minute), app.Seconds(time.Second)
	o := options{work: "pub", duration: minute, warmup: minute, rate: 50, count: 10_000}
	asked, fast := o.briefly(false), o.briefly(true)
	require.Equal(t, options{work: "pub", duration: 3 * second, warmup: second, rate: 50, count: 10_000}, *asked)
	require.Equal(t, options{work: "pub", duration: 3 * second, warmup: second, saturate: true}, *fast)
	for clients, want := range map[int]int{10_000: 150, 100: 100} {
		o = options{work: "conn", clients: clients, rate: 50, duration: minute}
		require.Equal(t, options{work: "conn", clients: want, rate: 50}, *o.briefly(false), "as many connections as there is time for")
		require.Equal(t, options{work: "conn", clients: want, saturate: true}, *o.briefly(true))
	}
	require.Equal(t, 1, (options{work: "conn", clients: 5, rate: 0.1}).briefly(false).clients)
}
