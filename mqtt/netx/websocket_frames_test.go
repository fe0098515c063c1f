//go:build !js

package netx

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// long is a payload whose pieces can be told apart.
func long(size int) string {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	return string(b)
}

// strippedBy feeds src in pieces of one size, into a dst of another.
func strippedBy(f *frames, src []byte, piece, room int) (got []byte, err error) {
	dst := make([]byte, room)
	for len(src) > 0 && err == nil {
		var put, used int
		put, used, err = f.strip(dst, src[:min(piece, len(src))])
		got, src = append(got, dst[:put]...), src[used:]
	}
	return got, err
}

func TestB293FramesAreTakenApart(t *testing.T) {
	more := func(fin byte, kind byte, payload string) []byte {
		b := frame(kind, payload)
		b[0] = fin | kind
		return b
	}
	for _, c := range []struct {
		name, want string
		src        [][]byte
		ping       string
	}{
		{"one", "abc", [][]byte{frame(frameBinary, "abc")}, ""},
		{"several", "abcde", [][]byte{frame(frameBinary, "ab"), frame(frameBinary, "cd"), frame(frameBinary, "e")}, ""},
		{"empty ones", "ab", [][]byte{frame(frameBinary, ""), frame(frameBinary, "ab"), frame(frameBinary, "")}, ""},
		{"a message in pieces", "abcdef", [][]byte{more(0, frameBinary, "ab"), more(0, frameMore, ""), more(0, frameMore, "cde"), more(finBit, frameMore, "f")}, ""},
		{"of 126 bytes", long(126), [][]byte{frame(frameBinary, long(126))}, ""},
		{"of 65,535 bytes", long(65535), [][]byte{frame(frameBinary, long(65535))}, ""},
		{"of 65,536 bytes", long(65536), [][]byte{frame(frameBinary, long(65536))}, ""},
		{"control frames between those of a message", "abcd", [][]byte{
			more(0, frameBinary, "ab"), frame(framePing, "one"), frame(framePong, long(125)), frame(framePing, long(125)), more(finBit, frameMore, "cd")}, long(125)},
		{"an empty ping", "", [][]byte{frame(framePing, "")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, piece := range []int{1, 2, 3, 7, 130, 1 << 20} {
				for _, room := range []int{1, 5, 1024, 1 << 20} {
					f := &frames{}
					got, err := strippedBy(f, bytes.Join(c.src, nil), piece, room)
					require.NoError(t, err)
					require.True(t, c.want == string(got), "pieces of %d into %d bytes", piece, room)
					require.True(t, f.whole())
					require.Equal(t, c.ping, string(f.ping))
				}
			}
			src := bytes.Join(c.src, nil)
			put, used, err := new(frames).strip(src, src) // in place
			require.NoError(t, err)
			require.Equal(t, len(src), used)
			require.True(t, c.want == string(src[:put]))
		})
	}
}

func TestFramesThatBreakARule(t *testing.T) {
	raw := func(b ...byte) []byte { return b }
	for _, c := range []struct {
		name, reason string
		src          []byte
		code         int
	}{
		{"B296 text", "text message", frame(frameText, "abc"), closeUnsupported},
		{"B296 text in the middle of a message", "text message", append(raw(frameBinary, 1, 'a'), frame(frameText, "b")...), closeUnsupported},
		{"reserved bit", "reserved bits", raw(finBit|0x40|frameBinary, 0), closeProtocol},
		{"masked", "masked", raw(finBit|frameBinary, maskBit|1, 0, 0, 0, 0, 'a'), closeProtocol},
		{"too long", "longer than can be", raw(finBit|frameBinary, 127, 0x80, 0, 0, 0, 0, 0, 0, 0), closeProtocol},
		{"unknown data frame", "unknown kind 0x3", raw(finBit|3, 0), closeProtocol},
		{"unknown control frame", "unknown kind 0xB", raw(finBit|0xb, 0), closeProtocol},
		{"control frame in pieces", "in pieces", raw(framePing, 0), closeProtocol},
		{"long control frame", "longer than 125", raw(finBit|framePing, 126, 0, 126), closeProtocol},
		{"a message that goes on and never began", "begins before the end", frame(frameMore, "a"), closeProtocol},
		{"a message that begins in another", "begins before the end", append(raw(frameBinary, 1, 'a'), frame(frameBinary, "b")...), closeProtocol},
		{"close with half a code", "half a code", frame(frameClose, "\x03"), closeProtocol},
		{"close with a reason that is no text", "not UTF-8", closeFrame(1001, "\xff"), closeProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, piece := range []int{1, 1 << 20} {
				_, err := strippedBy(&frames{}, c.src, piece, 1024)
				wrong, ok := errors.AsType[*FrameError](err)
				require.True(t, ok, "%T: %v", err, err)
				require.Contains(t, wrong.Error(), c.reason)
				require.Equal(t, c.code, wrong.code)
			}
		})
	}
}

func TestB294WhatACloseFrameSays(t *testing.T) {
	for _, c := range []struct {
		name string
		src  []byte
		want error
	}{
		{"all is done", closeFrame(1000, "bye"), io.EOF},
		{"no code", frame(frameClose, ""), io.EOF},
		{"going away", closeFrame(1001, "restart"), &CloseError{1001, "restart"}},
		{"of the application's own", closeFrame(4711, ""), &CloseError{4711, ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := strippedBy(&frames{}, c.src, 1, 1)
			said, ok := errors.AsType[*CloseError](err)
			require.True(t, ok)
			require.Equal(t, c.want, said.end())
		})
	}
	require.EqualError(t, &CloseError{1001, "restart"}, `the server closed the WebSocket with code 1001: "restart"`)
	require.EqualError(t, &CloseError{4711, ""}, "the server closed the WebSocket with code 4711")
}

// FuzzFrames: whatever comes, in whatever pieces, strip gives the same, and never more than came.
func FuzzFrames(f *testing.F) {
	f.Add(frame(frameBinary, "abc"), uint64(1))
	f.Add(append(frame(framePing, "p"), closeFrame(1001, "x")...), uint64(2))
	f.Add([]byte{frameBinary, 2, 'a', 'b', framePing | finBit, 0, finBit, 1, 'c'}, uint64(3))
	f.Fuzz(func(t *testing.T, src []byte, seed uint64) {
		atOnce := &frames{}
		want, wantErr := strippedBy(atOnce, src, len(src)+1, len(src)+1)
		require.LessOrEqual(t, len(want), len(src))
		random := rand.New(rand.NewPCG(seed, 0))
		inPieces, got, err := &frames{}, []byte(nil), error(nil)
		for rest := src; len(rest) > 0 && err == nil; {
			piece := rest[:1+random.IntN(len(rest))]
			dst := make([]byte, 1+random.IntN(8))
			put, used, failed := inPieces.strip(dst, piece)
			got, rest, err = append(got, dst[:put]...), rest[used:], failed
		}
		require.Equal(t, string(want), string(got))
		require.Equal(t, wantErr, err)
		if err == nil {
			require.Equal(t, atOnce.whole(), inPieces.whole())
		}
	})
}

func TestMessagesAreMasked(t *testing.T) {
	for _, size := range []int{0, 1, 3, 4, 5, 125, 126, 1023, 1024, 1029, 65535, 65536, 80<<10 - 14, 80 << 10, 300_001} {
		for _, cut := range []int{0, 1, 6, 1027, size} {
			var wire bytes.Buffer
			w := newWebWriter(writes{&wire})
			payload := []byte(long(size))
			cut = min(cut, size)
			n, err := w.message(payload[:cut], payload[cut:])
			require.NoError(t, err)
			require.Equal(t, size, n)
			require.Equal(t, long(size), string(payload), "what was given stays as it is")
			kind, got := clientFrame(t, &wire)
			require.EqualValues(t, frameBinary, kind)
			require.True(t, bytes.Equal(payload, got), "%d bytes, cut at %d", size, cut)
			require.Zero(t, wire.Len(), "one frame")
		}
	}
}
