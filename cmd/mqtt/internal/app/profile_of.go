package app

import (
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// files are flags that name one. In a profile its whole path stands, as a profile is used from any directory.
var files = []string{"cafile", "capath", "cert", "key", "password-file", "unix"}

// ProfileOf is what the command line says with flags of a connection. Its error is about what wouldn't make one.
func ProfileOf(cmd *cobra.Command) (Profile, error) {
	p := Profile{}
	known := connectionFlags(&App{}, new(Connection))
	var failed error
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Changed || known.Lookup(f.Name) == nil {
			return
		}
		values := flagTexts(f)
		if slices.Contains(files, f.Name) {
			path, err := filepath.Abs(values[0])
			if err != nil {
				failed = err
			}
			values = []string{path}
		}
		p[f.Name] = values
	})
	if failed != nil {
		return nil, failed
	}
	_, err := p.config()
	return p, err
}

func connectionFlags(a *App, c *Connection) *pflag.FlagSet {
	cmd := new(cobra.Command)
	c.Flags(a, cmd)
	return cmd.Flags()
}

// flagTexts are the texts that give a flag its value.
func flagTexts(f *pflag.Flag) []string {
	switch v := f.Value.(type) {
	case *Properties:
		return v.texts()
	case *Seconds:
		if *v == 0 {
			return []string{"0"}
		}
	case pflag.SliceValue:
		return v.GetSlice()
	}
	return []string{f.Value.String()}
}

// texts are what Set takes, in the order in which they were given.
func (p *Properties) texts() []string {
	var all []string
	for _, d := range p.list {
		separator, words := " ", d.command+" "+d.name+" "
		if d.name == "user-property" {
			if slices.Contains([]byte(d.key), ' ') {
				separator, words = propertySeparator, d.command+propertySeparator+d.name+propertySeparator
			}
			words += d.key + separator
		}
		all = append(all, words+d.value)
	}
	return all
}

// connection is what p says alone, of no other place.
func (p Profile) connection() (*Connection, error) {
	c := new(Connection)
	a := &App{ranks: map[string]rank{}}
	flags := connectionFlags(a, c)
	for name, values := range p {
		if flags.Lookup(name) == nil {
			continue // of another command
		}
		for _, v := range values {
			if err := flags.Set(name, v); err != nil {
				return nil, Usage("--%s: %v", name, withoutFlag(err))
			}
			a.ranks[name] = byProfile
		}
	}
	return c, nil
}

// config is the connection's. Nobody is asked for a password.
func (p Profile) config() (cfg mqtt.Config, err error) {
	c, err := p.connection()
	if err != nil {
		return cfg, err
	}
	delete(c.app.ranks, "ask-password")
	return c.Config()
}

// Servers are the URLs that p leads to, without what is secret in them.
func (p Profile) Servers() ([]string, error) {
	c, err := p.connection()
	if err != nil {
		return nil, err
	}
	var cfg mqtt.Config
	if err := c.servers(&cfg); err != nil {
		return nil, err
	}
	for i, u := range cfg.Servers {
		if s, err := netx.Parse(u); err == nil {
			cfg.Servers[i] = s.String()
		}
	}
	return cfg.Servers, nil
}
