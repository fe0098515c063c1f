package retained

import (
	"bufio"
	"fmt"
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
			filter, err := r.filter(cmd, args)
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
	if err = out.end(err); err == nil {
		r.app.Say("%s", total)
	}
	return r.close(ctx, c, err)
}

// sink is where a dump goes.
func (r *reading) sink(file string) (*sink, error) {
	if file == "" || file == "-" {
		return &sink{Writer: bufio.NewWriterSize(r.app.Output(), 64<<10)}, nil
	}
	s := &sink{path: file, hidden: fmt.Sprintf("%s.%d.part", file, os.Getpid())}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		s.hidden = file // a pipe or a device holds nothing that could be lost
	}
	f, err := os.Create(s.hidden)
	if err != nil {
		return nil, app.Fail(app.ExitFailed, "%w", err)
	}
	s.beneath = []io.Closer{f}
	var out io.Writer = f
	if compressed(file) {
		z, err := zstd.NewWriter(f)
		if err != nil {
			return nil, s.end(err)
		}
		s.beneath, out = []io.Closer{z, f}, z
	}
	s.Writer = bufio.NewWriterSize(out, 64<<10)
	return s, nil
}

func compressed(file string) bool { return strings.HasSuffix(file, ".zst") }

// sink buffers what it writes. A file has its name once it is whole: who dumps every day doesn't lose the last one to a server that
// is away.
type sink struct {
	*bufio.Writer
	beneath      []io.Closer // in their order
	path, hidden string      // of the file, and how it is called until then; empty: it is none
}

// end closes the file after err, which is nil when all was written.
func (s *sink) end(err error) error {
	if err == nil {
		err = s.Flush()
	}
	for _, c := range s.beneath {
		if end := c.Close(); err == nil {
			err = end
		}
	}
	switch {
	case s.hidden == s.path:
		return err
	case err != nil:
		os.Remove(s.hidden)
		return err
	}
	return os.Rename(s.hidden, s.path)
}
