//go:build integration

package sub

import (
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// date(1) knows the same conversions as strftime(3).
func TestIntegrationStrftimeBesideDate(t *testing.T) {
	const text = "%a|%A|%b|%B|%c|%C|%d|%D|%e|%F|%g|%G|%h|%H|%I|%j|%k|%l|%m|%M|%n|%p|%P|%r|%R|%s|%S|%t|%T|%u|%U|%V|%w|%W|%x|%X|%y|%Y|%z|%Z|%%"
	for _, zone := range []string{"UTC", "Asia/Kolkata", "America/St_Johns"} {
		place, err := time.LoadLocation(zone)
		require.NoError(t, err)
		var times []time.Time
		var stdin strings.Builder
		for range 1000 {
			at := time.Unix(rand.Int64N(4e9), 0)
			times = append(times, at.In(place))
			stdin.WriteString("@" + strconv.FormatInt(at.Unix(), 10) + "\n")
		}
		date := exec.CommandContext(t.Context(), "date", "-f", "-", "+"+text+"\x01")
		date.Env = []string{"LC_ALL=C", "TZ=" + zone}
		date.Stdin = strings.NewReader(stdin.String())
		out, err := date.Output()
		require.NoError(t, err)
		for i, want := range strings.Split(strings.TrimSuffix(string(out), "\x01\n"), "\x01\n") {
			require.Equal(t, want, string(appendTimes(nil, text, times[i])), times[i])
		}
	}
}
