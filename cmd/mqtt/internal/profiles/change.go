package profiles

import (
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

func add(a *app.App) *cobra.Command {
	var (
		conn  app.Connection
		force bool
	)
	cmd := &cobra.Command{
		Use:     "add NAME",
		Short:   "Make a profile of the flags of a connection",
		Long:    "Stores the flags that are given, under a name. Paths of files are stored as whole paths. Nothing is connected: `mqtt ctx test` does that.",
		Example: "  mqtt ctx add local -h localhost -i me\n  mqtt ctx add plant --url mqtts://broker.example:8883 -u me --ask-password",
		Args:    oneName(false),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			if !names.MatchString(name) {
				return app.Usage("a profile's name is of letters, digits, and within it . _ and -; %q isn't", name)
			}
			p, err := app.ProfileOf(cmd)
			if err != nil {
				return err
			}
			err = app.EditProfiles(func(all *app.Profiles) error {
				if all.Named[name] != nil && !force {
					return app.Usage("there is a profile %q; --force replaces it", name)
				}
				all.Named[name] = p
				return nil
			})
			if err == nil && holdsPassword(p) {
				a.Say("mqtt: the password is in the file of profiles now, readable for you alone; --password-file or --ask-password keep it out")
			}
			return err
		},
	}
	conn.Flags(a, cmd)
	cmd.Flags().BoolVar(&force, "force", false, "replace a profile of that name")
	return cmd
}

// holdsPassword says whether a password stands in p, by itself or in a URL.
func holdsPassword(p app.Profile) bool {
	for _, v := range slices.Concat(p["url"], p["topic-url"], p["proxy"]) {
		if u, err := url.Parse(v); err == nil {
			if _, has := u.User.Password(); has {
				return true
			}
		}
	}
	return p["password"] != nil
}

func use(*app.App) *cobra.Command {
	var none bool
	cmd := &cobra.Command{
		Use:     "use NAME",
		Short:   "Have all commands use a profile",
		Long:    "Commands take their settings from this profile from now on, where their command line and the environment say nothing.",
		Example: "  mqtt ctx add plant --url mqtts://broker.example && mqtt ctx use plant\n  mqtt ctx use --none",
		Args: func(cmd *cobra.Command, args []string) error {
			if none && len(args) > 0 {
				return app.Usage("--none and %q: give one of them", args[0])
			}
			return oneName(none)(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			return app.EditProfiles(func(all *app.Profiles) error {
				if none {
					all.Current = ""
					return nil
				}
				all.Current = args[0]
				_, err := find(all, args[0])
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&none, "none", false, "use none")
	return cmd
}

func remove(a *app.App) *cobra.Command {
	return &cobra.Command{
		Use:     "rm NAME",
		Short:   "Remove a profile",
		Long:    "Removes a profile. Where it was in use, none is in use then.",
		Example: "  mqtt ctx add plant --url mqtts://broker.example && mqtt ctx rm plant\n  mqtt ctx add local -h localhost && mqtt ctx rm local",
		Args:    oneName(false),
		RunE: func(_ *cobra.Command, args []string) error {
			current := false
			err := app.EditProfiles(func(all *app.Profiles) error {
				if _, err := find(all, args[0]); err != nil {
					return err
				}
				delete(all.Named, args[0])
				if current = all.Current == args[0]; current {
					all.Current = ""
				}
				return nil
			})
			if err == nil && current {
				a.Say("mqtt: no profile is in use now; `mqtt ctx use NAME` chooses one")
			}
			return err
		},
	}
}
