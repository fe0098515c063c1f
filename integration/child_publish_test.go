//go:build integration

package integration

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/sluicemq/sluice/mqtt"
)

// handed is a message that was handed over, and not yet said to be stored.
type handed struct {
	label    label
	delivery *mqtt.Delivery
}

// publish publishes the numbers of which no process before has noted that they are stored.
func (c *child) publish(ctx context.Context) error {
	known, err := readNotes(c.Files + ".notes")
	if err != nil {
		return err
	}
	notes, err := os.OpenFile(c.Files+".notes", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer notes.Close()
	fmt.Fprintln(notes) // the last line may be cut
	queue := make(chan handed, c.Until)
	var noter sync.WaitGroup
	var fault error
	noter.Go(func() { fault = c.note(notes, queue) })
	err = c.handOver(ctx, known, queue)
	close(queue)
	noter.Wait()
	if err := errors.Join(err, fault); err != nil {
		return err
	}
	if !c.Last {
		<-c.client.Done() // it will be killed
		return c.client.Err()
	}
	return c.client.Flush(ctx)
}

// handOver publishes all of QoS 2 first, and then all of QoS 1.
func (c *child) handOver(ctx context.Context, known map[int]bool, queue chan<- handed) error {
	for i := range c.Until {
		if known[i] {
			continue
		}
		l := label{mqtt.ExactlyOnce, i, c.Run}
		if i >= c.Count {
			l.qos, l.number = mqtt.AtLeastOnce, i-c.Count
		}
		d, err := c.client.PublishAsync(ctx, mqtt.Message{Topic: c.Root + l.String(), Payload: []byte(l.String()), QoS: l.qos})
		if err != nil {
			return err
		}
		queue <- handed{l, d}
	}
	return nil
}

// note notes what is stored. Stored is also told when a delivery has ended without: then there is nothing to note.
func (c *child) note(notes *os.File, queue <-chan handed) error {
	over, stop := context.WithCancel(context.Background())
	stop()
	told := false
	for h := range queue {
		<-h.delivery.Stored()
		if err := h.delivery.Wait(over); err != nil && !errors.Is(err, context.Canceled) {
			return fmt.Errorf("%v: %w", h.label, err)
		}
		c.tape.write("%s %v false false", noted, h.label)
		i := h.label.number
		if h.label.qos == mqtt.AtLeastOnce {
			i += c.Count
		}
		if _, err := fmt.Fprintf(notes, "%d .\n", i); err != nil {
			return err
		}
		if !told && i >= c.Busy {
			told = true
			busy()
		}
	}
	if !told {
		busy()
	}
	return nil
}

// readNotes reads what former processes have noted.
func readNotes(path string) (known map[int]bool, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	known = make(map[int]bool)
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if number, whole := strings.CutSuffix(lines.Text(), " ."); whole {
			i, err := strconv.Atoi(number)
			if err != nil {
				return nil, err
			}
			known[i] = true
		}
	}
	return known, lines.Err()
}
