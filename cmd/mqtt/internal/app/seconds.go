package app

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"time"
)

// Seconds is a flag for a duration: a number of seconds, as in other clients, or with a unit, as in 5m. Zero: not given.
type Seconds time.Duration

// mostSeconds is the largest number of seconds that MQTT has a field for: a session that never expires (§3.1.2.11.2).
const mostSeconds = 1<<32 - 1

func (s *Seconds) Set(text string) error {
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n <= mostSeconds {
		*s = Seconds(n * float64(time.Second))
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return errors.New("give a number of seconds, or one with a unit, as in 90s or 5m")
	}
	*s = Seconds(d)
	return nil
}

func (s *Seconds) String() string {
	if *s == 0 {
		return ""
	}
	return time.Duration(*s).String()
}

func (*Seconds) Type() string { return "seconds" }

// randomLetters are n letters and digits that nobody else is likely to draw.
func randomLetters(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return string(b)
}
