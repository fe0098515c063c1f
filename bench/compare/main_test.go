package compare

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// a cell waits more than it works, so there may be more of them at once than processors; a -parallel that is given wins
	if err := flag.Set("test.parallel", "5"); err != nil {
		panic(err)
	}
	const paho = "github.com/eclipse/paho%2emqtt%2egolang."
	goleak.VerifyTestMain(m,
		// without a connection, or with one that is stuck, these sleep for up to half a minute when the client is closed
		goleak.IgnoreAnyFunction(paho+"(*client).Publish"),
		goleak.IgnoreAnyFunction(paho+"(*client).Disconnect.func1"),
		goleak.IgnoreAnyFunction(paho+"(*client).reconnect"),
	)
}
