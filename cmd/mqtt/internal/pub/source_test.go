package pub

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestMadeUp(t *testing.T) {
	for _, c := range []struct {
		size int
		want []string
	}{
		{0, []string{"", ""}},
		{1, []string{"1", "2"}},
		{6, []string{"1 cdef", "2 cdef"}},
	} {
		s := &madeUp{payload: make([]byte, c.size), count: 2}
		for i, want := range c.want {
			m, number, err := s.next()
			require.NoError(t, err)
			require.Equal(t, want, string(m.Payload))
			require.Equal(t, i+1, number)
		}
		_, _, err := s.next()
		require.Equal(t, io.EOF, err)
	}
}

func TestMerge(t *testing.T) {
	own := &mqtt.PublishProperties{ContentType: "a", ResponseTopic: "b", UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}}}
	flags := &mqtt.PublishProperties{ContentType: "c", UserProperties: []mqtt.UserProperty{{Key: "k", Value: "w"}}}
	require.Nil(t, merge(nil, nil))
	require.Equal(t, own, merge(own, nil))
	require.Equal(t, flags, merge(nil, flags))
	require.Equal(t, &mqtt.PublishProperties{ContentType: "c", ResponseTopic: "b", UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}, {Key: "k", Value: "w"}}},
		merge(own, flags))
	require.Len(t, own.UserProperties, 1)
}
