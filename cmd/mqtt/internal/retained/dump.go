package retained

import (
	"bufio"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
	"github.com/sluicemq/sluice/mqtt"
)

// dump makes `mqtt retained dump`.
func dump(a *app.App) *cobra.Command {
	r := &reading{app: a}
	var file string
	cmd := &cobra.Command{
		Use:   "dump FILTER",
		Short: "Write retained messages as NDJSON",
		Long: "Writes the retained messages of a filter, a line of JSON each, to standard output or to a file, which is compressed when its name " +
			"ends with .zst. `mqtt retained load` reads it.",
		Example: "  mqtt retained dump 'plant/#' > plant.ndjson\n  mqtt retained dump '#' -f all.ndjson.zst",
		RunE: func(cmd *cobra.Command, args []string) error {
			filter, err := r.filter(args)
			if err != nil {
				return err
			}
			return r.dump(cmd, filter, file)
		},
	}
	r.flags(cmd, 2)
	cmd.Flags().StringVarP(&file, "file", "f", "", "file to write; .zst at its end has it compressed (default, and -: standard output)")
	return cmd
}

func (r *reading) dump(cmd *cobra.Command, filter, file string) error {
	ctx := cmd.Context()
	c, err := r.connect(ctx)
	if err != nil {
		return err
	}
	out, err := r.sink(file)
	if err != nil {
		return r.close(ctx, c, err)
	}
	var total sum
	var line []byte
	err = r.each(ctx, c, filter, func(m *mqtt.Received) error {
		total.add(m)
		line = ndjson.Append(line[:0], &ndjson.Record{Message: m.Message})
		_, err := out.Write(line)
		return err
	})
	if end := out.Close(); err == nil {
		err = end
	}
	switch {
	case err == nil:
		r.app.Say("%s", total)
	case file != "" && file != "-":
		r.app.Say("mqtt: %s doesn't hold all of them", file)
	}
	return r.close(ctx, c, err)
}

// sink is where a dump goes. Close gives the error of what was buffered.
func (r *reading) sink(file string) (io.WriteCloser, error) {
	if file == "" || file == "-" {
		return &buffered{Writer: bufio.NewWriterSize(r.app.Output(), 64<<10)}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, app.Fail(app.ExitFailed, "%w", err)
	}
	if !compressed(file) {
		return &buffered{bufio.NewWriterSize(f, 64<<10), []io.Closer{f}}, nil
	}
	z, err := zstd.NewWriter(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &buffered{bufio.NewWriterSize(z, 64<<10), []io.Closer{z, f}}, nil
}

func compressed(file string) bool { return strings.HasSuffix(file, ".zst") }

// buffered is a writer over others, which are closed in their order.
type buffered struct {
	*bufio.Writer
	beneath []io.Closer
}

func (b *buffered) Close() error {
	err := b.Flush()
	for _, c := range b.beneath {
		if end := c.Close(); err == nil {
			err = end
		}
	}
	return err
}
