package codec

import (
	"strings"
	"unicode/utf8"
)

// maxText is the largest string or binary value, in bytes (§1.5.4, §1.5.6).
const maxText = 65535

// textFault says what keeps s from being a UTF-8 Encoded String (§1.5.4), or "". Control characters and non-characters are
// let through: a reader that refuses them lets any publisher cut off a subscriber (§5.4.9).
func textFault(s string) string {
	switch {
	case len(s) > maxText:
		return "is longer than 65,535 bytes"
	case !utf8.ValidString(s):
		return "isn't valid UTF-8"
	case strings.IndexByte(s, 0) >= 0:
		return "contains U+0000"
	}
	return ""
}
