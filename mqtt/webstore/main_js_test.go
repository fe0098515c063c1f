package webstore

import (
	"context"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Tests that need another page load this one's program into a frame, with what it should do in this variable.
const frameTask = "SLUICE_WEBSTORE_FRAME"

// A goroutine of the runtime waits while an event of JavaScript's runs Go: it has called what runs the tests.
func TestMain(m *testing.M) {
	if task, known := frameTasks[os.Getenv(frameTask)]; known {
		task(context.Background(), os.Getenv(frameDatabase))
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}
