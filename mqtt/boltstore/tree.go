package boltstore

import (
	"bytes"
	"encoding/binary"
)

// entry is what a leaf of a tree has: a bucket or a record.
type entry struct {
	bucket     bool
	key, value []byte
}

// span is where the keys of a page must lie: from first, which its parent names, to before next, where its neighbour's
// begin. Nil is no bound, and a page without a parent may be empty.
type span struct{ first, next []byte }

// walk calls visit for each entry of the tree under a page, in the order of the keys.
func (i *image) walk(id uint64, within span, visit func(entry) error) error {
	p, err := i.page(id)
	switch {
	case err != nil:
		return err
	case p.flags == branchPage:
		return i.walkBranch(p, within, visit)
	default:
		return walkLeaf(p, within, visit)
	}
}

func (i *image) walkBranch(p page, within span, visit func(entry) error) error {
	if p.count == 0 {
		return found("page %d has no children", p.id)
	}
	keys, err := p.keys(within)
	if err != nil {
		return err
	}
	for n, key := range keys {
		child := span{key, within.next}
		if n+1 < len(keys) {
			child.next = keys[n+1]
		}
		if err := i.walk(binary.NativeEndian.Uint64(p.element(n)[8:]), child, visit); err != nil {
			return err
		}
	}
	return nil
}

func walkLeaf(p page, within span, visit func(entry) error) error {
	if p.flags != leafPage {
		return found("page %d is of the kind %#x, where one of a tree must be", p.id, p.flags)
	}
	keys, err := p.keys(within)
	if err != nil {
		return err
	}
	for n, key := range keys {
		flags := binary.NativeEndian.Uint32(p.element(n))
		value, ok := p.value(n)
		if !ok || flags > 1 {
			return found("page %d: its entry %d isn't what was written", p.id, n)
		}
		if err := visit(entry{bucket: flags == 1, key: key, value: value}); err != nil {
			return err
		}
	}
	return nil
}

// keys reads those of a page, and holds them to their order and their span: a search must find each, and a change of the
// page look for it in its parent by its first key.
func (p page) keys(within span) ([][]byte, error) {
	keys := make([][]byte, 0, min(p.count, len(p.data)/elementSize))
	for n := range p.count {
		key, ok := p.key(n)
		if !ok || len(key) == 0 || n > 0 && bytes.Compare(keys[n-1], key) >= 0 {
			return nil, found("page %d: its key %d isn't what was written", p.id, n)
		}
		keys = append(keys, key)
	}
	switch {
	case within.first != nil && (len(keys) == 0 || !bytes.Equal(keys[0], within.first)):
		return nil, found("page %d doesn't begin with the key that its parent names", p.id)
	case within.next != nil && len(keys) > 0 && bytes.Compare(keys[len(keys)-1], within.next) >= 0:
		return nil, found("page %d has keys of its neighbour", p.id)
	}
	return keys, nil
}
