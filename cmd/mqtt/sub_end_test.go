package main_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSubEndsWhenItsSessionIsTakenOver(t *testing.T) {
	t.Parallel()
	url := puppet(t, func(packet []byte) []byte {
		switch packet[0] {
		case 0x10:
			return []byte{0x20, 3, 0, 0, 0}
		case 0x82:
			return []byte{0x90, 4, packet[2], packet[3], 0, 1, // SUBACK
				0xE0, 1, 0x8E} // DISCONNECT: session taken over
		}
		return []byte{}
	})
	r := run(t, "sub", "--url", url, "-t", "a", "-q", "1")
	require.Equal(t, result{5, "", "mqtt: DISCONNECT: session taken over (0x8E)\n"}, r)
}
