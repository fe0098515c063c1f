package actor

import (
	"fmt"
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

// filterOf is the i-th filter of a set, of which each matches one topic of topicOf.
func filterOf(kind string, i int) string {
	if kind == "mixed" {
		kind = [...]string{"exact", "wildcard", "deep"}[i%3]
	}
	site, device := i/100, i%100
	switch kind {
	case "exact":
		return fmt.Sprintf("site/%d/device/%d/temperature", site, device)
	case "wildcard":
		return fmt.Sprintf("site/%d/device/%d/+", site, device)
	default:
		return fmt.Sprintf("site/%d/+/%d/#", site, device)
	}
}

func topicOf(i int) string { return fmt.Sprintf("site/%d/device/%d/temperature", i/100, i%100) }

// planted makes routes for n streams of one filter each.
func planted(kind string, n int) (*routes, []*branch) {
	r := new(routes)
	streams := make([]*branch, n)
	for i := range streams {
		streams[i] = &branch{number: uint64(i + 1), filters: []string{filterOf(kind, i)}}
		r.add(streams[i])
	}
	return r, streams
}

// asked is 256 messages to look up among n filters: the same topic in a row, another each time, or others that no filter matches.
func asked(n int, topics string) (messages []codec.Publish) {
	for i := range 256 {
		i = i * 389 % max(n, 1)
		switch topics {
		case "same":
			i = 0
		case "none":
			messages = append(messages, codec.Publish{Topic: fmt.Sprintf("site/%d/device/none/temperature", i/100)})
			continue
		}
		messages = append(messages, codec.Publish{Topic: topicOf(i)})
	}
	return messages
}

func BenchmarkRoutes(b *testing.B) {
	for _, kind := range []string{"exact", "wildcard", "mixed"} {
		for _, n := range []int{0, 10, 1_000, 100_000} {
			r, _ := planted(kind, n)
			for _, topics := range []string{"same", "other", "none"} {
				b.Run(fmt.Sprintf("kind=%s/filters=%d/topic=%s", kind, n, topics), func(b *testing.B) {
					messages, i := asked(n, topics), 0
					var to []*branch
					b.ReportAllocs()
					for b.Loop() {
						to = r.find(&messages[i&255], to[:0])
						i++
					}
					if want := n > 0 && topics != "none"; (len(to) == 1) != want {
						b.Fatal(len(to))
					}
				})
			}
		}
	}
}

// BenchmarkRoutesChange takes a stream out of a set and puts it in again.
func BenchmarkRoutesChange(b *testing.B) {
	for _, kind := range []string{"exact", "wildcard", "mixed"} {
		for _, n := range []int{10, 1_000, 100_000} {
			b.Run(fmt.Sprintf("kind=%s/filters=%d", kind, n), func(b *testing.B) {
				r, streams := planted(kind, n)
				i := 0
				b.ReportAllocs()
				for b.Loop() {
					s := streams[i*389%n]
					r.remove(s)
					r.add(s)
					i++
				}
				if r.filters != n {
					b.Fatal(r.filters)
				}
			})
		}
	}
}

// BenchmarkRoutesShared does the same where all streams want one filter, and where each is a group of its own that shares it.
func BenchmarkRoutesShared(b *testing.B) {
	for _, groups := range []bool{false, true} {
		for _, n := range []int{10, 100, 1_000, 10_000} {
			b.Run(fmt.Sprintf("groups=%t/streams=%d", groups, n), func(b *testing.B) {
				r := new(routes)
				streams := make([]*branch, n)
				for i := range streams {
					filter := "site/#"
					if groups {
						filter = fmt.Sprintf("$share/%d/site/#", i)
					}
					streams[i] = &branch{number: uint64(i + 1), filters: []string{filter}}
					r.add(streams[i])
				}
				i := 0
				b.ReportAllocs()
				for b.Loop() {
					s := streams[i*389%n]
					r.remove(s)
					r.add(s)
					i++
				}
			})
		}
	}
}

// Whatever was looked up before, and whether it matches.
func TestRoutingTakesNoMemory(t *testing.T) {
	for _, kind := range []string{"exact", "wildcard", "mixed"} {
		for _, topics := range []string{"same", "other", "none"} {
			r, _ := planted(kind, 1000)
			messages := asked(1000, topics)
			to := make([]*branch, 0, 8)
			require.Zero(t, testing.AllocsPerRun(100, func() {
				for i := range messages {
					to = r.find(&messages[i], to[:0])
				}
			}), "%s, %s: 256 look-ups", kind, topics)
		}
	}
}
