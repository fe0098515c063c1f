package main

import (
	"strings"
	"testing"
)

const grown = `work,unit,figure,client,size,value
by streams,streams,messages a second,socket limit,1,9000000
by streams,streams,messages a second,socket limit,1000,8000000
by streams,streams,messages a second,Sluice,1,400000
by streams,streams,messages a second,Sluice,1000,90000
by streams,streams,bytes of one,Sluice,1,40000
by streams,streams,bytes of one,Sluice,1000,7000
by window,in flight,messages a second,Sluice,1,9000
by window,in flight,messages a second,Sluice,65535,700000
`

func TestGrowth(t *testing.T) {
	picture, err := drawn(t, "growth", grown)
	if err != nil {
		t.Fatal(err)
	}
	for text, times := range map[string]int{">by streams<": 2, ">by window<": 1, ">messages a second<": 2, ">bytes of one<": 1, ">in flight<": 1, ">socket limit<": 1, ">Sluice<": 1} {
		if got := strings.Count(picture, text); got != times {
			t.Errorf("it says %q %d times, want %d", text, got, times)
		}
	}
}

// Where there are too many, each other label is left out; no line is.
func TestSparseTicks(t *testing.T) {
	for most, want := range map[float64]string{1000: "1 10 100 1,000", 10_000: "1 10 100 1,000 10,000", 100_000: "1  100  10,000 "} {
		var labels []string
		for _, tick := range (sparse{}).Ticks(1, most) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != want {
			t.Errorf("to %v: %q, want %q", most, got, want)
		}
	}
}

func TestNoGrowthNoPicture(t *testing.T) {
	const head = "work,unit,figure,client,size,value\n"
	for name, text := range map[string]string{
		"nothing": "", "no figures": head, "rates": sideBySide, "no number": head + "a,b,c,d,1,x\n", "no size": head + "a,b,c,d,0,1\n", "no logarithm": head + "a,b,c,d,1,-1\n",
	} {
		if _, err := drawn(t, "growth", text); err == nil {
			t.Errorf("%s: there is a picture", name)
		}
	}
}
