//go:build race

package mqtt_test

// slack is what a count of allocations may go beyond its bound: the race detector has pools forget a part of what they are
// given, so that a message may need a new record, its buffer, and a list to lie in.
const slack = 4
