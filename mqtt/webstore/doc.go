// Package webstore keeps the session of a client in the browser, so that it outlives the page. It is for GOOS=js alone:
// elsewhere it has no more than this text.
//
// Open gives a mqtt.Store for the client's configuration, on an IndexedDB database of the page's origin. A store is for one
// client at a time: whoever opens the database a second time, in this page, another tab or a worker, gets mqtt.ErrStoreInUse.
// The client doesn't close it: call Close when the client has ended. Delete removes a database.
//
//	store, err := webstore.Open(ctx, "session")
//	if err != nil {
//		return err
//	}
//	defer store.Close()
//	client, err := mqtt.Connect(ctx, "wss://broker.example/mqtt", mqtt.Config{ClientID: id, Store: store})
//
// Open, Delete and the store's methods wait for the browser, which answers when the event loop runs. Call them from a
// goroutine of its own, never from the goroutine of a js.FuncOf: that one holds the event loop up, and would wait for ever.
//
// # What survives what
//
// A Write is one transaction of the strict durability, and has returned when the browser says that the disk has it. It
// survives a reload, a closed tab and the end of the browser. A page that ends within a Write leaves all of it or nothing.
// After a Write that failed for want of room (ErrQuota) the store is as before, and goes on when there is room again.
//
// What a browser keeps for a site isn't for ever. It may delete all of it when the disk is full, or after some time without a
// visit, unless the page has asked for more by navigator.storage.persist(); a user may clear it; a private window forgets it
// at its end. A database that was deleted is an empty store to the next Open; in an open one, Write and Load fail from then
// on. Whoever gives a client a store should expect to find it empty one day.
//
// Open reads all records. A checksum with each, and a tally of all that every Write changes, tell when one was changed, is
// missing or is back: that is a *DamagedError, and nothing is handed out.
//
// # One at a time
//
// The Web Locks API (navigator.locks) keeps all others out, and lets them in when the page is gone, however it ended. Open
// gives others a second to let go, which is what a reload needs. A page has locks in a secure context alone, which is https or
// localhost; without them Open fails, for nothing could keep two tabs from sending the same message twice.
package webstore
