package actor

import "context"

// keeper puts batches of changes into the store, one at a time: while it waits for the disk, the next one gathers. It is
// there with a store alone, and the only process on which the store runs.
type keeper struct {
	write    func(context.Context, []Change) error // the store's
	release  func() error
	patience context.Context // ends when the tracker waits no longer
	in       <-chan *batch   // from tracker, which closes it at its end
	out      chan<- kept     // to tracker, has room: one batch is out
}

// openStore makes the keeper of a client that has a store, and gives the others what that held.
func openStore(cfg *Config, t *tracker, d *dispatcher) *keeper {
	to, from := make(chan *batch, 1), make(chan kept, 1)
	t.to, t.from, t.open = to, from, &batch{number: 1}
	t.wanted.keeping = true
	d.restoreKept(cfg.Kept)
	patience, quit := context.WithCancel(context.Background())
	t.quit = quit
	return &keeper{patience: patience, write: cfg.Write, release: cfg.Release, in: to, out: from}
}

// kept is what became of a batch.
type kept struct {
	batch *batch
	err   error // nothing of it is in the store
}

// run ends with the channel and not with ctx: what the tracker ends with has to be kept, too.
func (k *keeper) run(context.Context) error {
	for b := range k.in {
		k.out <- kept{b, k.write(k.patience, b.changes)}
	}
	k.release() // what an error of it would mean was said by the last write
	return ErrClosed
}
