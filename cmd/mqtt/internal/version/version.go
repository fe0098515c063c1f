// Package version is the command `mqtt version`.
package version

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// Command makes `mqtt version`.
func Command(a *app.App) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:         "version",
		Short:       "Say what version this is",
		GroupID:     app.GroupHelp,
		Args:        app.NoArgs,
		Example:     "  mqtt version\n  mqtt version --json | jq -r .commit",
		Annotations: app.NoProfile,
		RunE: func(*cobra.Command, []string) error {
			v := about()
			if asJSON {
				return json.NewEncoder(a.Output()).Encode(v)
			}
			_, err := fmt.Fprintf(a.Output(), "mqtt %s %s (%s, %s)\n", v.Version, v.Commit, v.Go, v.Platform)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	return cmd
}

type facts struct {
	Version  string   `json:"version"`
	Commit   string   `json:"commit"` // of the source, or "unknown"
	Modified bool     `json:"modified"`
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	MQTT     []string `json:"mqtt"` // versions of the protocol
}

// about is what the toolchain wrote into the program.
func about() facts {
	f := facts{Version: "devel", Commit: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, MQTT: []string{"5.0", "3.1.1", "3.1"}}
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return f
	}
	if v := b.Main.Version; v != "" && v != "(devel)" {
		f.Version = v
	}
	for _, s := range b.Settings {
		switch s.Key {
		case "vcs.revision":
			f.Commit = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			f.Modified = s.Value == "true"
		}
	}
	return f
}
