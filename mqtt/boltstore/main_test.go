package boltstore

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Tests that need another process start their own program again, with what it should do in this variable.
const childTask = "SLUICE_BOLTSTORE_CHILD"

func TestMain(m *testing.M) {
	if task, known := childTasks[os.Getenv(childTask)]; known {
		task(os.Args[1:])
		return
	}
	goleak.VerifyTestMain(m)
}
