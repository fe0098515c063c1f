package boltstore

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// image is a file of bbolt as bytes. It is read by hand before bbolt maps it, for bbolt trusts its pages: one flipped bit can
// make it panic in a goroutine of its own, run in circles, or write over a page that is in use.
type image struct {
	file io.ReaderAt
	meta meta
	used []bool // by page: it has its place in the structure, and must not have another
}

// pageSize is the same on all machines, so that files can be carried between them. With 16 KiB nothing was faster.
const pageSize = 4096

func openImage(file io.ReaderAt, size int64) (*image, error) {
	m, err := newestMeta(file)
	if err != nil {
		return nil, err
	}
	if uint64(size)/pageSize < m.pages {
		return nil, found("it has %d bytes, where %d pages of %d were written: its end is missing", size, m.pages, pageSize)
	}
	i := &image{file: file, meta: m, used: make([]bool, m.pages)}
	return i, errors.Join(i.claim(0), i.claim(1)) // the metas
}

// page reads a page, for the first and only time.
func (i *image) page(id uint64) (page, error) {
	header := make([]byte, headerSize)
	if id < 2 || id >= i.meta.pages {
		return page{}, found("page %d is named as one of %d", id, i.meta.pages)
	}
	if err := i.read(header, id); err != nil {
		return page{}, err
	}
	p := parsePage(header)
	if p.id != id {
		return page{}, found("page %d says that it is page %d", id, p.id)
	}
	for n := range p.overflow + 1 {
		if err := i.claim(id + n); err != nil {
			return page{}, err
		}
	}
	p.data = make([]byte, (1+p.overflow)*pageSize)
	return p, i.read(p.data, id)
}

func (i *image) read(into []byte, id uint64) error {
	_, err := i.file.ReadAt(into, int64(id)*pageSize)
	if errors.Is(err, io.EOF) {
		return found("it ends within page %d", id)
	}
	return err
}

// claim gives a page its place.
func (i *image) claim(id uint64) error {
	switch {
	case id >= i.meta.pages:
		return found("page %d is named as one of %d", id, i.meta.pages)
	case i.used[id]:
		return found("page %d has two places", id)
	}
	i.used[id] = true
	return nil
}

// free gives the free pages their places, and demands that every page has one then: bbolt would write over a page in use
// that is told to be free.
func (i *image) free() error {
	p, err := i.page(i.meta.freelist)
	if err != nil {
		return err
	}
	count, ids := uint64(p.count), p.data[headerSize:]
	if p.count == 0xFFFF { // the number didn't fit
		count, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if p.flags != freelistPage || count > uint64(len(ids)/8) {
		return found("page %d isn't the list of free pages that was written", p.id)
	}
	for n := range count {
		if err := i.claim(binary.NativeEndian.Uint64(ids[8*n:])); err != nil {
			return err
		}
	}
	if lost := slices.Index(i.used, false); lost >= 0 {
		return found("page %d is neither used nor free", lost)
	}
	return nil
}
