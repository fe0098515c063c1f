package main

import (
	"fmt"
	"sync"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// workshop knows which jobs are done: at QoS 1 a job may come more than once, and must not be done twice.
type workshop struct {
	mu   sync.Mutex
	done map[string]bool
}

// work does the job and reports. Any worker may call it.
func (s *workshop) work(m *mqtt.Received) string {
	job := string(m.Payload)
	report := func(what string, answered error) string {
		if answered != nil { // ErrStale: the connection is gone, and the job will come again
			what += ": " + answered.Error()
		}
		return fmt.Sprintf("%-15s redelivered: %-5t  %s", job, m.Redelivered, what)
	}
	switch {
	case job == "???": // no worker will ever know what it means, so the server need not send it again
		return report("rejected", m.Reject(codec.PayloadFormatInvalid, "not a job"))
	case !s.first(job):
		return report("was done before", m.Ack())
	case job == "glue the legs" && !m.Redelivered:
		s.forget(job)
		return report("failed, left unacknowledged", nil)
	}
	return report("done", m.Ack())
}

// first says whether nobody has taken the job before.
func (s *workshop) first(job string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.done[job]
	s.done[job] = true
	return !taken
}

func (s *workshop) forget(job string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.done, job)
}
