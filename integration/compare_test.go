//go:build integration

package integration

import (
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// requireAll shows that messages which a server has kept came once each; in order where the server keeps order: mochi
// sorts what it sends again by the second in which it came.
func (c *cell) requireAll(want, got []string) {
	c.Helper()
	if _, is := c.server.(*embeddedServer); is {
		got = slices.Clone(got)
		slices.SortFunc(got, byPlaceIn(want))
	}
	require.Empty(c, difference(want, got))
}

// takeEach takes messages until each of want has come. mochi refuses a SUBSCRIBE whose identifier one of its own messages under way
// has, though the two sides' identifiers have nothing to do with each other (§2.2.1), and on 3.1.1 does it with 0x91, which is no code of
// that SUBACK: the client ends the connection. The messages of QoS 1 whose PUBACK mochi hadn't read by then come once more (§4.4):
// those are left out.
func (c *cell) takeEach(messages <-chan *mqtt.Received, want []string) (got []string) {
	c.Helper()
	_, again := c.server.(*embeddedServer)
	again = again && c.qos == mqtt.AtLeastOnce
	seen := map[string]bool{}
	for len(seen) < len(want) {
		text := string(c.next(messages).Payload)
		if !seen[text] || !again {
			got = append(got, text)
		}
		seen[text] = true
	}
	return got
}

// byPlaceIn orders texts as list has them, and what it doesn't have first.
func byPlaceIn(list []string) func(a, b string) int {
	place := map[string]int{}
	for i, text := range list {
		place[text] = i + 1
	}
	return func(a, b string) int { return place[a] - place[b] }
}

// difference says in short what makes got another list than want, whose texts differ.
func difference(want, got []string) string {
	if slices.Equal(want, got) {
		return ""
	}
	count := map[string]int{}
	for _, text := range got {
		count[text]++
	}
	var missing, repeated []string
	for _, text := range want {
		if count[text] == 0 {
			missing = append(missing, text)
		}
	}
	for _, text := range slices.Sorted(slices.Values(firsts(got))) {
		if count[text] > 1 {
			repeated = append(repeated, text)
		}
	}
	at := 0
	for at < min(len(want), len(got)) && want[at] == got[at] {
		at++
	}
	return fmt.Sprintf("%d of %d came; missing: %d %.10q; more than once: %d %.10q; wrong from place %d on: %q",
		len(got), len(want), len(missing), missing[:min(10, len(missing))], len(repeated), repeated[:min(10, len(repeated))],
		at, got[at:min(at+5, len(got))])
}

// firsts are texts without what came before.
func firsts(texts []string) (once []string) {
	seen := map[string]bool{}
	for _, text := range texts {
		if !seen[text] {
			seen[text] = true
			once = append(once, text)
		}
	}
	return once
}
