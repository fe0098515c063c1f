package tape

import (
	"bytes"
	"os"

	"github.com/klauspost/compress/zstd"
)

// frameSize is how many bytes of lines a frame gets before another begins. It bounds what mending has to look at.
const frameSize = 4 << 20

// window is how far back compression looks, and so the memory of who reads.
const window = 1 << 20

// lastBlock ends a frame (RFC 8878 §3.1.1.2): a raw block of no bytes, which is the last.
var lastBlock = []byte{1, 0, 0}

// frameBegin is how each frame of ours begins: no checksum, no size (RFC 8878 §3.1.1.1).
var frameBegin = append(bytes.Clone(zstdMagic), 0)

// packedFile is a file of lines in zstd. Each write ends with lastBlock, so that the file is whole, and the next write of the same
// frame goes over that.
type packedFile struct {
	f       *os.File
	end     int64 // of what is whole
	encoder *zstd.Encoder
	buf     bytes.Buffer // what the encoder has written
	inFrame int          // bytes of lines in the open frame; 0: none is open
}

func newPacked(f *os.File, end int64) (piece, error) {
	p := &packedFile{f: f, end: end}
	var err error
	// One goroutine, ours; and no checksum, which would have to be over all of a frame that can end at any block.
	p.encoder, err = zstd.NewWriter(&p.buf, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true))
	return p, err
}

func (p *packedFile) size() int64 { return p.end }

func (p *packedFile) write(lines []byte, sync bool) error {
	at := p.end
	if p.buf.Reset(); p.buf.Cap() > mostBuffer {
		p.buf = bytes.Buffer{}
	}
	if p.inFrame == 0 {
		p.encoder.Reset(&p.buf)
	} else {
		at -= int64(len(lastBlock))
	}
	if _, err := p.encoder.Write(lines); err != nil {
		return err
	}
	if err := p.encoder.Flush(); err != nil {
		return err
	}
	p.buf.Write(lastBlock)
	_, err := p.f.WriteAt(p.buf.Bytes(), at)
	if err == nil && sync {
		err = p.f.Sync()
	}
	if err != nil {
		p.takeBack(at)
		return err
	}
	p.end = at + int64(p.buf.Len())
	if p.inFrame += len(lines); p.inFrame >= frameSize {
		p.inFrame = 0
	}
	return nil
}

// takeBack makes the file what it was before a write that failed. The room for that is there: it was taken before.
func (p *packedFile) takeBack(at int64) {
	p.f.Truncate(p.end)
	if at < p.end {
		p.f.WriteAt(lastBlock, at)
	}
	p.inFrame = 0 // the encoder has what the file hasn't
}

func (p *packedFile) close() error {
	p.encoder.Close() // into the buffer: the frame in the file has its end
	return closeWhole(p.f)
}
