package pub

import (
	"fmt"
	"strings"
	"sync"

	"github.com/sluicemq/sluice/mqtt"
)

// show has a line move while messages are published, where that is of use, until what it returns is called.
func (o *options) show(client *mqtt.Client, job *job) (end func()) {
	if !o.live(job) {
		return func() {}
	}
	line := o.app.NewProgress()
	stop, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		defer line.Clear()
		for {
			select {
			case <-line.Tick:
				done, rest := how(client, job.total())
				line.Show("published", done, "%s", rest)
			case <-stop:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(stop)
		<-over
	})
}

// live says whether a line that moves is of use: for many messages, and where nobody types them.
func (o *options) live(job *job) bool {
	return !job.single() && !o.quiet && !(job.reads() && isTerminal(o.app.Stdin))
}

// how is how it goes: how many messages have been acknowledged (QoS 0: written), and what more there is to say.
func how(client *mqtt.Client, total int) (done int64, rest string) {
	out := client.Stats().Out
	if total > 0 {
		rest = fmt.Sprintf(", of %d", total)
	}
	rest += fmt.Sprintf(", %d under way", out.InFlight+out.Queued)
	if failed := out.Refused + out.NotSent + out.Uncertain; failed > 0 {
		rest += fmt.Sprintf(", %d failed", failed)
	}
	if client.State() != mqtt.StateConnected {
		rest += ", no connection"
	}
	return int64(out.Done), rest
}

// say writes a line that stays.
func (o *options) say(text string) { o.app.Say("mqtt: %s", strings.Join(strings.Fields(text), " ")) }
