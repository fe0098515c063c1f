package main

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

// Each store publishes in small, and what has arrived is counted.
func TestStoresInSmall(t *testing.T) {
	address := local(t)
	for name, run := range map[string]func(context.Context, storeWork) (time.Duration, error){
		"bolt": bolt, "bolt, each": boltEach, "memory": memory, "paho": pahoFiles,
	} {
		w := storeWork{address: address, client: "store, " + name, folder: filepath.Join(t.TempDir(), "store"), size: 64, window: 10, n: 30}
		if rate, err := storeOnce(storePeer{name: name, run: run}, w); err != nil || rate <= 0 {
			t.Errorf("%s: %v messages a second, %v", name, rate, err)
		}
	}
}
