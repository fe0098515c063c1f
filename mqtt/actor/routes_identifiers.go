package actor

import "github.com/sluicemq/sluice/mqtt/codec"

// identifiers is what the Subscription Identifiers mean that this process gave to the server. An identifier belongs to
// filters, whichever streams want them.
type identifiers struct {
	now   map[string]uint32       // a filter's identifier
	pairs map[identifier]struct{} // those, and which were so earlier on this connection
	count map[uint32]int          // in how many pairs an identifier is
	past  []identifier            // the pairs that are not so any more
}

// tell takes a filter's identifier. Zero says that it has none any more, and shall be forgotten.
func (m *identifiers) tell(i identifier) {
	old, had := m.now[i.filter]
	if had && old == i.id {
		return
	}
	if m.now == nil {
		m.now, m.pairs, m.count = make(map[string]uint32), make(map[identifier]struct{}), make(map[uint32]int)
	}
	if i.id == 0 {
		delete(m.now, i.filter)
		m.drop(identifier{old, i.filter})
		return
	}
	if had {
		m.past = append(m.past, identifier{old, i.filter})
	}
	m.now[i.filter] = i.id
	if _, known := m.pairs[i]; !known {
		m.pairs[i] = struct{}{}
		m.count[i.id]++
	}
}

func (m *identifiers) drop(i identifier) {
	if _, known := m.pairs[i]; !known {
		return
	}
	delete(m.pairs, i)
	if m.count[i.id]--; m.count[i.id] == 0 {
		delete(m.count, i.id)
	}
}

// connected forgets what was so on the connection before.
func (m *identifiers) connected() {
	for _, i := range m.past {
		if m.now[i.filter] != i.id {
			m.drop(i)
		}
	}
	m.past = nil
}

// known appends the identifiers of a message that mean something to us.
func (m *identifiers) known(p *codec.Publish, list []uint32) []uint32 {
	if p.Properties == nil || len(m.count) == 0 {
		return list
	}
	for _, id := range p.Properties.SubscriptionIdentifiers {
		if m.count[id] > 0 {
			list = append(list, id)
		}
	}
	return list
}

// belong says whether one of these identifiers is the filter's.
func (m *identifiers) belong(ids []uint32, filter string) bool {
	for _, id := range ids {
		if _, yes := m.pairs[identifier{id, filter}]; yes {
			return true
		}
	}
	return false
}
