package main

import (
	"os"
	"path/filepath"
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
	from, to := filepath.Join(t.TempDir(), "a.csv"), filepath.Join(t.TempDir(), "a.svg")
	if err := os.WriteFile(from, []byte(sideBySide), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := bars(from, to); err != nil {
		t.Fatal(err)
	}
	picture := svg(t, to)
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
		from, to := filepath.Join(t.TempDir(), "a.csv"), filepath.Join(t.TempDir(), "a.svg")
		if err := os.WriteFile(from, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if bars(from, to) == nil {
			t.Errorf("%s: there is a picture", name)
		}
	}
}
