package app

import (
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// servers chooses between the ways to name a server: the one that was said at the highest rank.
func (c *Connection) servers(cfg *mqtt.Config) error {
	way, err := c.choose("where the server is", "url", "topic-url", "unix", "host/port/protocol/ws-path")
	if err != nil {
		return err
	}
	var urls []string
	switch way {
	case "url":
		urls = c.URLs
	case "topic-url":
		urls, err = c.fromTopicURL()
	case "unix":
		urls, err = fromSocket(c.Unix)
	default:
		urls, err = c.fromHost()
	}
	if err != nil {
		return err
	}
	cfg.Servers = urls
	for _, u := range urls {
		s, err := netx.Parse(u)
		if err != nil {
			return Usage("%v", err)
		}
		if c.wantsTLS() && !secure(u) {
			return Usage("%s is without TLS, and a flag asks for TLS; write mqtts:// or wss://", s)
		}
	}
	return nil
}

// fromSocket is the URL of a socket's file.
func fromSocket(path string) ([]string, error) {
	whole, err := filepath.Abs(path)
	if err != nil || path == "" {
		return nil, Usage("--unix %q: give the path of a socket", path)
	}
	return []string{(&url.URL{Scheme: "unix", Path: filepath.ToSlash(whole)}).String()}, nil
}

// fromTopicURL takes the topic off -L. What is left is a URL as any.
func (c *Connection) fromTopicURL() ([]string, error) {
	scheme, rest, _ := strings.Cut(c.TopicURL, "://")
	authority, _, _ := strings.Cut(rest, "/")
	server := scheme + "://" + authority
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || (u.Scheme != "mqtt" && u.Scheme != "mqtts") { // the URL may hold a password
		return nil, Usage("-L wants mqtt:// or mqtts://, a host and a topic, as in mqtt://localhost/a/topic; " +
			"in a user name or password write @ as %%40, / as %%2F, ? as %%3F, # as %%23, %% as %%25")
	}
	return []string{server}, nil
}

// Topic is the topic that -L names, or empty. It may be a filter: # and ? are a topic's characters here.
func (c *Connection) Topic() string {
	_, rest, _ := strings.Cut(c.TopicURL, "://")
	_, topic, _ := strings.Cut(rest, "/")
	if plain, err := url.PathUnescape(topic); err == nil {
		return plain
	}
	return topic
}

// secure says whether a URL that netx.Parse took asks for TLS.
func secure(u string) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(u), ":")
	scheme, _, _ = strings.Cut(scheme, "+")
	return slices.Contains([]string{"mqtts", "tls", "ssl", "wss"}, scheme)
}

func (c *Connection) fromHost() ([]string, error) {
	if c.Port < 0 || c.Port > 65535 {
		return nil, Usage("--port %d: a port is 1 to 65535", c.Port)
	}
	protocol := c.Protocol
	if protocol == "" {
		if protocol = "mqtt"; c.wantsTLS() || c.Port == 8883 {
			protocol = "mqtts"
		}
	}
	host := strings.Trim(c.Host, "[]")
	if strings.ContainsAny(host, "/ ") {
		return nil, Usage("--host %q isn't the name of a host; a URL goes with --url", c.Host)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if c.Port != 0 {
		host = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(c.Port))
	} else if c.given("port") > byDefault {
		return nil, Usage("--port 0: a port is 1 to 65535")
	}
	u := protocol + "://" + host
	if protocol == "ws" || protocol == "wss" {
		u += "/" + strings.TrimPrefix(c.Path, "/")
	}
	return []string{u}, nil
}
