package bench

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

func TestParseCondition(t *testing.T) {
	for _, c := range []struct {
		work, text       string
		metric, operator string
		limit            float64
	}{
		{"pub", "p99>5ms", "p99", ">", 5000},
		{"pub", " p999 >= 250us ", "p999", ">=", 250},
		{"pub", "max<=1s", "max", "<=", 1e6},
		{"pub", "mean < 1.5ms", "mean", "<", 1500},
		{"e2e", "lost>0", "lost", ">", 0},
		{"sub", "rate<1e3", "rate", "<", 1000},
		{"conn", "failed>=1", "failed", ">=", 1},
		{"rtt", "reconnects > 2", "reconnects", ">", 2},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, err := parseCondition(c.work, c.text)
			require.NoError(t, err)
			require.Equal(t, condition{c.text, c.metric, c.operator, c.limit}, got)
		})
	}
}

func TestParseConditionRefuses(t *testing.T) {
	for _, c := range []struct{ work, text, says string }{
		{"pub", "p99", "write a figure"},
		{"pub", "p99=5ms", "write a figure"},
		{"pub", "", "write a figure"},
		{"pub", "p98>5ms", `has no figure "p98"; it has p50,`},
		{"pub", "lost>0", `has no figure "lost"`},
		{"conn", "duplicated>0", `has no figure "duplicated"`},
		{"pub", "p99>5", "give a duration"},
		{"pub", "p99>-5ms", "give a duration"},
		{"pub", "p99>", "give a duration"},
		{"pub", "p99>>5ms", "give a duration"},
		{"e2e", "lost>1ms", "give a number"},
		{"e2e", "rate<NaN", "give a number"},
		{"e2e", "rate<-1", "give a number"},
		{"e2e", "rate<Inf", "give a number"},
	} {
		t.Run(c.text, func(t *testing.T) {
			_, err := parseCondition(c.work, c.text)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, app.ExitUsage, app.ExitCode(err))
		})
	}
}

func TestConditionsAreJudged(t *testing.T) {
	f := &summary{counts: counts{Lost: 3}, Rate: 999.5, Latency: latency{Count: 10, P99: 5000, Max: 5001}}
	for text, met := range map[string]bool{
		"p99>5ms": false, "p99>=5ms": true, "p99<5ms": false, "p99<=5ms": true, "max>5ms": true,
		"lost>2": true, "lost>3": false, "rate<1000": true, "rate>1000": false, "duplicated>0": false,
	} {
		c, err := parseCondition("e2e", text)
		require.NoError(t, err)
		require.Equal(t, met, c.judge(f).Met, text)
	}
	c, err := parseCondition("e2e", "max>5ms")
	require.NoError(t, err)
	require.Equal(t, "max is 5.00ms", c.judge(f).words)
}

func TestALatencyThatNobodyToldMeetsItsCondition(t *testing.T) {
	c, err := parseCondition("sub", "p99>5ms")
	require.NoError(t, err)
	v := c.judge(&summary{})
	require.True(t, v.Met)
	require.Nil(t, v.Value)
}
