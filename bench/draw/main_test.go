package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const samples = `version,seconds,resident,live,bound,received,taken,dropped
3.1.1,0.0,10000000,400000,79000000,0,0,0
3.1.1,0.2,20000000,900000,79000000,90000,10,80000
5.0,0.0,10000000,400000,79000000,0,0,0
5.0,0.2,20000000,900000,79000000,90000,10,80000
`

func TestAPicture(t *testing.T) {
	picture, err := drawn(t, "flood", samples)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"MQTT 3.1.1", "MQTT 5.0", "bound, from Config", "QoS 0 dropped"} {
		if !strings.Contains(picture, text) {
			t.Errorf("it doesn't say %q", text)
		}
	}
}

// drawn is the text of a picture of such figures, which is well formed.
func drawn(t *testing.T, kind, figures string) (string, error) {
	t.Helper()
	from, to := filepath.Join(t.TempDir(), "a.csv"), filepath.Join(t.TempDir(), "a.svg")
	if err := os.WriteFile(from, []byte(figures), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := kinds[kind](from, to); err != nil {
		return "", err
	}
	picture, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(picture))); ; {
		if _, err := d.Token(); err == io.EOF {
			return string(picture), nil
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoSamplesNoPicture(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "no samples": "version,seconds,bound\n", "no number": "version,seconds,bound\n5.0,0,x\n"} {
		if _, err := drawn(t, "flood", text); err == nil {
			t.Errorf("%s: there is a picture", name)
		}
	}
}
