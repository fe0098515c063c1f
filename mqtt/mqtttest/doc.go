// Package mqtttest is what a test of code that uses MQTT needs: an in-memory server that can be scripted and can fail.
//
// A [Server] stands where the network would: it is a dialer to hand to a client, and [Server.Accept] gives its end of each
// connection. The test then says packet by packet what the server does: [Conn.Read] and [Conn.Send], or [Expect],
// [Conn.Handshake], [Conn.ExpectNothing] and [Conn.ExpectClosed], which fail the test.
//
// A [Broker] sits on a Server and behaves as a whole server: sessions, subscriptions, retained messages, wills, all three
// qualities of service, MQTT 3.1, 3.1.1 and 5.0. It can be told to fail: to cut connections around a packet, to refuse, to
// fall silent, to be slow; and it tells what it received, for tests that count.
//
// Both work over a [Pipe], an in-memory [net.Conn] with bounded buffers, deadlines, half close, resets and the faults of a
// network. All of it waits on channels and timers alone, so that it can live in a testing/synctest bubble, where a test of
// hours takes no time. Whatever is used in a bubble has to be made in that bubble. Nothing here opens a socket, and what is
// closed leaves no goroutine.
//
// The servers are for tests: they keep everything in memory, without a bound, and never drop a message.
package mqtttest
