package remap

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTopic(t *testing.T) {
	for _, c := range []struct {
		maps      []string
		topic, is string
	}{
		{nil, "a/b", "a/b"},
		{[]string{"plant/#=copy/plant/#"}, "plant/1/t", "copy/plant/1/t"},
		{[]string{"plant/#=copy/plant/#"}, "plant", "copy/plant"},
		{[]string{"plant/#=copy/plant/#"}, "plants/1", "plants/1"},
		{[]string{"plant/#=#"}, "plant/1/t", "1/t"},
		{[]string{"#=copy/#"}, "a", "copy/a"},
		{[]string{"#=copy/#"}, "$SYS/a", "$SYS/a"},
		{[]string{"$SYS/#=sys/#"}, "$SYS/a", "sys/a"},
		{[]string{"+/state=state/+"}, "lamp/state", "state/lamp"},
		{[]string{"+/+/x=+/y/+"}, "a/b/x", "a/y/b"},
		{[]string{"+/+/#=z/+"}, "a/b/c", "z/a"},
		{[]string{"a/b=c"}, "a/b", "c"},
		{[]string{"a/b=c"}, "a/b/c", "a/b/c"},
		{[]string{"a/+=b/+"}, "a/", "b/"},
		{[]string{"a=1", "a=2"}, "a", "1"},
		{[]string{"b=1", "+=2/+"}, "a", "2/a"},
		{[]string{"k=v=>w"}, "k=v", "w"},
		{[]string{"a=b=c"}, "a", "b=c"},
	} {
		var m Maps
		for _, text := range c.maps {
			require.NoError(t, m.Set(text))
		}
		to, err := m.Topic(c.topic)
		require.NoError(t, err)
		require.Equal(t, c.is, to, "%q of %q", c.maps, c.topic)
	}
}

func TestMapThatMakesNoTopic(t *testing.T) {
	var m Maps
	require.NoError(t, m.Set("plant/#=#"))
	_, err := m.Topic("plant")
	require.ErrorContains(t, err, `--map plant/#=# makes "" of topic "plant"`)
}

func TestWrongMaps(t *testing.T) {
	for _, c := range []struct{ text, err string }{
		{"a", "give FROM=TO"},
		{"=a", "give FROM=TO"},
		{"a=", "give FROM=TO"},
		{"a#=b", "left side"},
		{"a=b#", "right side"},
		{"a/+=b/+/+", "more + or #"},
		{"a/+=b/#", "more + or #"},
	} {
		require.ErrorContains(t, new(Maps).Set(c.text), c.err, c.text)
	}
}

func TestMatches(t *testing.T) {
	require.True(t, Matches("$share/g/a/#", "a/b"))
	require.True(t, Matches("a/#", "a"))
	require.False(t, Matches("a/+", "a"))
	require.False(t, Matches("#", "$SYS/x"))
}
