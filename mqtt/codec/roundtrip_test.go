package codec

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireRoundTrip writes p, reads it again, and wants the same value.
func requireRoundTrip(t *testing.T, p Packet, d Dialect) {
	t.Helper()
	if c, ok := p.(*Connect); ok {
		d.Version = c.Version
	}
	b, err := p.Append(nil, d.Version)
	require.NoError(t, err)
	back, err := decodeBytes(b, d)
	require.NoError(t, err, "%X", b)
	if c, ok := p.(*ConnAck); ok && d.Version == V5 { // a refusal in the words of 3.x is written in those of 5.0
		c.ReturnCode = byte(c.Code)
	}
	dropDefaults(p)
	dropDefaults(back)
	require.Equal(t, p, back, "%X", b)
}

// dropDefaults sets Properties to nil when every property has its default: that is written as no property at all.
func dropDefaults(p any) {
	v := reflect.ValueOf(p).Elem()
	if w, ok := p.(*Connect); ok && w.Will != nil {
		dropDefaults(w.Will)
	}
	f := v.FieldByName("Properties")
	if f.IsValid() && !f.IsNil() && f.Elem().IsZero() {
		f.SetZero()
	}
}
