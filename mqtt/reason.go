package mqtt

import "github.com/sluicemq/sluice/mqtt/codec"

// ReasonCode is the one-byte result of an operation (§2.4); from 0x80 up it is a failure. It is an error, so that
// errors.Is(err, codec.NotAuthorized) holds for whatever packet brought it. The codes by name are in package codec.
type ReasonCode = codec.ReasonCode
