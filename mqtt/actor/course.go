package actor

import (
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// course is which server is dialled: those of Config in turn, or where one of them has sent us (§4.11).
type course struct {
	home   []stop   // Config's, but for those that have moved for good
	turn   int      // which of home has its turn
	tries  int      // how many of home had theirs in this round
	detour []Server // where we were sent, without those that were tried in vain: the first has its turn before home's
	moved  bool     // who sent us there is home's, and said that it was for good
	hops   int      // how often in a row we were sent on
}

// stop is a server of home.
type stop struct {
	Server
	version codec.Version // what last worked with it, or zero
}

func newCourse(servers []Server) course {
	c := course{home: make([]stop, len(servers))}
	for i, s := range servers {
		c.home[i].Server = s
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

// count counts an attempt of this round; n is 1, or -1 for one that doesn't count.
func (c *course) count(n int) {
	if len(c.detour) == 0 {
		c.tries += n
	}
}

// pass gives the turn to the next server. It says whether that has one in this round.
func (c *course) pass() bool {
	if len(c.detour) > 1 {
		c.detour = c.detour[1:]
		return true
	}
	c.leave()
	c.turn = (c.turn + 1) % len(c.home)
	return c.tries < len(c.home)
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

// settle is for a server that has answered: it takes the place of one that said it had moved there. Not before, so that a
// wrong reference takes nobody's place.
func (c *course) settle() {
	if !c.moved {
		return
	}
	s := c.server()
	c.detour, c.moved = nil, false
	c.home[c.turn] = stop{Server: s}
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
