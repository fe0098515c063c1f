package app

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// rank is where a flag's value comes from. A higher one wins.
type rank int

const (
	byDefault rank = iota
	byProfile
	byEnvironment
	byFlag
)

// EnvPrefix begins the names of environment variables: --keepalive is MQTT_KEEPALIVE.
const EnvPrefix = "MQTT_"

func envName(flag string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// notSettings are flags that are for the command line alone.
var notSettings = map[string]bool{"help": true, "profile": true, "yes": true}

// NoProfile are the annotations of a command that has no server to reach: what a profile says of one isn't meant for it.
var NoProfile = map[string]string{noProfile: ""}

const noProfile = "no profile"

// withoutProfile says so of cmd. What cobra has a shell ask is without one, too: it is how a shell completes --profile.
func withoutProfile(cmd *cobra.Command) bool {
	_, without := cmd.Annotations[noProfile]
	return without || cmd.Name() == cobra.ShellCompRequestCmd || cmd.Name() == cobra.ShellCompNoDescRequestCmd
}

// settle gives each flag that the command line doesn't have its value from the environment, or else from the profile.
func (a *App) settle(cmd *cobra.Command) error {
	if v, ok := os.LookupEnv(EnvPrefix + "PROFILE"); ok && !cmd.Flags().Changed("profile") {
		a.profile = v
	}
	var profile Profile
	if !withoutProfile(cmd) {
		var err error
		if profile, err = a.readProfile(); err != nil {
			return err
		}
	}
	if err := a.readSides(cmd.Flags()); err != nil {
		return err
	}
	if err := a.checkProfiles(cmd.Root(), profile); err != nil {
		return err
	}
	a.ranks = map[string]rank{}
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if failed == nil && !notSettings[f.Name] {
			failed = a.settleFlag(cmd.Flags(), f, profile)
		}
	})
	return failed
}

func (a *App) settleFlag(flags *pflag.FlagSet, f *pflag.Flag, profile Profile) error {
	if f.Changed {
		a.ranks[f.Name] = byFlag
		return nil
	}
	if v, ok := os.LookupEnv(envName(f.Name)); ok {
		if err := flags.Set(f.Name, v); err != nil {
			return Usage("%s in the environment: %v", envName(f.Name), withoutFlag(err))
		}
		a.ranks[f.Name] = byEnvironment
		return nil
	}
	name, of := f.Name, a.profile
	if s := a.sideOf(f.Name); s != nil {
		name, of, profile = s.inProfile(f.Name), s.profile, s.lines
	}
	for _, v := range profile[name] {
		if err := flags.Set(f.Name, v); err != nil {
			return Usage("%s in profile %q: %v", name, of, withoutFlag(err))
		}
		a.ranks[f.Name] = byProfile
	}
	return nil
}

// withoutFlag takes away what pflag says of a flag that nobody wrote.
func withoutFlag(err error) error {
	if _, cause, ok := strings.Cut(err.Error(), "flag: "); ok {
		return fmt.Errorf("%s", cause)
	}
	return err
}

// given says whether one of the flags has a value other than its default's, and from where at best.
func (a *App) given(names ...string) (best rank) {
	for _, name := range names {
		best = max(best, a.ranks[name])
	}
	return best
}

// choose gives the name of the flag that counts among those that say the same: the one from the highest rank, or none. Flags are
// joined by "/" where they belong together.
func (a *App) choose(what string, ways ...string) (string, error) {
	best, found := "", byDefault
	for _, way := range ways {
		switch r := a.given(strings.Split(way, "/")...); {
		case r == byDefault:
		case r == found:
			return "", Usage("--%s and --%s both say %s; give one of them", best, way, what)
		case r > found:
			best, found = way, r
		}
	}
	return best, nil
}

// otherSpellings lets flags be written as other clients write them.
func otherSpellings(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if ours, ok := spellings[name]; ok {
		name = ours
	}
	return pflag.NormalizedName(name)
}

var spellings = map[string]string{
	"pw": "password", "user": "username", "client-id": "id", "clientId": "id", "hostname": "host",
	"tls-alpn": "alpn", "servername": "tls-servername", "multiline": "stdin-line", "ca": "cafile",
	"disable-clean-session": "keep-session", "no-clean": "keep-session",
	"session-expiry-interval": "session-expiry", "wait": "timeout", "disable-progress": "no-progress",
}
