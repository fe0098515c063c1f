// Package proxytest has an HTTP and a SOCKS5 proxy on 127.0.0.1, for tests and examples. They do what a client of MQTT asks
// of one, connecting to a server, and nothing more.
package proxytest

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
)

// Config says how a proxy is to behave. The zero value lets everybody through.
type Config struct {
	User, Password string      // what it wants; empty: nothing
	TLS            *tls.Config // with the proxy's certificate, of an https proxy; nil: none
	// Reach opens the connection to a target. Nil: net.Dial.
	Reach func(target string) (net.Conn, error)
}

// Proxy is a proxy that runs until Close.
type Proxy struct {
	Address string // host:port

	cfg      Config
	listener net.Listener
	nursery  sync.WaitGroup
	mu       sync.Mutex
	open     map[net.Conn]bool
	asked    []string
}

// HTTP starts a proxy that is asked by CONNECT. With cfg.TLS it is an https proxy.
func HTTP(cfg Config) (*Proxy, error) { return start(cfg, askedByCONNECT) }

// SOCKS starts a proxy of SOCKS5.
func SOCKS(cfg Config) (*Proxy, error) { return start(cfg, askedBySOCKS) }

// protocol reads what is asked on a connection. say tells how it went, once; it is nil where nobody may ask.
type protocol func(conn net.Conn, cfg *Config) (target string, say func(error) error)

func start(cfg Config, ask protocol) (*Proxy, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{Address: l.Addr().String(), cfg: cfg, listener: l, open: make(map[net.Conn]bool)}
	if cfg.Reach == nil {
		p.cfg.Reach = func(target string) (net.Conn, error) { return net.Dial("tcp", target) }
	}
	p.nursery.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if cfg.TLS != nil {
				conn = tls.Server(conn, cfg.TLS)
			}
			p.nursery.Go(func() { p.serve(conn, ask) })
		}
	})
	return p, nil
}

// Asked tells the targets that were asked for, in order.
func (p *Proxy) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

// Drop ends all connections, and tells how many they were. A tunnel is two.
func (p *Proxy) Drop() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		conn.Close()
	}
	return len(p.open)
}

// Close ends the proxy and all of its connections.
func (p *Proxy) Close() {
	p.listener.Close()
	p.mu.Lock()
	for conn := range p.open {
		conn.Close()
	}
	p.open = nil
	p.mu.Unlock()
	p.nursery.Wait()
}

// keep has conn closed with the proxy. It says false when that is over.
func (p *Proxy) keep(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		conn.Close()
		return false
	}
	p.open[conn] = true
	return true
}

func (p *Proxy) forget(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, conn)
	conn.Close()
}

func (p *Proxy) serve(conn net.Conn, ask protocol) {
	if !p.keep(conn) {
		return
	}
	defer p.forget(conn)
	target, say := ask(conn, &p.cfg)
	if say == nil {
		return
	}
	p.mu.Lock()
	p.asked = append(p.asked, target)
	p.mu.Unlock()
	far, err := p.cfg.Reach(target)
	if err == nil && !p.keep(far) {
		return
	}
	if err == nil {
		defer p.forget(far)
	}
	if say(err) == nil && err == nil {
		join(conn, far)
	}
}

// join carries bytes both ways until either side ends.
func join(a, b net.Conn) {
	var wg sync.WaitGroup
	wg.Go(func() {
		io.Copy(a, b)
		a.Close()
	})
	io.Copy(b, a)
	b.Close()
	wg.Wait()
}
