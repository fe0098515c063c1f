package profiles

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// about is a profile as ls shows it.
type about struct {
	Name    string   `json:"name"`
	Current bool     `json:"current"`
	Servers []string `json:"servers"`
	Flags   []string `json:"flags"` // that it has values for
	Error   string   `json:"error,omitempty"`
}

func list(a *app.App) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the profiles",
		Long:    "Lists the profiles with their servers. A star marks the one in use.",
		Example: "  mqtt ctx ls\n  mqtt ctx ls -o ndjson | jq -r .name",
		Args:    app.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := app.ReadProfiles()
			if err != nil {
				return err
			}
			text, err := listing(abouts(all), output)
			if err != nil {
				return err
			}
			_, err = a.Output().Write(text)
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table, json or ndjson")
	return cmd
}

func abouts(all *app.Profiles) []about {
	out := []about{}
	for _, name := range slices.Sorted(maps.Keys(all.Named)) {
		p := all.Named[name]
		one := about{Name: name, Current: name == all.Current, Flags: slices.Sorted(maps.Keys(p))}
		var err error
		if one.Servers, err = p.Servers(); err != nil {
			one.Servers, one.Error = []string{}, err.Error()
		}
		out = append(out, one)
	}
	return out
}

func listing(all []about, output string) ([]byte, error) {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	switch output {
	case "table":
		w := tabwriter.NewWriter(&b, 0, 1, 2, ' ', 0)
		fmt.Fprintln(w, "\tNAME\tSERVER")
		for _, p := range all {
			mark, server := "", strings.Join(p.Servers, " ")
			if p.Current {
				mark = "*"
			}
			if p.Error != "" {
				server = "(" + p.Error + ")"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", mark, app.Printable(p.Name), app.Printable(server))
		}
		w.Flush()
	case "json":
		lines.Encode(all)
	case "ndjson":
		for _, p := range all {
			lines.Encode(p)
		}
	default:
		return nil, app.Usage("--output %q: give table, json or ndjson", output)
	}
	return b.Bytes(), nil
}
