//go:build integration

package integration

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if task, given := os.LookupEnv(childTask); given {
		demand(perform(task))
		return
	}
	goleak.VerifyTestMain(m)
}
