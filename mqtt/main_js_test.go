package mqtt

import (
	"testing"

	"go.uber.org/goleak"
)

// What JavaScript calls runs on a goroutine of the runtime's, which may be about to end.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}
