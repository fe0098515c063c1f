package pub

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/sluicemq/sluice/mqtt"
)

// screen is what people read: lines that stay and, where it is of use, one that moves. One goroutine writes.
type screen struct {
	lines chan<- string
	last  chan<- string
	over  <-chan struct{}
}

// newScreen makes one on f. Of a total of zero nobody knows how many messages there will be.
func newScreen(f *os.File, live bool, client *mqtt.Client, total int) *screen {
	lines, last, over := make(chan string), make(chan string, 1), make(chan struct{})
	p := &painter{out: f, lines: lines, last: last}
	if live {
		p.progress = &progress{client: client, total: total, began: time.Now()}
		p.columns = func() int {
			columns, _, err := term.GetSize(int(f.Fd()))
			if err != nil || columns < 2 {
				return 80
			}
			return columns
		}
	}
	go func() {
		defer close(over)
		p.run()
	}()
	return &screen{lines, last, over}
}

// say writes a line that stays. Once the screen has ended, nobody hears it.
func (s *screen) say(text string) {
	select {
	case s.lines <- text:
	case <-s.over:
	}
}

// end takes the moving line away, writes a last line unless it is empty, and returns when that is done.
func (s *screen) end(text string) {
	select {
	case s.last <- text:
	default: // it has ended before
	}
	<-s.over
}

// painter is the screen's goroutine.
type painter struct {
	out      io.Writer
	lines    <-chan string
	last     <-chan string
	progress *progress // nil: nothing moves
	columns  func() int
	shown    bool
}

// pace is how often the moving line moves.
const pace = 200 * time.Millisecond

func (p *painter) run() {
	var tick <-chan time.Time
	if p.progress != nil {
		ticker := time.NewTicker(pace)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case text := <-p.lines:
			p.write(text)
		case now := <-tick:
			p.move(now)
		case text := <-p.last:
			p.write(text)
			return
		}
	}
}

// clear is what takes the line away that the cursor is in.
const clear = "\r\x1b[K"

// write writes a line that stays, or nothing, in place of the moving one.
func (p *painter) write(text string) {
	var b strings.Builder
	if p.shown {
		b.WriteString(clear)
		p.shown = false
	}
	if text != "" {
		b.WriteString("mqtt: ")
		b.WriteString(strings.Join(strings.Fields(text), " "))
		b.WriteByte('\n')
	}
	if b.Len() > 0 {
		io.WriteString(p.out, b.String())
	}
}

func (p *painter) move(now time.Time) {
	text := p.progress.line(now)
	if most := p.columns() - 1; len(text) > most {
		text = text[:most]
	}
	io.WriteString(p.out, clear+text)
	p.shown = true
}

// progress makes the moving line.
type progress struct {
	client *mqtt.Client
	total  int
	began  time.Time
	marks  []mark // of the last second or so
}

type mark struct {
	at   time.Time
	done uint64
}

func (p *progress) line(now time.Time) string {
	s := p.client.Stats()
	of := ""
	if p.total > 0 {
		of = " of " + thousands(uint64(p.total))
	}
	text := fmt.Sprintf("%s%s sent, %s acknowledged, %s in flight, %s/s, %s", thousands(s.Out.Admitted), of, thousands(s.Out.Done),
		thousands(uint64(s.Out.InFlight+s.Out.Queued)), thousands(p.rate(now, s.Out.Done)), size(s.Link.BytesSent))
	if failed := s.Out.Refused + s.Out.NotSent + s.Out.Uncertain; failed > 0 {
		text += fmt.Sprintf(", %s failed", thousands(failed))
	}
	if p.client.State() != mqtt.StateConnected {
		text += ", no connection"
	}
	return text
}

// rate is over the last second.
func (p *progress) rate(now time.Time, done uint64) uint64 {
	if len(p.marks) == 0 {
		p.marks = append(p.marks, mark{at: p.began})
	}
	p.marks = append(p.marks, mark{now, done})
	if len(p.marks) > int(time.Second/pace)+1 {
		p.marks = p.marks[1:]
	}
	took := now.Sub(p.marks[0].at).Seconds()
	if took <= 0 {
		return 0
	}
	return uint64(float64(done-p.marks[0].done) / took)
}

// thousands is n as people read it: 1,234,567.
func thousands(n uint64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// size is a number of bytes as people read it.
func size(n uint64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	f, u := float64(n), 0
	for f >= 1000 && u < len(units)-1 {
		f, u = f/1000, u+1
	}
	if u == 0 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[u])
}
