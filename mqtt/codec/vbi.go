package codec

// vbi reads a variable byte integer at the start of b (§1.5.5). width is how many bytes it has, 0 when b ends inside it,
// and -1 when no further byte can make it lawful. strict is the rule of 5.0 that it has no more bytes than it needs.
func vbi(b []byte, strict bool) (n uint32, width int) {
	for i, c := range b[:min(len(b), 4)] {
		n |= uint32(c&0x7F) << (7 * i)
		if c < 0x80 {
			if strict && c == 0 && i > 0 {
				return 0, -1
			}
			return n, i + 1
		}
	}
	if len(b) >= 4 {
		return 0, -1
	}
	return 0, 0
}

// vbiSize is how many bytes n takes.
func vbiSize(n uint32) int {
	switch {
	case n < 1<<7:
		return 1
	case n < 1<<14:
		return 2
	case n < 1<<21:
		return 3
	}
	return 4
}

func appendVBI(dst []byte, n uint32) []byte {
	for n >= 0x80 {
		dst = append(dst, byte(n)|0x80)
		n >>= 7
	}
	return append(dst, byte(n))
}
