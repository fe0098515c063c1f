package boltstore_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/boltstore"
)

// What one process has written, the next one finds. A client does all this by itself.
func Example() {
	folder, err := os.MkdirTemp("", "session")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "session.db")

	store, err := boltstore.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	err = store.Write(context.Background(), []mqtt.StoreRecord{
		{Key: []byte("b"), Value: []byte("second")},
		{Key: []byte("a"), Value: []byte("first")},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Close(); err != nil {
		log.Fatal(err)
	}

	store, err = boltstore.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	for record, err := range store.Load(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n", record.Key, record.Value)
	}
	// Output:
	// a: first
	// b: second
}
