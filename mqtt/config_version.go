package mqtt

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/sluicemq/sluice/mqtt/netx"
)

// shortID is how many characters a Client Identifier has on 3.1 at most.
const shortID = 23

// settleVersion finds the oldest version that can carry what Config says.
func (s *settings) settleVersion() error {
	s.lowest = V31
	for _, need := range s.needs() {
		if s.Version.old() && s.Version < need.version {
			return faulty(need.field, "needs MQTT %v, and Version is %v: %s", need.version, s.Version, need.instead).config()
		}
		s.lowest = max(s.lowest, need.version)
	}
	if s.Version != VersionAuto {
		s.lowest = s.Version
	}
	return nil
}

// need says that a field can't be had below a version.
type need struct {
	field   string
	version Version
	instead string
}

func (s *settings) needs() []need {
	var needs []need
	if s.passwordAlone() {
		needs = append(needs, need{"Password", V5, "set Username too"})
	}
	if s.NoClientID {
		needs = append(needs, need{"NoClientID", V311, "leave it out"})
	}
	if s.Lenient {
		return needs
	}
	if utf8.RuneCountInString(s.ClientID) > shortID {
		needs = append(needs, need{"ClientID", V311, fmt.Sprintf("shorten it to %d characters, or set Lenient", shortID)})
	}
	for _, field := range s.newFields() {
		needs = append(needs, need{field, V5, "leave it out, write VersionAuto or V5, or set Lenient to have it left out"})
	}
	return needs
}

// passwordAlone says that a server is to get a password without a user name.
func (s *settings) passwordAlone() bool {
	return slices.ContainsFunc(s.servers, func(server *netx.Server) bool { return server.HasPassword && !server.HasUsername })
}

// newFields are the fields that only MQTT 5.0 can carry, as far as they are set.
func (s *settings) newFields() []string {
	var fields []string
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"SessionExpiry", s.SessionExpiry != 0},
		{"TopicAliasMaximum", s.TopicAliasMaximum != 0},
		{"RequestResponseInformation", s.RequestResponseInformation},
		{"RequestProblemInformation", !said(s.RequestProblemInformation)},
		{"Authenticator", s.Authenticator != nil},
		{"UserProperties", len(s.UserProperties) > 0},
		{"Will.Properties", s.Will != nil && s.Will.needsV5()},
	} {
		if f.set {
			fields = append(fields, f.name)
		}
	}
	for i := range s.Subscriptions {
		if s.Subscriptions[i].needsV5() {
			fields = append(fields, fmt.Sprintf("Subscriptions[%d]", i))
		}
	}
	return fields
}
