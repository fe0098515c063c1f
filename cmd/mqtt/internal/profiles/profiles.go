// Package profiles is the command `mqtt ctx`: named sets of flags for a connection, in a file of the user's own.
package profiles

import (
	"maps"
	"os"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// Command makes `mqtt ctx`.
func Command(a *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ctx",
		Short:   "Keep named profiles of connections",
		GroupID: app.GroupHelp,
		Long: `A profile is a set of flags with a name. The one in use gives every command the settings that neither its command line nor
the environment has; --profile and MQTT_PROFILE take another one for a single run.
Profiles are in a file of TOML that is for its owner alone, mqtt/profiles.toml among the user's settings, or where MQTT_PROFILES says.
It may be edited by hand; what this command writes has no comments.`,
		Example: "  mqtt ctx add plant --url mqtts://broker.example:8883 -u me --ask-password\n  mqtt ctx ls",
		Args:    cobra.ArbitraryArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.SettleAlone(cmd)
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return app.Usage("ctx has no %q; it has add, ls, use, show, rm and test", args[0])
			}
			return app.Usage("say what to do: add, ls, use, show, rm or test")
		},
	}
	cmd.AddCommand(add(a), list(a), use(a), show(a), remove(a), test(a))
	return cmd
}

// names are those that need no quotes in a shell.
var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// find gives a profile that has to be there.
func find(all *app.Profiles, name string) (app.Profile, error) {
	p, ok := all.Named[name]
	if !ok {
		return nil, unknown(all, name)
	}
	return p, nil
}

func unknown(all *app.Profiles, name string) error {
	if len(all.Named) == 0 {
		return app.Usage("no profile %q; there are none, `mqtt ctx add %s` makes it", name, name)
	}
	return app.Usage("no profile %q; there are %q", name, slices.Sorted(maps.Keys(all.Named)))
}

// inForce is the name of the profile that a command would use now: --profile's, the environment's, or the current one.
func inForce(cmd *cobra.Command, all *app.Profiles) string {
	if f := cmd.Flags().Lookup("profile"); f != nil && f.Changed {
		return f.Value.String()
	}
	if name := os.Getenv(app.EnvPrefix + "PROFILE"); name != "" {
		return name
	}
	return all.Current
}

// oneName wants a name, or none where it may be missing.
func oneName(may bool) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return app.Usage("unexpected argument %q", args[1])
		}
		if len(args) == 0 && !may {
			return app.Usage("the name of a profile is missing")
		}
		return nil
	}
}
