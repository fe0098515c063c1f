package codec

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRecord(t *testing.T) {
	messages := []Publish{
		{Topic: "a", QoS: AtLeastOnce},
		{Topic: "a/b", QoS: ExactlyOnce, Retain: true, Payload: []byte("payload")},
		{Topic: "ü", QoS: AtLeastOnce, Payload: bytes.Repeat([]byte{0}, 300), Properties: &PublishProperties{
			ResponseTopic: "r", CorrelationData: []byte{1, 2}, ContentType: "t", PayloadFormatIndicator: 1,
			UserProperties: []UserProperty{{Key: "k", Value: "v"}, {Key: "k", Value: "v"}}}},
	}
	for _, m := range messages {
		var p, q Prepared
		require.NoError(t, p.Set(&m))
		record := p.AppendRecord([]byte("x"))[1:]
		require.NoError(t, q.SetRecord(record))
		require.Equal(t, p, q)
		clear(record)
		s := Sending{Version: V5, PacketID: 7}
		require.Equal(t, p.Append(nil, &s), q.Append(nil, &s), "the record was copied")
	}
}

func TestRecordThatWasDamaged(t *testing.T) {
	var p, q Prepared
	require.NoError(t, p.Set(&Publish{Topic: "a/b", QoS: AtLeastOnce, Properties: &PublishProperties{ContentType: "t"}}))
	record := p.AppendRecord(nil)
	for n := range record[:len(record)-1] {
		require.Error(t, q.SetRecord(record[:n]), n)
		require.Zero(t, q.Len())
	}
	for at, b := range map[int]byte{0: 3, 1: 200, 2: 255, 4: 9, 6: '#', 9: 0x7f} {
		bad := bytes.Clone(record)
		bad[at] = b
		require.Error(t, q.SetRecord(bad), at)
	}
}

func FuzzRecord(f *testing.F) {
	var p Prepared
	p.Set(&Publish{Topic: "a/b", QoS: AtLeastOnce, Payload: []byte("x"), Properties: &PublishProperties{ContentType: "t"}})
	f.Add(p.AppendRecord(nil))
	f.Fuzz(func(t *testing.T, record []byte) {
		var q, again Prepared
		if q.SetRecord(record) != nil {
			return
		}
		require.NoError(t, again.SetRecord(q.AppendRecord(nil)))
		require.Equal(t, q.buf, again.buf)
	})
}
