package retained

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/mqtt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// secondMark is a walk that waits for its second mark, when one message had come before it.
func secondMark(t *testing.T) *walk {
	w := &walk{idle: time.Hour, marker: &marker{topic: "marks"}, mark: 2, sent: 2, before: 1, came: 1, silence: time.NewTimer(time.Hour),
		use: func(*mqtt.Received) error { return nil }, doubt: "not yet"}
	t.Cleanup(func() { w.silence.Stop() })
	return w
}

func received(topic, payload string, retain bool) *mqtt.Received {
	return &mqtt.Received{Message: mqtt.Message{Topic: topic, Payload: []byte(payload), Retain: retain}}
}

func TestTwoMarksWithNothingBetweenAreTheEnd(t *testing.T) {
	w := secondMark(t)
	require.NoError(t, w.take(t.Context(), received("a", "published just now", false)))
	require.NoError(t, w.take(t.Context(), received("marks", "1", false)), "another copy of the first mark")
	require.ErrorIs(t, w.take(t.Context(), received("marks", "2", false)), errEnd)
	require.Empty(t, w.doubt)
}

func TestMarksOfAServerWithoutOrderSayNothing(t *testing.T) {
	w := secondMark(t)
	require.NoError(t, w.take(t.Context(), received("a", "retained", true)))
	require.NoError(t, w.take(t.Context(), received("marks", "2", false)))
	require.Contains(t, w.doubt, "in no order")
	require.True(t, w.quiet, "silence means the end now")
	require.NoError(t, w.take(t.Context(), received("marks", "2", false)))
}

func TestAMarkThatIsLateIsNotLost(t *testing.T) {
	w := secondMark(t)
	w.state, w.sent = probing, 3
	require.ErrorIs(t, w.take(t.Context(), received("marks", "2", false)), errEnd)
	require.Empty(t, w.doubt)

	w = secondMark(t)
	w.state, w.sent = probing, 3
	require.ErrorContains(t, w.take(t.Context(), received("marks", "3", false)), "queue for us was full", "the second never came")
}

func TestEachTopicIsALineOfItsOwn(t *testing.T) {
	for topic, want := range map[string]string{
		"plant/a b": "plant/a b", "a\nb": `"a\nb"`, `"a\nb"`: `"\"a\\nb\""`, "\x1b[2J": `"\x1b[2J"`, "\u202e": `"\u202e"`, "日本": "日本",
	} {
		require.Equal(t, want, printable(topic))
	}
}
