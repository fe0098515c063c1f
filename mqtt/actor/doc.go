// Package actor is the processes of a client, and the plain types that they own.
//
// A process is one goroutine around one select, and the only one that touches its state. What crosses a channel belongs to
// its receiver; what went to more than one is never written again. There is no lock. The package doesn't know the public
// types: it hands out messages through a type parameter, and takes dialling, logging and tracing as functions.
//
// # Processes
//
//	supervisor   client       the way to a server: which is next, version, backoff; joins what a connection needs
//	attempt      an attempt   the user's BeforeConnect, dial, CONNECT, AUTH, CONNACK, beside the supervisor's select
//	tracker      client       all that goes out, and the desk: state, counts, events
//	dispatcher   client       all that comes in: streams, room, QoS 2 identifiers, owed acknowledgements
//	keeper       client       the store, where there is one
//	stream       a stream     what it offers to the application; starts with the first message for it
//	requests     topic        which call waits for which answer; a stream whose messages are answers to requests
//	reader       connection   the read half
//	writer       connection   the write half
//	pinger       connection   when a sign of life is due; closes the net.Conn, alone
//
// [Start] joins supervisor, tracker, dispatcher and keeper; the supervisor joins reader, writer and pinger for each
// connection. A join stops all when one ends, and waits for all.
//
// # Arrows
//
// Each channel, from sender to receiver. On --> the sender may wait: (turn) for no more than the receiver's next turn, whose
// select always takes it. On ..> it never does: all that can be outstanding has room (the number), a full channel
// loses to a newer value or a count (ring), or repeats merge with what is there (signal).
//
//	caller      --> tracker      operations, in call order             room in the outbox; 128 lie in the channel
//	caller      --> tracker      questions                             turn
//	caller      --> dispatcher   questions                             turn
//	application --> dispatcher   verdicts: Ack, Reject                 turn, when 32 lie there
//	application --> stream       a message that a loop gives back      turn
//	stream      --> application  the next message                      the application takes it; orders reach the stream
//	stream      --> dispatcher   reports: taken so far                 turn
//	requests    --> dispatcher   likewise                              turn
//	caller      --> requests     a call comes, or leaves               turn
//	reader      --> tracker      answers, a batch                      turn
//	reader      --> dispatcher   arrivals, a batch                     room, while reading is held
//	pinger      --> tracker      when did packets leave and come?      turn, among the questions of callers
//	supervisor  --> tracker      up, down, attempting, retrying        turn, among the questions of callers
//	supervisor  --> dispatcher   up, down, census                      turn, likewise
//
//	tracker     ..> caller       outcome, admission, answers           1, made with what is asked
//	tracker     ..> caller       steps of a re-authentication, its end 2: the server's one word, the end
//	tracker     ..> callers      strictness                            2, tokens that are counted
//	caller      ..> callers      how many messages came too late       1: a number, taken out and put back
//	caller      --> callers      the pen, which the tracker takes too  1: away while one small message is copied, and at the end
//	caller      ..> callers      a parcel is open                      1: a token of who has the pen
//	tracker     ..> callers      leave for one parcel more             4: a parcel was counted
//	tracker     ..> application  events, through Config.Tell           ring
//	tracker     ..> keeper       a batch                               1: there is one; closed at the end
//	keeper      ..> tracker      kept, or not                          1
//	tracker     ..> writer       the buffer                            1: there is one
//	writer      ..> tracker      the buffer, a PINGREQ has left        2
//	tracker     ..> pinger       cut                                   signal
//	pinger      ..> writer       PINGREQ is due                        signal
//	dispatcher  ..> tracker      owed                                  0: a case of its select, what isn't taken grows
//	tracker     ..> dispatcher   notice                                1: taken back and merged when it wasn't read
//	dispatcher  ..> stream       a batch, a recall                     1: the stream has none
//	dispatcher  ..> requests     likewise                              1: it has none
//	requests    ..> caller       an answer, or why none comes          1, which belongs to the call
//	tracker     ..> requests     granted; refused; moved elsewhere     1 of each
//	caller      ..> callers      the response topic in use             1: taken out and put back, or replaced
//	dispatcher  ..> caller       answers                               1, made with the question
//	dispatcher  ..> supervisor   the answer to census                  1, made with it
//	dispatcher  ..> whoever acks the connection or session is gone     closed
//	tracker     ..> pinger       the answer                            1
//	tracker     ..> supervisor   orders: connect or stop; reconnect; end 1: taken back and merged when they weren't heard
//	tracker     ..> supervisor   why this connection ends              1
//	tracker     ..> supervisor   log                                   ring
//	attempt     ..> supervisor   what it found                         1
//	tracker     ..> attempt      the store knows that CONNECT leaves   1, made with it
//	connection  ..> supervisor   why it ended, when all of it has      1
//
// Small messages at QoS 0 don't cross one by one: callers write them into a parcel, which lies in the channel of operations in the
// place of its first message and takes in others until something else is offered or the tracker counts it. Who writes has the pen,
// and waits for nobody with it; the tracker takes it to close a parcel.
//
// Tracker and dispatcher wait for nobody, so an edge of the wait-for graph that ends there goes no further. Two circles
// could close through the outside. The application waits for an answer that lies behind messages which it doesn't take; and
// the server may stop reading from us until we read from it. Both are cut at the same place: while an answer is owed to us,
// or a write has made no progress for a second, the dispatcher doesn't hold reading (notice.answerOwed).
//
// docs/design.md says more.
package actor
