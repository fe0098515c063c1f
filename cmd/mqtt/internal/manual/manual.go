// Package manual is the hidden command `mqtt manual`, with which `make man` writes the pages and the shells' scripts that a
// package of the program installs.
package manual

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/completion"
)

// Command makes `mqtt manual`.
func Command(a *app.App) *cobra.Command {
	return &cobra.Command{
		Use:    "manual DIR",
		Short:  "Write the manual's pages and the shells' scripts, for a package",
		Hidden: true,
		Long: `manual writes man/man1/*.1 and completions/* below DIR, for whoever makes a package of this program. SOURCE_DATE_EPOCH is the
date of the pages, in seconds since 1970; without it they have none.`,
		Example: `  mqtt manual dist
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) mqtt manual dist`,
		Annotations: app.NoProfile,
		Args:        app.ExactArgs("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			date, err := date(os.Getenv("SOURCE_DATE_EPOCH"))
			if err != nil {
				return err
			}
			if err := pages(cmd.Root(), filepath.Join(args[0], "man", "man1"), date); err != nil {
				return err
			}
			return scripts(cmd.Root(), filepath.Join(args[0], "completions"))
		},
	}
}

func date(epoch string) (string, error) {
	if epoch == "" {
		return "", nil
	}
	n, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return "", app.Usage("SOURCE_DATE_EPOCH %q: give seconds since 1970", epoch)
	}
	return time.Unix(n, 0).UTC().Format("2006-01-02"), nil
}

// pages writes a page for each command that people see, and for what is below it.
func pages(cmd *cobra.Command, dir, date string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	cmd.InitDefaultHelpFlag()
	if err := os.WriteFile(filepath.Join(dir, pageName(cmd)+".1"), page(cmd, date), 0o644); err != nil {
		return err
	}
	for _, c := range seen(cmd) {
		if err := pages(c, dir, date); err != nil {
			return err
		}
	}
	return nil
}

// seen are the commands and topics below cmd that people see.
func seen(cmd *cobra.Command) (all []*cobra.Command) {
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || c.IsAdditionalHelpTopicCommand() || c.Name() == "help" {
			all = append(all, c)
		}
	}
	return all
}

func scripts(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for shell, name := range map[string]string{"bash": "mqtt.bash", "zsh": "_mqtt", "fish": "mqtt.fish", "powershell": "mqtt.ps1"} {
		var script bytes.Buffer
		if err := completion.Shells[shell](root, &script); err != nil {
			return fmt.Errorf("making the script for %s: %w", shell, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), script.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
