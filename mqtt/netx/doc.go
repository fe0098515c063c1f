// Package netx opens the way to a server: from a URL to a net.Conn that is ready for MQTT.
//
// Parse reads a URL and names what is wrong with one; Dial opens what it stands for. The package knows nothing of MQTT,
// never retries, logs nothing and keeps no state: each call stands alone, and any goroutine may make it. What Dial gives
// back can be closed at any moment, from any goroutine, without waiting. No password enters an error or a String.
//
// Two schemes are for mini-programs alone, wxs for those of WeChat and alis for those of Alipay, by connectSocket of their
// global objects wx and my. A mini-program has to put its object where Go finds it before the program starts, as in
// globalThis.wx = wx. Alipay gives a mini-program one socket: a second Dial waits until the first connection is closed, and
// the mini-program's other code must leave that socket alone. Both were tested against stand-ins of that JavaScript, in
// Node.js, and never within the apps.
//
// A scheme stands for one transport. They are told apart in transportOf alone, so that a new one is a file and a line.
package netx
