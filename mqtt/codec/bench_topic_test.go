package codec

import "testing"

func BenchmarkMatch(b *testing.B) {
	for _, filter := range []string{busyTopic, "site/+/machine/+/temperature", "site/#", "$share/g/site/#", "site/8/#"} {
		b.Run(filter, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(busyTopic)))
			for b.Loop() {
				_ = Match(filter, busyTopic)
			}
		})
	}
}

func BenchmarkCheckTopicName(b *testing.B) {
	for _, topic := range []string{"a/b", busyTopic, "stätte/7/maschine/42/wärme"} {
		b.Run(topic, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(topic)))
			for b.Loop() {
				_ = CheckTopicName(topic)
			}
		})
	}
}

func BenchmarkCheckTopicFilter(b *testing.B) {
	for _, filter := range []string{busyTopic, "site/+/machine/+/#", "$share/g/site/+/machine/#", "stätte/+/maschine/#"} {
		b.Run(filter, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(filter)))
			for b.Loop() {
				_ = CheckTopicFilter(filter)
			}
		})
	}
}
