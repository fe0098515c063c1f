//go:build !race

package mqtt_test

// slack is what a count of allocations may go beyond its bound.
const slack = 0
