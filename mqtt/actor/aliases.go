package actor

import "hash/maphash"

// AliasMode says which messages leave with a topic alias that their caller didn't ask for. The numbers are those of the mqtt
// package.
type AliasMode byte

// The modes.
const (
	AliasOff   AliasMode = iota // none
	AliasReuse                  // those whose topic has an alias that a caller gave
	AliasAuto                   // all, as far as it is worth it
)

// aliasTable is what the server knows of the topic aliases of one connection (§3.3.2.3.4), in the order in which packets are
// encoded. A topic may have several aliases, when callers gave them; it leaves by the latest.
type aliasTable struct {
	most    int // the server's Topic Alias Maximum
	byAlias map[uint16]*aliasSlot
	byTopic map[string]*aliasSlot
	newest  *aliasSlot // the ends of the list in the order of use
	oldest  *aliasSlot
	next    int      // all up to this one were given
	free    []uint16 // of those, the ones that were taken away; a caller may have given them since
	bytes   int      // of the topics

	// owned by give
	debt int // bytes that taking an alias from another topic has cost, less what aliases have saved since
	seed maphash.Seed
	met  []uint64 // hashes of topics that came by lately, while there is a debt
}

type aliasSlot struct {
	alias        uint16
	topic        string
	older, newer *aliasSlot
}

const (
	aliasCost  = 3              // bytes of a Topic Alias in a packet: a topic of no more than that gains nothing by it
	aliasLeast = 2              // bytes of the shortest topic that gets one all the same, while none that gains wants it
	aliasBytes = 4 << 20        // bytes of topics in a table: beyond it, the server's maximum counts as reached
	aliasDebt  = 64 * aliasCost // bytes that may be lost before a topic has to be seen twice
	aliasMet   = 1024
)

// knows says whether the server has topic for alias.
func (a *aliasTable) knows(alias uint16, topic []byte) bool {
	s := a.byAlias[alias]
	return s != nil && s.topic == string(topic)
}

// of gives the alias by which the server knows topic, zero for none.
func (a *aliasTable) of(topic []byte) uint16 {
	if s := a.byTopic[string(topic)]; s != nil {
		return s.alias
	}
	return 0
}

// use notes that a PUBLISH leaves with its alias alone.
func (a *aliasTable) use(alias uint16) {
	s := a.byAlias[alias]
	a.touch(s)
	a.lead(s)
	a.debt = max(0, a.debt-(len(s.topic)-aliasCost))
}

// set notes that a PUBLISH leaves with its topic and an alias: the server knows the one by the other from then on.
func (a *aliasTable) set(alias uint16, topic []byte) {
	s := a.byAlias[alias]
	switch {
	case s == nil:
		if a.byAlias == nil {
			a.byAlias, a.byTopic = make(map[uint16]*aliasSlot), make(map[string]*aliasSlot)
		}
		s = &aliasSlot{alias: alias}
		a.byAlias[alias] = s
		a.push(s)
	case s.topic == string(topic):
		a.touch(s)
		a.lead(s)
		return
	default:
		a.forget(s)
		a.touch(s)
	}
	s.topic = string(topic)
	a.bytes += len(topic)
	a.lead(s)
}

// give chooses an alias for a topic that has none: one that is free, else that of the topic that has gone unused for the
// longest. Zero: it isn't worth it. What is chosen is to be set.
func (a *aliasTable) give(topic []byte) uint16 {
	if len(topic) < aliasLeast {
		return 0
	}
	for {
		if a.bytes+len(topic) <= aliasBytes || a.oldest == nil {
			if alias := a.vacant(); alias != 0 {
				return alias
			}
		}
		if a.oldest == nil || !a.worth(topic, a.oldest) {
			return 0
		}
		a.debt += aliasCost
		a.drop(a.oldest)
	}
}

// vacant gives an alias that has no topic, zero for none.
func (a *aliasTable) vacant() uint16 {
	for n := len(a.free); n > 0; n = len(a.free) {
		alias := a.free[n-1]
		a.free = a.free[:n-1]
		if a.byAlias[alias] == nil {
			return alias
		}
	}
	for a.next < a.most {
		a.next++
		if alias := uint16(a.next); a.byAlias[alias] == nil {
			return alias
		}
	}
	return 0
}

// worth says whether a topic may take the alias of another. One that gains nothing leaves it to one that does. Where aliases
// go round without being used, as when each topic is seen once, they only cost: then a topic has to come by twice.
func (a *aliasTable) worth(topic []byte, old *aliasSlot) bool {
	if len(topic) <= aliasCost && len(old.topic) > aliasCost {
		return false
	}
	if a.debt < aliasDebt {
		return true
	}
	if a.met == nil {
		a.seed, a.met = maphash.MakeSeed(), make([]uint64, aliasMet)
	}
	hash := maphash.Bytes(a.seed, topic)
	place := &a.met[hash%aliasMet]
	before := *place == hash
	*place = hash
	return before
}

// drop takes the alias away from a topic. The server goes on knowing it, and is told another before it is used again.
func (a *aliasTable) drop(s *aliasSlot) {
	a.forget(s)
	a.unlink(s)
	delete(a.byAlias, s.alias)
	a.free = append(a.free, s.alias)
}

// forget takes the topic out of s.
func (a *aliasTable) forget(s *aliasSlot) {
	if a.byTopic[s.topic] == s {
		delete(a.byTopic, s.topic)
	}
	a.bytes -= len(s.topic)
}

// lead has the topic leave by this alias of it.
func (a *aliasTable) lead(s *aliasSlot) {
	if a.byTopic[s.topic] != s {
		a.byTopic[s.topic] = s
	}
}

// touch makes s the one that was used last.
func (a *aliasTable) touch(s *aliasSlot) {
	if a.newest != s {
		a.unlink(s)
		a.push(s)
	}
}

func (a *aliasTable) push(s *aliasSlot) {
	s.older, s.newer = a.newest, nil
	if a.newest != nil {
		a.newest.newer = s
	} else {
		a.oldest = s
	}
	a.newest = s
}

func (a *aliasTable) unlink(s *aliasSlot) {
	if s.older != nil {
		s.older.newer = s.newer
	} else {
		a.oldest = s.newer
	}
	if s.newer != nil {
		s.newer.older = s.older
	} else {
		a.newest = s.older
	}
}
