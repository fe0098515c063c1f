package webstore

import (
	"context"
	"syscall/js"
)

// pageSize is how many records the browser is asked for at once: enough for a question to cost little, few enough for an
// answer to fit into memory.
const pageSize = 128

// reading goes through all records, in the order of their keys, page by page: each question but the first is asked from the
// answer to the one before, within the transaction.
type reading struct {
	store js.Value
	keys  js.Value // the request for the keys of a page
	pages js.Func  // called when keys and values of a page are there
	visit func(key, sealed []byte)
	sum   tally
	fault error // what was found
}

// read calls visit for each record, which is visit's own, and gives their tally when it is the one that was written.
func read(ctx context.Context, db js.Value, visit func(key, sealed []byte)) (tally, error) {
	r := &reading{visit: visit}
	r.pages = js.FuncOf(func(_ js.Value, args []js.Value) any {
		r.page(args[0].Get("target").Get("result"))
		return nil
	})
	defer r.pages.Release()
	var about js.Value
	err := transact(ctx, db, "readonly", func(tx js.Value) error {
		about = tx.Call("objectStore", aboutStore).Call("get", tallyKey)
		r.store = tx.Call("objectStore", recordsStore)
		r.ask(js.Null())
		return nil
	})
	if err == nil {
		err = r.fault
	}
	if err != nil {
		return tally{}, err
	}
	encoded, _ := bytesOf(about.Get("result"))
	written, err := decodeTally(encoded)
	if err == nil {
		err = written.match(r.sum)
	}
	return written, err
}

// ask asks for the next page, within a range of keys.
func (r *reading) ask(within js.Value) {
	r.keys = r.store.Call("getAllKeys", within, pageSize)
	r.store.Call("getAll", within, pageSize).Set("onsuccess", r.pages)
}

// page takes a page and asks for the next one. It is called by the browser, where a panic would end the program.
func (r *reading) page(values js.Value) {
	keys := r.keys.Get("result")
	count := values.Length()
	for i := 0; i < count && r.fault == nil; i++ {
		r.fault = r.record(keys.Index(i), values.Index(i))
	}
	if count < pageSize || r.fault != nil {
		return
	}
	if err := attempt(func() {
		r.ask(js.Global().Get("IDBKeyRange").Call("lowerBound", keys.Index(count-1), true))
	}); err != nil {
		r.fault = err
	}
}

func (r *reading) record(key, value js.Value) error {
	k, ok := bytesOf(key)
	if !ok {
		return found("the key %s isn't one of a record", js.Global().Get("String").Invoke(key).String())
	}
	sealed, ok := bytesOf(value)
	if !ok {
		return found("the record with the key %x has no bytes", k)
	}
	if _, err := unsealed(k, sealed); err != nil {
		return err
	}
	r.sum.add(shareOf(sealed))
	r.visit(k, sealed)
	return nil
}
