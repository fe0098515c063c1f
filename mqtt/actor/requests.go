package actor

// requests gives each answer that comes to the call that waits for it (§4.10). It is the process of the stream of a response
// topic: what it is lent it takes at once, so nothing there ever waits for the application.
type requests[M any] struct {
	self   *branch // what the dispatcher knows it by; never looked into
	create func(*Handout) M

	work             <-chan []item   // from dispatcher: a batch, or nil to ask for what is left; closed to end
	reports          chan<- report   // to dispatcher, which always takes
	visits           <-chan visit[M] // from callers, who wait a turn
	asked            *Ending         // of SUBSCRIBE: others ask for its outcome, too, so that the token is put back
	answer           <-chan struct{} // from tracker: that token
	refused          <-chan Grant    // from tracker: a new connection refused the filter
	moved            <-chan struct{} // from tracker: the server wants response topics to be elsewhere
	ready, over, end chan<- struct{} // closed: the server has the filter; no call is to begin here any more; the process has ended
	out, each        chan<- M        // nothing is ever sent; closed at the end

	// owned by run
	open     map[string]*Wait[M] // by correlation data
	failure  error               // why no answer can come any more
	done     bool                // over is closed,
	last     bool                // and a caller was told that it is the last
	taken    int                 // of the batch that is lent
	strays   int                 // answers that nobody waited for
	recalled bool
	handout  Handout
}

// Wait is where one call waits for its answer. From Join until its Word came, Key is not to be changed.
type Wait[M any] struct {
	Key   string // the correlation data
	word  chan<- Word[M]
	words <-chan Word[M] // one comes for each Join that was heard
}

// Words is where the one Word comes.
func (w *Wait[M]) Words() <-chan Word[M] { return w.words }

// Word ends a Wait.
type Word[M any] struct {
	Answer   M
	Answered bool  // there is an Answer; else the call has left, or
	Err      error // why no answer can come
	Last     bool  // nobody is left and nobody will come: whoever is told so closes the stream
}

// visit is a call that comes, or leaves. Without a Wait it only was there: what came before it has been heard. A call that leaves
// may have its Word already, and its Wait may be another's when this is read: so the key comes beside it.
type visit[M any] struct {
	wait   *Wait[M]
	key    string
	leaves bool
}

// Ungranted says that the server refused the filter of a response topic.
type Ungranted struct{ Grant Grant }

// Error implements error.
func (e *Ungranted) Error() string { return "response topic refused: " + e.Grant.Code.String() }

// Unwrap gives the Reason Code.
func (e *Ungranted) Unwrap() error { return e.Grant.Code }

func (r *requests[M]) run() {
	defer r.abandon()
	for {
		reports := r.reports
		if r.taken == 0 && !r.recalled {
			reports = nil // nothing to tell
		}
		select {
		case batch, open := <-r.work:
			if !open {
				r.leave()
				return
			}
			r.accept(batch)
		case v := <-r.visits:
			r.visited(v)
		case <-r.answer:
			r.subscribed()
		case g := <-r.refused:
			r.fail(&Ungranted{g})
		case <-r.moved:
			r.finish()
		case reports <- r.report():
			r.taken, r.strays, r.recalled = 0, 0, false
		}
	}
}

// abandon closes what callers wait on.
func (r *requests[M]) abandon() {
	close(r.out)
	close(r.each)
	close(r.end)
}

// accept hands out a batch. An answer that is late, doubled or unknown disturbs nobody.
func (r *requests[M]) accept(batch []item) {
	if batch == nil {
		r.recalled = true
		return
	}
	for i := range batch {
		it := &batch[i]
		w := r.open[correlation(it)]
		if w == nil {
			r.strays++
			continue
		}
		delete(r.open, w.Key)
		r.handout = Handout{&it.publish, it.again, AckOnTake, it.ticket}
		r.say(w, Word[M]{Answer: r.create(&r.handout), Answered: true})
	}
	r.taken = len(batch)
}

func correlation(it *item) string {
	if p := it.publish.Properties; p != nil {
		return string(p.CorrelationData)
	}
	return ""
}

func (r *requests[M]) visited(v visit[M]) {
	switch w := v.wait; {
	case w == nil:
	case v.leaves:
		if r.open[v.key] == w { // else its word is there already
			delete(r.open, v.key)
			r.say(w, Word[M]{})
		}
	case r.failure != nil:
		r.say(w, Word[M]{Err: r.failure})
	case r.open[v.key] != nil:
		r.say(w, Word[M]{Err: ErrCorrelation})
	default:
		r.open[v.key] = w
	}
}

// say gives a caller its word, for which there is room: it is the only one.
func (r *requests[M]) say(w *Wait[M], word Word[M]) {
	if r.done && !r.last && len(r.open) == 0 {
		word.Last, r.last = true, true
	}
	w.word <- word
}

// subscribed takes the server's answer to the filter.
func (r *requests[M]) subscribed() {
	o := r.asked.Outcome()
	r.asked.PutBack() // there is room: it was just taken
	r.answer = nil
	switch {
	case o.Err != nil:
		r.fail(o.Err)
	case o.Grants()[0].Code.Failed():
		r.fail(&Ungranted{o.Grants()[0]})
	default:
		close(r.ready)
	}
}

// fail ends all calls: their answers can't come.
func (r *requests[M]) fail(why error) {
	if r.failure != nil {
		return
	}
	r.failure = why
	r.finish()
	open := r.open
	r.open = nil
	for _, w := range open {
		r.say(w, Word[M]{Err: why})
	}
}

// finish lets no call begin here any more. Those that wait go on.
func (r *requests[M]) finish() {
	if !r.done {
		r.done = true
		close(r.over)
	}
}

func (r *requests[M]) report() report {
	return report{from: r.self, taken: r.taken, strays: r.strays, recalled: r.recalled}
}

// leave ends what is left, with the client or with the stream.
func (r *requests[M]) leave() {
	r.fail(ErrClosed)
	last := r.report()
	last.last = true
	r.reports <- last
}
