package actor

// patience is whether waiting a moment for more to write has paid lately. Where one goroutine publishes and waits it never does,
// and costs the round trip a wake-up.
type patience struct{ lull, skip int }

// pays says whether to wait this time. After moments that brought nothing fewer are tried, one in 32 at least.
func (p *patience) pays() bool {
	if p.skip > 0 {
		p.skip--
		return false
	}
	return true
}

// paid notes whether a moment brought anything.
func (p *patience) paid(yes bool) {
	if p.lull = min(2*p.lull+1, 31); yes {
		p.lull = 0
	}
	p.skip = p.lull
}
