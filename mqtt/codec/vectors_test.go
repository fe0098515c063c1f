package codec

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vector is one packet whose bytes and meaning are known.
type vector struct {
	name  string
	d     Dialect
	bytes string // in hexadecimal
	want  Packet
	again string // what Append makes of it, where that isn't bytes: another order, or a shorter form
}

var (
	client31, server31   = Dialect{V31, FromClient}, Dialect{V31, FromServer}
	client311, server311 = Dialect{V311, FromClient}, Dialect{V311, FromServer}
	client5, server5     = Dialect{V5, FromClient}, Dialect{V5, FromServer}
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// decodeBytes reads one whole packet.
func decodeBytes(b []byte, d Dialect) (Packet, error) {
	f, size, err := Next(b, d, 0)
	if err != nil {
		return nil, err
	}
	if size != len(b) {
		panic("the test's packet isn't whole")
	}
	return Decode(f, d)
}

func goodVectors() []vector { return slices.Concat(vectors3(), vectors5()) }

func TestGoodVectors(t *testing.T) {
	for _, v := range goodVectors() {
		t.Run(v.name, func(t *testing.T) {
			b := unhex(v.bytes)
			got, err := decodeBytes(b, v.d)
			require.NoError(t, err)
			require.Equal(t, v.want, got)
			written, err := got.Append([]byte("before"), v.d.Version)
			require.NoError(t, err)
			want := b
			if v.again != "" {
				want = unhex(v.again)
			}
			require.Equal(t, "before"+string(want), string(written))
			back, err := decodeBytes(want, v.d)
			require.NoError(t, err)
			require.Equal(t, got, back)
		})
	}
}

func TestGoodVectorsAreAllThere(t *testing.T) {
	require.Len(t, vectors3(), 24)
	require.Len(t, vectors5(), 42)
}

// Both sides may send a PUBLISH and its acknowledgements: the meaning doesn't hang on the sender.
func TestGoodVectorsOfBothSides(t *testing.T) {
	for _, v := range goodVectors() {
		one := v.name == "5-PUBLISH-subids" || v.name == "5-PUBACK-reason"
		if ty := v.want.Type(); ty < TypePublish || ty > TypePubComp || one {
			continue
		}
		other := Dialect{v.d.Version, 1 - v.d.From}
		got, err := decodeBytes(unhex(v.bytes), other)
		require.NoError(t, err, v.name)
		require.Equal(t, v.want, got, v.name)
	}
}

// A packet cut anywhere is incomplete, never wrong, and its size is told as soon as the fixed header is there.
func TestGoodVectorsCutAnywhere(t *testing.T) {
	for _, v := range goodVectors() {
		b := unhex(v.bytes)
		for n := range b {
			f, size, err := Next(b[:n], v.d, 0)
			require.NoError(t, err, "%s cut at %d", v.name, n)
			require.Nil(t, f.Body, "%s cut at %d", v.name, n)
			want := len(b)
			if n < 2 {
				want = 0
			}
			require.Equal(t, want, size, "%s cut at %d", v.name, n)
		}
	}
}

func TestTwoPacketsInOneBuffer(t *testing.T) {
	all := goodVectors()
	for i, v := range all {
		w := all[(i+1)%len(all)]
		b := append(unhex(v.bytes), unhex(w.bytes)...)
		f, size, err := Next(b, v.d, 0)
		require.NoError(t, err)
		got, err := Decode(f, v.d)
		require.NoError(t, err)
		require.Equal(t, v.want, got)
		got, err = decodeBytes(b[size:], w.d)
		require.NoError(t, err)
		require.Equal(t, w.want, got)
	}
}

// A decoded packet's strings are copies: they stay when the buffer is used again.
func TestStringsAreCopies(t *testing.T) {
	for _, v := range goodVectors() {
		b := unhex(v.bytes)
		got, err := decodeBytes(b, v.d)
		require.NoError(t, err)
		before := texts(got)
		for i := range b {
			b[i] = 'X'
		}
		require.Equal(t, before, texts(got), v.name)
	}
}

// texts collects some strings of a packet, of every way in which one is read.
func texts(p Packet) (all []string) {
	switch p := p.(type) {
	case *Connect:
		all = append(all, strings.Clone(p.ClientID), strings.Clone(p.Username))
	case *Publish:
		all = append(all, strings.Clone(p.Topic))
		if p.Properties != nil {
			all = append(all, strings.Clone(p.Properties.ContentType))
			for _, u := range p.Properties.UserProperties {
				all = append(all, strings.Clone(u.Key), strings.Clone(u.Value))
			}
		}
	case *Subscribe:
		for _, s := range p.Subscriptions {
			all = append(all, strings.Clone(s.Filter))
		}
	case *Unsubscribe:
		for _, s := range p.Filters {
			all = append(all, strings.Clone(s))
		}
	}
	return all
}
