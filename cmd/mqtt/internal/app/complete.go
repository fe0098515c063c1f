package app

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"
)

// CompleteProfiles gives the names of the profiles, for a shell to complete.
func CompleteProfiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	all, err := ReadProfiles()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return slices.Sorted(maps.Keys(all.Named)), cobra.ShellCompDirectiveNoFileComp
}

// completions has a shell complete the values of a connection's flags that have few.
func completions(cmd *cobra.Command) {
	for name, values := range map[string][]string{
		"protocol": {"mqtt", "mqtts", "ws", "wss"}, "protocol-version": {"5", "311", "31", "auto"}, "tls-version": {"tlsv1.2", "tlsv1.3"},
		"will-qos": {"0", "1", "2"}, "host": nil, "port": nil, "url": nil, "topic-url": nil, "id": nil, "username": nil, "password": nil,
	} {
		cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}
