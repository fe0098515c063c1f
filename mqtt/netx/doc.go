// Package netx opens the way to a server: from a URL to a net.Conn that is ready for MQTT.
//
// Parse reads a URL and names what is wrong with one; Dial opens what it stands for. The package knows nothing of MQTT,
// never retries, logs nothing and keeps no state: each call stands alone, and any goroutine may make it. What Dial gives
// back can be closed at any moment, from any goroutine, without waiting. No password enters an error or a String.
//
// A scheme stands for one transport. They are told apart in transportOf alone, so that a new one is a file and a line.
package netx
