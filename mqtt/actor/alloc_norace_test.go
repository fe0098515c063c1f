//go:build !race

package actor

// slack is what a count of allocations may go beyond its bound.
const slack = 0
