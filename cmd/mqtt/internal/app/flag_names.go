package app

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// FlagNames are the long names of the flags of root and of all commands below it.
func FlagNames(root *cobra.Command) map[string]bool {
	names := map[string]bool{}
	add := func(f *pflag.Flag) { names[f.Name] = true }
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(add)
		cmd.PersistentFlags().VisitAll(add)
		for _, below := range cmd.Commands() {
			walk(below)
		}
	}
	walk(root)
	return names
}
