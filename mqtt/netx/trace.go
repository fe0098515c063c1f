package netx

// Stage is a part of the way to a server.
type Stage string

// The stages, in their order. A host that is an address has no StageDNS; StageUnix stands in the place of the two before
// it, and StageProxy around those of the proxy's own host.
const (
	StageDNS       Stage = "dns"       // looking the host up; before that the servers of a domain
	StageTCP       Stage = "tcp"       // connecting, all addresses of the host counted
	StageUnix      Stage = "unix"      // connecting to a socket's file
	StageProxy     Stage = "proxy"     // connecting through a proxy: to it, TLS with it included, and from it to the server
	StageTLS       Stage = "tls"       // the handshake of a secure scheme
	StageWebSocket Stage = "websocket" // asking for WebSocket; all the stages when an http.Client of the caller's dials
)

// Step is a stage's begin or its end.
type Step struct {
	Stage Stage
	Done  bool  // false: the stage begins; true: it has ended
	Err   error // why it failed; nil at the begin and after success
}

// step tells the trace, if there is one.
func (o *Options) step(stage Stage, done bool, err error) {
	if o.Trace != nil {
		o.Trace(Step{Stage: stage, Done: done, Err: err})
	}
}
