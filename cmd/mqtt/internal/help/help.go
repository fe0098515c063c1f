// Package help is the command `mqtt help`, and the topics that it knows beside the commands.
package help

import (
	_ "embed"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// Command makes `mqtt help`.
func Command(*app.App) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Show what a command does, or `mqtt help topics`: how to do things",
		GroupID: app.GroupHelp,
		Long:    "help shows what a command does and all its flags, as --help of that command. Without one it lists the commands.",
		Example: `  mqtt help match
  mqtt help topics`,
		Annotations: app.NoProfile,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			at, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			for _, c := range at.Commands() {
				if c.IsAvailableCommand() || c.IsAdditionalHelpTopicCommand() {
					names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			at, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return app.Usage("no command or topic %q; `mqtt help` lists them", args[len(args)-max(len(rest), 1)])
			}
			at.InitDefaultHelpFlag()
			return at.Help()
		},
	}
}

//go:embed topics.txt
var topics string

// Topics makes the topic of `mqtt help topics`, which is no command.
func Topics(*app.App) *cobra.Command {
	return &cobra.Command{Use: "topics", Short: "How to do things: a short cook-book", Long: topics}
}
