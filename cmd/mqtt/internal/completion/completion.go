// Package completion is the command `mqtt completion`.
package completion

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// Shells are those that there is a script for, and how it is made.
var Shells = map[string]func(root *cobra.Command, w io.Writer) error{
	"bash":       func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) },
	"zsh":        (*cobra.Command).GenZshCompletion,
	"fish":       func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) },
	"powershell": (*cobra.Command).GenPowerShellCompletionWithDesc,
}

// Command makes `mqtt completion`.
func Command(a *app.App) *cobra.Command {
	shells := slices.Sorted(maps.Keys(Shells))
	return &cobra.Command{
		Use:     "completion SHELL",
		Short:   "Write the script that lets a shell complete commands and flags",
		GroupID: app.GroupHelp,
		Long: `completion writes a script for bash, zsh, fish or powershell. The shell then completes commands, flags, names of profiles, and
values where there are few. Have the shell read the script when it starts:

  bash        in ~/.bashrc (needs the package bash-completion):  source <(mqtt completion bash)
  zsh         once, then start anew:  mqtt completion zsh > "${fpath[1]}/_mqtt"
  fish        once:  mqtt completion fish > ~/.config/fish/completions/mqtt.fish
  powershell  in the file that $PROFILE names:  mqtt completion powershell | Out-String | Invoke-Expression`,
		Example: `  source <(mqtt completion bash)
  mqtt completion fish > mqtt.fish`,
		Annotations: app.NoProfile,
		ValidArgs:   shells,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return app.Usage("SHELL is missing; give %s", strings.Join(shells, ", "))
			case len(args) > 1:
				return app.Usage("unexpected argument %q", args[1])
			case Shells[args[0]] == nil:
				return app.Usage("no script for %q; there are %s", args[0], strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var script bytes.Buffer
			if err := Shells[args[0]](cmd.Root(), &script); err != nil {
				return fmt.Errorf("making the script: %w", err)
			}
			_, err := a.Output().Write(script.Bytes())
			return err
		},
	}
}
