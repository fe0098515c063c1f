// Package codec turns MQTT control packets into bytes and back, for MQTT 3.1, 3.1.1 and 5.0.
//
// It does no I/O, starts no goroutine and reads no clock. A packet is a plain value: Append adds its wire form to a byte
// slice, Decode reads one back, and [Next] cuts packets out of a buffer. Each type names the section (§) of MQTT 5.0 that
// it implements. Bytes that break a rule yield a [*MalformedError], whose [ReasonCode] is what the peer should be told
// (§4.13); rules that need more than one packet to judge (known identifiers, aliases, order) belong to the caller.
//
// Lengths that came from the network are checked before memory is taken for them: decoding n bytes takes at most a small
// multiple of n. Strings of a decoded packet are copies; byte slices alias the bytes decoded. The strings of one property
// block may share one copy of it, so keeping one of them keeps the block.
//
// A value may be used by one goroutine at a time; functions may be called from any number of them.
package codec
