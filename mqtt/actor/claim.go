package actor

import "github.com/sluicemq/sluice/mqtt/codec"

// claim is what a message waits for before it may be acknowledged: an answer from each stream that it went to.
type claim struct {
	topic  string
	stream uint64  // the one that it went to
	shares []share // nil then; else one for each
	left   int     // shares without an answer
	inside int     // shares that wait in an inbox
	lent   int     // shares that a stream process or the application has, or had
	handed bool    // the application has it, or had it

	code  codec.ReasonCode // the first that failed, else the last
	props *codec.ReasonProperties
}

type share struct {
	stream   uint64
	answered bool
}

func newClaim(topic string, to []*branch) claim {
	c := claim{topic: topic, left: len(to), inside: len(to)}
	if len(to) == 1 {
		c.stream = to[0].number
		return c
	}
	for _, b := range to {
		c.shares = append(c.shares, share{stream: b.number})
	}
	return c
}

// answer notes the answer for one share, and reports whether it was the last that was missing. A second answer for the
// same share changes nothing.
func (c *claim) answer(n uint32, code codec.ReasonCode, props *codec.ReasonProperties) (settled bool) {
	if c.left == 0 {
		return false
	}
	if c.shares != nil {
		if c.shares[n].answered {
			return false
		}
		c.shares[n].answered = true
	}
	if !c.code.Failed() {
		c.code, c.props = code, props
	}
	c.left--
	return c.left == 0
}

// waitsFor gives a stream whose answer is missing.
func (c *claim) waitsFor() uint64 {
	for _, s := range c.shares {
		if !s.answered {
			return s.stream
		}
	}
	return c.stream
}

// move gives a share to another stream.
func (c *claim) move(n uint32, stream uint64) {
	if c.shares == nil {
		c.stream = stream
		return
	}
	c.shares[n].stream = stream
}
