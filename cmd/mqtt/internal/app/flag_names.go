package app

import (
	"maps"
	"slices"

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

// checkProfiles refuses a line, of the profile or of a side's, that is for no flag of any command: misspelt, it would mean another
// server than was meant.
func (a *App) checkProfiles(root *cobra.Command, profile Profile) error {
	if profile == nil && len(a.sides) == 0 {
		return nil
	}
	known := FlagNames(root)
	check := func(name string, p Profile) error {
		for _, key := range slices.Sorted(maps.Keys(p)) {
			if ours := string(otherSpellings(nil, key)); !known[key] && known[ours] {
				return Usage("%q in profile %q: that is %s here; mend it in the file of profiles", key, name, ours)
			}
			if !known[key] {
				return Usage("%q in profile %q: no command has such a flag; mend it in the file of profiles", key, name)
			}
		}
		return nil
	}
	err := check(a.profile, profile)
	for _, s := range a.sides {
		if err == nil {
			err = check(s.profile, s.lines)
		}
	}
	return err
}
