package main

import (
	"strings"
	"testing"
)

const sideBySide = `work,client,rate
"publish, QoS 0",socket limit,12000000
"publish, QoS 0",Sluice,800000
round trip,socket limit,20000
round trip,Sluice,15000
round trip,Other,9000
`

func TestBars(t *testing.T) {
	picture, err := drawn(t, "bars", sideBySide)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"publish, QoS 0", "round trip", "socket limit", "Sluice", "Other", ">1,000<", ">10 million<", ">100 million<"} {
		if !strings.Contains(picture, text) {
			t.Errorf("it doesn't say %q", text)
		}
	}
}

func TestNoRatesNoBars(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "no rates": "work,client,rate\n", "of a flood": samples, "no number": "work,client,rate\na,b,x\n", "no logarithm": "work,client,rate\na,b,0\n",
	} {
		if _, err := drawn(t, "bars", text); err == nil {
			t.Errorf("%s: there is a picture", name)
		}
	}
}
