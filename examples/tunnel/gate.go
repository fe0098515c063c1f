package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"golang.org/x/crypto/ssh"
)

// gate is an SSH server that lets one user through, to the servers behind it.
type gate struct {
	address string
	key     ssh.PublicKey // its own

	config   *ssh.ServerConfig
	behind   map[string]string // names to addresses
	listener net.Listener
	running  sync.WaitGroup

	mu    sync.Mutex
	links map[net.Conn]struct{}
	shut  bool
}

func openGate(user ssh.PublicKey, behind map[string]string) (*gate, error) {
	signer, public, err := newIdentity()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("gate: %w", err)
	}
	g := &gate{
		address: listener.Addr().String(), key: public, behind: behind, listener: listener, links: make(map[net.Conn]struct{}),
		config: &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if !bytes.Equal(key.Marshal(), user.Marshal()) {
				return nil, errors.New("unknown key")
			}
			return nil, nil
		}},
	}
	g.config.AddHostKey(signer)
	g.running.Go(g.accept)
	return g, nil
}

func (g *gate) accept() {
	for {
		raw, err := g.listener.Accept()
		if err != nil {
			return
		}
		g.running.Go(func() { g.serve(raw) })
	}
}

// cut ends all tunnels.
func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for raw := range g.links {
		raw.Close()
	}
}

// close ends the gate, and waits for all that it began.
func (g *gate) close() {
	g.listener.Close()
	g.mu.Lock()
	g.shut = true
	g.mu.Unlock()
	g.cut()
	g.running.Wait()
}

// enter says whether the gate is open.
func (g *gate) enter(raw net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return false
	}
	g.links[raw] = struct{}{}
	return true
}

func (g *gate) leave(raw net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.links, raw)
}

// serve is one tunnel.
func (g *gate) serve(raw net.Conn) {
	defer raw.Close()
	if !g.enter(raw) {
		return
	}
	defer g.leave(raw)
	link, channels, requests, err := ssh.NewServerConn(raw, g.config)
	if err != nil {
		return
	}
	defer link.Close()
	g.running.Go(func() { ssh.DiscardRequests(requests) })
	for asked := range channels {
		g.running.Go(func() { g.connect(asked) })
	}
}

// connect carries one connection to a server behind the gate (RFC 4254 §7.2).
func (g *gate) connect(asked ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		Origin     string
		OriginPort uint32
	}
	if asked.ChannelType() != "direct-tcpip" || ssh.Unmarshal(asked.ExtraData(), &to) != nil {
		asked.Reject(ssh.UnknownChannelType, "connections alone are carried")
		return
	}
	server, err := net.Dial("tcp", g.behind[fmt.Sprintf("%s:%d", to.Host, to.Port)])
	if err != nil {
		asked.Reject(ssh.ConnectionFailed, "nobody is there")
		return
	}
	defer server.Close()
	channel, requests, err := asked.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	g.running.Go(func() { ssh.DiscardRequests(requests) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(server, channel)
		server.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(channel, server)
	channel.Close()
	server.Close()
	<-done
}
