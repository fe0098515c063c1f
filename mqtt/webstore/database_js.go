package webstore

import (
	"context"
	"fmt"
	"slices"
	"syscall/js"
)

// format is the version of what a database has: records that are sealed, by their keys, and about them the tally.
const format = 1

// Names of the object stores, and of the one record of the first.
const (
	aboutStore   = "about"
	recordsStore = "records"

	tallyKey = "tally"
)

// factory is the browser's IndexedDB.
func factory() (js.Value, error) {
	indexed, err := property(js.Global(), "indexedDB")
	if err == nil && !indexed.Truthy() {
		err = fmt.Errorf("%w: there is no indexedDB; this isn't a browser, or one that has it switched off", ErrUnavailable)
	}
	return indexed, err
}

// openDatabase opens one, and makes it when there is none.
func openDatabase(ctx context.Context, name string) (js.Value, error) {
	indexed, err := factory()
	if err != nil {
		return js.Value{}, err
	}
	var request js.Value
	if err := attempt(func() { request = indexed.Call("open", name) }); err != nil {
		return js.Value{}, err
	}
	db, err := answer(ctx, request, establish, func(late js.Value) { late.Call("close") })
	if err != nil {
		return js.Value{}, err
	}
	if err := recognise(db); err != nil {
		db.Call("close")
		return js.Value{}, err
	}
	return db, nil
}

// deleteDatabase deletes one, if there is one. The browser waits until others have closed it.
func deleteDatabase(ctx context.Context, name string) error {
	indexed, err := factory()
	if err != nil {
		return err
	}
	var request js.Value
	if err := attempt(func() { request = indexed.Call("deleteDatabase", name) }); err != nil {
		return err
	}
	_, err = answer(ctx, request, nil, func(js.Value) {})
	return err
}

// establish makes a new database a store.
func establish(db js.Value) {
	db.Call("createObjectStore", recordsStore)
	db.Call("createObjectStore", aboutStore).Call("put", array(tally{}.encode()), tallyKey)
}

// recognise demands that a database is a store of the format that we know.
func recognise(db js.Value) error {
	var names []string
	list := db.Get("objectStoreNames")
	for i := range list.Length() {
		names = append(names, list.Index(i).String())
	}
	version := db.Get("version").Int()
	switch {
	case !slices.Equal(names, []string{aboutStore, recordsStore}):
		return found("it has the object stores %q, which are another program's", names)
	case version != format:
		return &VersionError{Found: version, Known: format}
	}
	return nil
}

// answer waits for that of a request to open or delete. When ctx ends first, late gets what still comes; the browser has no
// way to take a request back.
func answer(ctx context.Context, request js.Value, upgrade, late func(js.Value)) (js.Value, error) {
	type result struct {
		value js.Value
		err   error
	}
	results := make(chan result, 1)
	waits := make(chan struct{}, 1) // has a token until somebody has decided who gets the result
	waits <- struct{}{}
	on := listen(request)
	settle := func(r result) {
		on.release()
		select {
		case <-waits:
			results <- r
		default:
			if r.err == nil {
				late(r.value)
			}
		}
	}
	if upgrade != nil {
		on.on("upgradeneeded", func(js.Value) {
			if attempt(func() { upgrade(request.Get("result")) }) != nil {
				request.Get("transaction").Call("abort") // and so an error of the request
			}
		})
	}
	blocked := false
	on.on("blocked", func(js.Value) { blocked = true })
	on.on("success", func(js.Value) { settle(result{value: request.Get("result")}) })
	on.on("error", func(event js.Value) {
		event.Call("preventDefault") // an error that nobody looks at is one of the page's
		settle(result{err: exception(request.Get("error"))})
	})
	select {
	case r := <-results:
		return r.value, r.err
	case <-ctx.Done():
	}
	select {
	case <-waits:
		if blocked {
			return js.Value{}, fmt.Errorf("%w: another page has the database open by other means; when it is closed there, the browser carries this out: %w", errInUse, ctx.Err())
		}
		return js.Value{}, ctx.Err()
	case r := <-results:
		return r.value, r.err
	}
}
