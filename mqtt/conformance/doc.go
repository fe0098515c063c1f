// Package conformance holds the client against the conformance statements of MQTT 5.0 and 3.1.1, one by one.
//
// It has tests alone. The statements stand in testdata/v5.tsv and testdata/v311.tsv: their number in the specification's list,
// or "no-id" and a section for a rule that the list leaves out; whom the statement binds; and how a client is seen to keep it.
// Each has a test of its own, which looks at the bytes that leave the client and at what it does about those that come, through
// package mqtt and a scripted server of mqtttest; or it stands in a table with the reason why nothing of it can be seen at a
// client. `go test -run TestMQTT5/MQTT-3.1.0-1` runs one of them, and `make conformance` writes docs/conformance.md.
package conformance
