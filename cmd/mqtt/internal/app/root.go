package app

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Groups of commands, for Command.GroupID.
const (
	GroupTalk    = "talk"
	GroupInspect = "inspect"
	GroupMove    = "move"
	GroupHelp    = "help"
)

// Maker makes a command. It must not do anything yet.
type Maker func(*App) *cobra.Command

// root is the command that all others are below.
func (a *App) root(makers []Maker) *cobra.Command {
	root := &cobra.Command{
		Use:                        "mqtt",
		Short:                      "Talk to MQTT servers",
		Long:                       "mqtt publishes, subscribes, measures, copies and records messages, and finds out what is wrong with a connection.",
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		PersistentPreRunE:          func(cmd *cobra.Command, _ []string) error { return a.settle(cmd) },
		Args:                       cobra.ArbitraryArgs, // RunE says that there is no such command
		RunE:                       noSuchCommand,
	}
	root.SetErr(a.Stderr)
	root.AddGroup(
		&cobra.Group{ID: GroupTalk, Title: "Talk to a server:"},
		&cobra.Group{ID: GroupInspect, Title: "See what is there:"},
		&cobra.Group{ID: GroupMove, Title: "Keep and move messages:"},
		&cobra.Group{ID: GroupHelp, Title: "Help yourself:"},
	)
	a.commonFlags(root)
	a.addCommands(root, makers)
	return root
}

// commonFlags are those of every command.
func (a *App) commonFlags(root *cobra.Command) {
	root.SetGlobalNormalizationFunc(otherSpellings)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return Usage("%v", err) })
	flags := root.PersistentFlags()
	flags.Bool("help", false, "show what the command does and all its flags")
	flags.BoolVarP(&a.Debug, "debug", "d", false, "packets and stages of the connection, on standard error")
	flags.BoolVar(&a.NoProgress, "no-progress", false, "no colours and no live lines, also on a terminal")
	flags.DurationVar(&a.Drain, "drain", 10*time.Second, "how long the first interrupt leaves for what is under way")
	flags.StringVar(&a.profile, "profile", "", "the profile to take settings from (see mqtt ctx)")
	root.RegisterFlagCompletionFunc("profile", CompleteProfiles)
}

func (a *App) addCommands(root *cobra.Command, makers []Maker) {
	for _, m := range makers {
		cmd := m(a)
		root.AddCommand(cmd)
		if cmd.Name() == "help" {
			root.SetHelpCommand(cmd) // in place of cobra's
		}
	}
}

// noSuchCommand is what the root does itself.
func noSuchCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return Usage("no command given; `mqtt help` lists them")
	}
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		return Usage("no command %q; is it %s?", args[0], strings.Join(near, " or "))
	}
	return Usage("no command %q; `mqtt help` lists them", args[0])
}
