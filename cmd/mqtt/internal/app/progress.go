package app

import (
	"fmt"
	"time"
)

// Progress is a line on standard error that changes while a command runs. Off a terminal there is none, nor among packets that are
// shown. It is for one goroutine.
type Progress struct {
	Tick  <-chan time.Time // when to show it again; nil, which never is, where there is no line
	app   *App
	timer *time.Ticker
	count int64     // at last
	at    time.Time // when
	rate  float64   // a second, between the last two
}

// NewProgress begins one. It has to be cleared at the end.
func (a *App) NewProgress() *Progress {
	p := &Progress{app: a, at: time.Now()}
	if a.Live(a.Stderr) && !a.Debug {
		p.timer = time.NewTicker(250 * time.Millisecond)
		p.Tick = p.timer.C
	}
	return p
}

// Show shows "verb count messages, rate a second", and what follows.
func (p *Progress) Show(verb string, count int64, format string, args ...any) {
	now := time.Now()
	if took := now.Sub(p.at); took >= time.Second {
		p.rate = float64(count-p.count) / took.Seconds()
		p.count, p.at = count, now
	}
	p.app.Move(fmt.Sprintf("%s %d messages, %.0f a second%s", verb, count, p.rate, fmt.Sprintf(format, args...)))
}

// Clear takes the line away. There is none any more.
func (p *Progress) Clear() {
	if p.timer != nil {
		p.timer.Stop()
		p.Tick, p.timer = nil, nil
		p.app.Move("")
	}
}
