package app

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Settle gives the flags of cmd that the command line doesn't have their values from the environment, or else from the profile.
// It is done before each command; one with a PersistentPreRunE of its own does it there.
func (a *App) Settle(cmd *cobra.Command) error { return a.settle(cmd) }

// SettleAlone leaves the flags of cmd with what the command line says, for a command that is about settings itself.
func (a *App) SettleAlone(cmd *cobra.Command) {
	a.ranks = map[string]rank{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			a.ranks[f.Name] = byFlag
		}
	})
}
