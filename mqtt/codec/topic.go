package codec

import "strings"

// CheckTopicName reports whether s can be the topic of a PUBLISH or of a will (§4.7): 1 to 65,535 bytes of valid UTF-8
// without U+0000, + and #. The error is a [*MalformedError] with the code TopicNameInvalid.
func CheckTopicName(s string) error {
	if _, fault := nameFault(s); fault != "" {
		return malformed(0, TopicNameInvalid, "4.7", "topic name "+fault)
	}
	return nil
}

// CheckTopicFilter reports whether s can be subscribed to (§4.7): 1 to 65,535 bytes of valid UTF-8 without U+0000, each
// wildcard a level of its own, # the last. What begins with $share must be a well-formed shared subscription (§4.8.2). The
// error is a [*MalformedError] with the code TopicFilterInvalid.
func CheckTopicFilter(s string) error {
	if _, fault := filterFault(s, V5); fault != "" {
		return malformed(0, TopicFilterInvalid, "4.7", "topic filter "+fault)
	}
	return nil
}

// nameFault says what is wrong with a Topic Name, and the code for a peer that sent it; "" when nothing is.
func nameFault(s string) (code ReasonCode, fault string) {
	if s == "" {
		return ProtocolError, "is empty"
	}
	plain := len(s) <= maxText
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+' || c == '#':
			return ProtocolError, "contains a wildcard"
		case c == 0 || c >= 0x80:
			plain = false
		}
	}
	if plain {
		return 0, ""
	}
	return MalformedPacket, textFault(s)
}

// filterFault does the same for a Topic Filter. Shared subscriptions are of 5.0; on 3.x the same text is an ordinary filter.
func filterFault(s string, v Version) (code ReasonCode, fault string) {
	if fault := textFault(s); fault != "" {
		return MalformedPacket, fault
	}
	if v == V5 && (s == "$share" || strings.HasPrefix(s, sharePrefix)) {
		_, inner, ok := SharedFilter(s)
		if !ok {
			return TopicFilterInvalid, "isn't a well-formed shared subscription"
		}
		s = inner
	}
	if s == "" {
		return TopicFilterInvalid, "is empty"
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != '+' && c != '#' {
			continue
		}
		last := i == len(s)-1
		if i > 0 && s[i-1] != '/' || !last && (s[i] == '#' || s[i+1] != '/') {
			return TopicFilterInvalid, "has a wildcard in the wrong place"
		}
	}
	return 0, ""
}

const sharePrefix = "$share/"

// SharedFilter splits the filter of a shared subscription, $share/NAME/FILTER (§4.8.2). ok is false when filter isn't one:
// without the prefix, with an empty name or one that holds a wildcard, or with nothing behind the name.
func SharedFilter(filter string) (share, inner string, ok bool) {
	rest, ok := strings.CutPrefix(filter, sharePrefix)
	if !ok {
		return "", "", false
	}
	share, inner, _ = strings.Cut(rest, "/")
	if share == "" || inner == "" || strings.ContainsAny(share, "+#") {
		return "", "", false
	}
	return share, inner, true
}

// Match reports whether a message to topic belongs to a subscription of filter (§4.7). Both must be valid. A shared
// subscription matches by the filter behind its name. Bytes are compared as they are. It takes no memory.
func Match(filter, topic string) bool {
	if _, inner, ok := SharedFilter(filter); ok {
		filter = inner
	}
	if filter == "" || topic == "" || topic[0] == '$' && (filter[0] == '+' || filter[0] == '#') {
		return false
	}
	for {
		level, deeper, more := strings.Cut(filter, "/")
		if level == "#" {
			return true
		}
		name, below, longer := strings.Cut(topic, "/")
		if level != "+" && level != name {
			return false
		}
		if !more {
			return !longer
		}
		if !longer {
			return deeper == "#" // the parent level itself
		}
		filter, topic = deeper, below
	}
}
