// Package hostile has no code, only tests: a client against servers that break the rules. Its cases are made from tables
// written after the specification and not from package codec, so that one mistake doesn't hide in both.
package hostile_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
