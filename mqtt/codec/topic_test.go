package codec

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckTopicName(t *testing.T) { // §4.7
	long := strings.Repeat("x", 65535)
	for _, s := range []string{"a", "/", "a//b", " ", "$SYS/x", "é/中国", "\ufeffa", "a\x01\u0085", "\uffff", long} {
		require.NoError(t, CheckTopicName(s), "%q", s)
	}
	for _, s := range []string{"", "a/+", "#", "a+b", "a\x00b", "\xED\xA0\x80", "\xC0\xAF", "\xFF", "é\x00", long + "x"} {
		err := CheckTopicName(s)
		require.ErrorIs(t, err, TopicNameInvalid, "%q", s)
	}
}

func TestCheckTopicFilter(t *testing.T) { // §4.7, §4.8.2
	long := strings.Repeat("x", 65535)
	for _, s := range []string{
		"a", "/", "#", "+", "/#", "/+", "+/", "+/#", "+/+", "a/#", "a/+/b", "a//b", "$SYS/#", "中/+", long, "$shared", "$shared/a",
		"$share/g/a", "$share/g//finance", "$share/g/#", "$share/g/+/b", "$share/g/$share", "a/$share",
	} {
		require.NoError(t, CheckTopicFilter(s), "%q", s)
	}
	for _, s := range []string{
		"", "a#", "a/#/b", "#/a", "#a", "a+", "+a", "+a/b", "a/b+/c", "++", "##", "a\x00", "\xFF", "\xED\xA0\x80", long + "x",
		"$share", "$share/", "$share//a", "$share/g", "$share/g/", "$share/+/a", "$share/g#/a", "$share/g/a#", "$share/g/#/a",
	} {
		err := CheckTopicFilter(s)
		require.ErrorIs(t, err, TopicFilterInvalid, "%q", s)
	}
}

func TestSharedFilter(t *testing.T) { // §4.8.2
	for _, c := range []struct {
		filter, share, inner string
		ok                   bool
	}{
		{"$share/g/a", "g", "a", true}, {"$share/g//finance", "g", "/finance", true}, {"$share/g/a/#", "g", "a/#", true},
		{"$share/g", "", "", false}, {"$share/g/", "", "", false}, {"$share//a", "", "", false}, {"$share/+/a", "", "", false},
		{"$share", "", "", false}, {"a", "", "", false}, {"", "", "", false}, {"x$share/g/a", "", "", false},
	} {
		share, inner, ok := SharedFilter(c.filter)
		require.Equal(t, c.ok, ok, c.filter)
		require.Equal(t, c.share, share, c.filter)
		require.Equal(t, c.inner, inner, c.filter)
	}
}

func TestMatch(t *testing.T) { // §4.7
	for _, c := range []struct {
		filter   string
		yes, not []string
	}{
		{"sport/#", []string{"sport", "sport/", "sport/a/b"}, []string{"sports", "Sport/a"}},
		{"sport/+", []string{"sport/", "sport/a"}, []string{"sport", "sport/a/b"}},
		{"+/+", []string{"/finance", "a/b", "/"}, []string{"finance", "a/b/c"}},
		{"+", []string{"finance", "a"}, []string{"/finance", "$SYS"}},
		{"#", []string{"a", "/", "a/b/c", "a$"}, []string{"$SYS/x", "$"}},
		{"$SYS/#", []string{"$SYS", "$SYS/x"}, []string{"SYS/x", "$SYSx"}},
		{"$SYS/+", []string{"$SYS/x"}, []string{"$SYS", "$SYS/x/y"}},
		{"+/monitor/x", []string{"a/monitor/x"}, []string{"$SYS/monitor/x"}},
		{"+/#", []string{"a", "a/b", "/"}, []string{"$a", "$a/b"}},
		{"a/+/b", []string{"a//b", "a/x/b"}, []string{"a/b", "a/x/y/b"}},
		{"a/+/#", []string{"a/b", "a/b/c", "a/"}, []string{"a"}},
		{"/", []string{"/"}, []string{"", "a", "//"}},
		{"/+", []string{"/a", "/"}, []string{"a/a"}},
		{"$share/g/a/+", []string{"a/b"}, []string{"$share/g/a/b", "a"}},
		{"$share/g/#", []string{"a"}, []string{"$SYS/a"}},
		{"é", []string{"é"}, []string{"e\u0301"}},
		{"", nil, []string{"", "a"}},
	} {
		for _, topic := range c.yes {
			require.True(t, Match(c.filter, topic), "%q %q", c.filter, topic)
		}
		for _, topic := range c.not {
			require.False(t, Match(c.filter, topic), "%q %q", c.filter, topic)
		}
	}
}
