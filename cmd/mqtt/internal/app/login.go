package app

import (
	"slices"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// login says who we are. What a URL says of that counts before what comes from further away than the URL; else the flags do.
func (c *Connection) login(cfg *mqtt.Config) error {
	from := c.given("url", "topic-url")
	if !named(cfg, func(s *netx.Server) bool { return s.HasUsername }) || c.given("username") >= from {
		cfg.Username = c.Username
	}
	if named(cfg, func(s *netx.Server) bool { return s.HasPassword }) && c.given("password", "password-file", "ask-password") < from {
		return nil
	}
	return c.secret(cfg)
}

// named says that a URL has what has looks for.
func named(cfg *mqtt.Config, has func(*netx.Server) bool) bool {
	return slices.ContainsFunc(cfg.Servers, func(u string) bool {
		s, err := netx.Parse(u)
		return err == nil && has(s)
	})
}
