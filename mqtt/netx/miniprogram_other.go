//go:build !js

package netx

import "fmt"

// miniProgram has no transport for the scheme of an app: what it goes by is the app's JavaScript.
func miniProgram(scheme string) (transport, error) {
	return transport{}, fmt.Errorf("%s:// works only in a %s mini-program, which is GOOS=js: write wss://", scheme, appOf(scheme))
}
