// Package boltstore keeps the session of a client in a file, so that it outlives the process.
//
// [Open] gives a [mqtt.Store] for the client's configuration. A store is for one client at a time. Whoever opens the file
// a second time, in this process or in another, gets [mqtt.ErrStoreInUse]. The client doesn't close it: call [Store.Close]
// when the client has ended.
//
// # What survives what
//
// A Write is one transaction, and has returned when the disk has it. It survives the end of the process in any way, and the
// end of the system as far as the disk keeps what it has confirmed. A process that is killed within a Write leaves all of
// it or nothing. After a Write that failed for want of room the store is as before, and goes on when there is room again.
//
// Open reads the whole file before it lets a client use it: the structure of each page, a checksum with each record, and a
// tally of all records that every Write changes. Bytes that have changed, records that are missing or back, and a file that
// was cut at any length, to nothing too, are a [*DamagedError], as is a file that changes while it is open. Such a file is
// left as it is. Bytes that nothing refers to may change. One thing isn't seen: all of a former state, as when an old copy was
// put in the file's place, or a disk has lost what it confirmed.
//
// The path must be that of a local file system, with locks that hold (flock) and mappings of files. A new file has the mode
// 0600. It appears under its name when it is complete. A process that is killed before that may leave one beside it that ends
// in ".new", which can be deleted. Nothing is encrypted.
//
// # What it costs
//
// A Write waits for the disk twice, whatever its size, so that batches pay. On a virtual machine of two cores whose disk
// took 0.15 ms to confirm a page, a second had room for 3,000 Writes of one record of 100 bytes, or 105,000 records in Writes
// of 64, or 290,000 (29 MB) in Writes of 1000, each with as many removals; with other work on the machine, and 0.7 ms, for
// 450, 20,000 and 70,000. Open and Load together read more than 100 MB a second. A page has 4096 bytes, and a small Write
// writes about five.
//
// The file grows by doubling up to 16 MiB, and in steps of 16 MiB from there. It never shrinks: what is removed makes room for
// what follows. A long list of free pages makes each Write slower, by about 1 ms for 200 MB that were once in use. To shrink a
// file, close the store and copy it with the program bbolt (bbolt compact).
package boltstore
