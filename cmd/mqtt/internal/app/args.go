package app

import "github.com/spf13/cobra"

// NoArgs refuses arguments that aren't flags.
func NoArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usage("unexpected argument %q", args[0])
	}
	return nil
}

// ExactArgs wants as many arguments as there are names.
func ExactArgs(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return Usage("%s is missing", names[len(args)])
		}
		if len(args) > len(names) {
			return Usage("unexpected argument %q", args[len(names)])
		}
		return nil
	}
}
