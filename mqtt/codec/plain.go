package codec

// AppendPlain appends a PUBLISH of QoS 0 without properties, not retained (§3.3), to dst. The topic is one that
// [CheckTopicName] has nothing against; topic and payload together have no more than 268,435,450 bytes.
func AppendPlain(dst []byte, v Version, topic string, payload []byte) []byte {
	n := 2 + len(topic) + len(payload)
	if v == V5 {
		n++
	}
	if n < 0x80 {
		dst = append(dst, byte(TypePublish)<<4, byte(n), byte(len(topic)>>8), byte(len(topic)))
	} else {
		dst = appendVBI(append(dst, byte(TypePublish)<<4), uint32(n))
		dst = append(dst, byte(len(topic)>>8), byte(len(topic)))
	}
	dst = append(dst, topic...)
	if v == V5 {
		dst = append(dst, 0)
	}
	return append(dst, payload...)
}
