package mqtt

import (
	"fmt"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Version is a version of the protocol (§3.1.2.2). All but VersionAuto have the protocol level as their value.
type Version byte

// The versions of the protocol. VersionAuto, the zero value, tries 5.0, then 3.1.1, then 3.1: it goes down only when a
// server refuses the version, and never below what Config needs (Config.Version).
const (
	VersionAuto Version = 0
	V5          Version = 5 // MQTT 5.0
	V311        Version = 4 // MQTT 3.1.1
	V31         Version = 3 // MQTT 3.1
)

// String gives "auto", "5.0", "3.1.1" or "3.1".
func (v Version) String() string {
	switch v {
	case VersionAuto:
		return "auto"
	case V5, V311, V31:
		return codec.Version(v).String()
	}
	return fmt.Sprintf("Version(%d)", byte(v))
}

func (v Version) valid() bool { return v == VersionAuto || v >= V31 && v <= V5 }

// old says that v is set, and to a version without properties.
func (v Version) old() bool { return v == V311 || v == V31 }
