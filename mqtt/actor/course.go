package actor

import (
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// course is which server is dialled: those of Config in rounds, or where one of them has sent us (§4.11). In a round each has one
// turn: those first that have not failed since they last worked, then those whose failure is the longest ago.
type course struct {
	home     []stop          // Config's, but for those that have moved for good
	turn     int             // which of home has its turn
	failures uint64          // of home's servers, so far
	among    func(n int) int // which of n servers that are equally good is next; nil: the first
	detour   []Server        // where we were sent, without those that were tried in vain: the first has its turn before home's
	moved    bool            // who sent us there is home's, and said that it was for good
	hops     int             // how often in a row we were sent on
}

// stop is a server of home.
type stop struct {
	Server
	version codec.Version // what last worked with it, or zero
	failed  uint64        // which failure was its last one; zero: it has worked since, or was never tried
	brief   bool          // the last connection to it was lost soon
	tried   bool          // it had its turn in this round
}

func newCourse(servers []Server, among func(n int) int) course {
	c := course{home: make([]stop, len(servers)), among: among}
	for i, s := range servers {
		c.home[i].Server = s
	}
	if len(servers) > 0 {
		c.turn, _ = c.next()
	}
	return c
}

// server is the one that has its turn.
func (c *course) server() Server {
	if len(c.detour) > 0 {
		return c.detour[0]
	}
	return c.home[c.turn].Server
}

// version is what last worked with it, or zero. What a detour spoke isn't kept: what keeps servers is home, which has a bound.
func (c *course) version() codec.Version {
	if len(c.detour) > 0 {
		return 0
	}
	return c.home[c.turn].version
}

func (c *course) setVersion(v codec.Version) {
	if len(c.detour) == 0 {
		c.home[c.turn].version = v
	}
}

// round begins another one.
func (c *course) round() {
	for i := range c.home {
		c.home[i].tried = false
	}
}

// try notes that the server that has its turn takes it.
func (c *course) try() {
	if len(c.detour) == 0 {
		c.home[c.turn].tried = true
	}
}

// pass takes the turn from a server that failed, and gives it to the next one. It says whether that has one in this round.
func (c *course) pass() (more bool) {
	if len(c.detour) > 1 {
		c.detour = c.detour[1:]
		return true
	}
	c.leave()
	c.failures++
	c.home[c.turn].failed = c.failures
	c.turn, more = c.next()
	return more
}

// next is whose turn it is: in this round, if it has any left, or else in another one.
func (c *course) next() (turn int, more bool) {
	more = slices.ContainsFunc(c.home, func(s stop) bool { return !s.tried })
	var best []int // of equal failures
	for i, s := range c.home {
		switch {
		case more && s.tried:
		case len(best) == 0 || s.failed < c.home[best[0]].failed:
			best = []int{i}
		case s.failed == c.home[best[0]].failed:
			best = append(best, i)
		}
	}
	if c.among == nil {
		return best[0], more
	}
	return best[c.among(len(best))], more
}

// worked is for a server that has answered: it counts as good, and takes the place of one that said it had moved there.
func (c *course) worked() {
	c.settle()
	if len(c.detour) == 0 {
		c.home[c.turn].failed = 0
	}
}

// lost is for the loss of a connection, which was brief or not. The server goes first again, as it may have our session; but not
// when that happens to it time and again, or the others would never have their turn.
func (c *course) lost(brief bool) {
	c.leave()
	s := &c.home[c.turn]
	again := s.brief && brief
	s.brief = brief
	if again {
		c.pass()
	}
}

// leave ends a detour: who sent us on it has its turn again.
func (c *course) leave() { c.detour, c.moved, c.hops = nil, false, 0 }

// follow turns to where the server that has its turn has sent us.
func (c *course) follow(to []Server, forGood bool) {
	c.settle()
	c.moved = forGood && len(c.detour) == 0
	c.detour = to
	c.hops++
}

// settle gives a server the place of one that said it had moved there, once it has answered. Not before, so that a wrong
// reference takes nobody's place.
func (c *course) settle() {
	if !c.moved {
		return
	}
	s := c.server()
	c.detour, c.moved = nil, false
	c.home[c.turn] = stop{Server: s, tried: c.home[c.turn].tried}
	for i := range c.home {
		if i != c.turn && c.home[i].Name() == s.Name() { // it has a place already
			c.home = slices.Delete(c.home, i, i+1)
			if i < c.turn {
				c.turn--
			}
			return
		}
	}
}
