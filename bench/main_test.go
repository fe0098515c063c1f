package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain has the test binary be the server and client processes as well, as the program itself is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "-serve" || os.Args[1] == "-client") {
		main()
		return
	}
	const paho = "github.com/eclipse/paho%2emqtt%2egolang."
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(paho+"(*client).Disconnect.func1"),
		goleak.IgnoreAnyFunction("github.com/at-wat/mqtt-go.KeepAlive")) // until its next PINGREQ is due
}
