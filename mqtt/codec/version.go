package codec

import "strconv"

// Version is a protocol level, the byte that CONNECT carries (§3.1.2.2). Zero stands for "not known yet": then [Next] lets
// a CONNECT pass, and nothing else.
type Version byte

// The versions of the protocol.
const (
	V31  Version = 3 // MQTT 3.1
	V311 Version = 4 // MQTT 3.1.1
	V5   Version = 5 // MQTT 5.0
)

// String gives the version as people write it: "3.1", "3.1.1", "5.0".
func (v Version) String() string {
	switch v {
	case V31:
		return "3.1"
	case V311:
		return "3.1.1"
	case V5:
		return "5.0"
	}
	return "protocol level " + strconv.Itoa(int(v))
}

func (v Version) known() bool { return v >= V31 && v <= V5 }

// Side is who sent the bytes.
type Side byte

// The two sides of a connection.
const (
	FromClient Side = iota
	FromServer
)

// String gives "client" or "server".
func (s Side) String() string {
	if s == FromClient {
		return "client"
	}
	return "server"
}

// Dialect is all that the meaning of a packet's bytes depends on beside the bytes: the connection's version, and who sent
// them.
type Dialect struct {
	Version Version
	From    Side
}
