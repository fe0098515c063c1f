package main

import (
	"crypto/tls"
	"net"
	"path/filepath"
)

// transport is what lies between a client and the server. The fields say how a URL of it begins and ends.
type transport struct {
	name, scheme, path string
	tls, webSocket     bool
}

// transports stand in the order of the tables.
var transports = []transport{
	{name: "tcp", scheme: "mqtt"},
	{name: "tls", scheme: "mqtts", tls: true},
	{name: "ws", scheme: "ws", path: "/mqtt", webSocket: true},
	{name: "wss", scheme: "wss", path: "/mqtt", tls: true, webSocket: true},
	{name: "unix", scheme: "mqtt+unix"},
}

// places are where the server is.
type places struct {
	Address string            // host:port, over TCP
	URLs    map[string]string // by the name of a transport
	CA      string            // PEM: who has signed for the server
}

// of gives the URL for a transport, and the authority that is to be trusted there. A server that is only known by its address
// is there over TCP.
func (p places) of(name string) (url, ca string) {
	for _, t := range transports {
		if t.name == name && t.tls {
			ca = p.CA
		}
	}
	if url = p.URLs[name]; url == "" {
		url = "mqtt://" + p.Address
	}
	return url, ca
}

// entrance is where the server listens for one transport.
type entrance struct {
	net.Listener
	transport
}

// open listens for every transport. The folder is for the socket's file.
func open(folder string) (p places, all []entrance, err error) {
	config, ca, err := certified()
	if err != nil {
		return p, nil, err
	}
	p = places{URLs: map[string]string{}, CA: ca}
	for _, t := range transports {
		e, err := t.listen(folder, config)
		if err != nil {
			closeAll(all)
			return p, nil, err
		}
		all = append(all, e)
		p.URLs[t.name] = t.scheme + "://" + e.Addr().String() + t.path
	}
	p.Address = all[0].Addr().String()
	return p, all, nil
}

func (t transport) listen(folder string, config *tls.Config) (entrance, error) {
	network, address := "tcp", "127.0.0.1:0"
	if t.name == "unix" {
		network, address = "unix", filepath.Join(folder, "mqtt.sock")
	}
	ln, err := net.Listen(network, address)
	if err != nil {
		return entrance{}, err
	}
	if t.tls {
		ln = tls.NewListener(ln, config)
	}
	return entrance{ln, t}, nil
}

func closeAll(all []entrance) {
	for _, e := range all {
		e.Close()
	}
}
