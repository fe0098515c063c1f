package app

import (
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluicemq/sluice/mqtt"
)

// shownSides are the flags of a side that help shows. The others are there all the same.
var shownSides = []string{"url", "username", "password-file", "cafile", "cert", "key", "insecure"}

// SideFlags gives cmd the flags of one connection of several: --SIDE is its URL, --SIDE-profile a profile of its own, and all other
// flags of a connection begin with --SIDE-. None has a short form.
func (c *Connection) SideFlags(a *App, cmd *cobra.Command, side, what string) {
	c.side = side
	one := &cobra.Command{}
	c.Flags(a, one)
	one.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "topic-url" {
			return // its topic says nothing here
		}
		f.Hidden = !slices.Contains(shownSides, f.Name)
		f.Name, f.Shorthand, f.ShorthandDeprecated = c.flag(f.Name), "", ""
		f.Usage = what + ": " + f.Usage
		cmd.Flags().AddFlag(f)
	})
	cmd.Flags().String(side+profileFlag, "", what+": the profile to take its settings from (see mqtt ctx)")
}

const profileFlag = "-profile"

// flag is what a flag of a connection is called on its side.
func (c *Connection) flag(name string) string {
	switch {
	case c.side == "":
		return name
	case name == "url":
		return c.side
	}
	return c.side + "-" + name
}

// given is App.given for flags of this connection.
func (c *Connection) given(names ...string) (best rank) {
	for _, name := range names {
		best = max(best, c.app.given(c.flag(name)))
	}
	return best
}

// choose is App.choose for flags of this connection.
func (c *Connection) choose(what string, ways ...string) (string, error) {
	sided := make([]string, len(ways))
	for i, way := range ways {
		names := strings.Split(way, "/")
		for j := range names {
			names[j] = c.flag(names[j])
		}
		sided[i] = strings.Join(names, "/")
	}
	chosen, err := c.app.choose(what, sided...)
	if i := slices.Index(sided, chosen); i >= 0 {
		chosen = ways[i]
	}
	return chosen, err
}

// SideConfig is Config, with the side's name in what it says is wrong.
func (c *Connection) SideConfig() (mqtt.Config, error) {
	cfg, err := c.Config()
	if err != nil {
		return cfg, Usage("--%s: %w", c.side, err)
	}
	return cfg, nil
}

// side is one connection of several: its profile is its own.
type side struct {
	name    string
	profile string  // empty: none
	lines   Profile // of that
}

// sideOf is the side that a flag belongs to, or nil.
func (a *App) sideOf(flag string) *side {
	for _, s := range a.sides {
		if flag == s.name || strings.HasPrefix(flag, s.name+"-") {
			return s
		}
	}
	return nil
}

// inProfile is what a flag of the side is called in a profile.
func (s *side) inProfile(flag string) string {
	if flag == s.name {
		return "url"
	}
	return strings.TrimPrefix(flag, s.name+"-")
}

// readSides finds the sides of the command that runs, and reads their profiles.
func (a *App) readSides(flags *pflag.FlagSet) (err error) {
	a.sides = nil
	flags.VisitAll(func(f *pflag.Flag) {
		name, ok := strings.CutSuffix(f.Name, profileFlag)
		if !ok || err != nil {
			return
		}
		s := &side{name: name, profile: f.Value.String()}
		if v, ok := os.LookupEnv(envName(f.Name)); ok && !f.Changed {
			s.profile = v
		}
		if s.profile != "" {
			s.lines, err = namedProfile(s.profile)
		}
		a.sides = append(a.sides, s)
	})
	return err
}

// namedProfile gives the lines of a profile that has to be there.
func namedProfile(name string) (Profile, error) {
	all, err := ReadProfiles()
	if err != nil {
		return nil, err
	}
	p, ok := all.Named[name]
	if !ok {
		return nil, Usage("no profile %q; there are %q", name, slices.Sorted(maps.Keys(all.Named)))
	}
	return p, nil
}

// HasServer says whether a flag, the environment or a profile says where the server is.
func (c *Connection) HasServer() bool {
	return c.given("url", "topic-url", "unix", "host", "port") > byDefault
}
