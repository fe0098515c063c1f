// Package decode is the command `mqtt decode`.
package decode

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// options are the flags.
type options struct {
	raw, json, secrets  bool
	file, version, from string
}

// Command makes `mqtt decode`.
func Command(a *app.App) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "decode [HEX...]",
		Short:   "Show what MQTT packets say, from their bytes",
		GroupID: app.GroupHelp,
		Long: `decode reads the bytes of packets, in hexadecimal on the command line or from standard input, and shows each packet's
fields. What it can't read it says on standard error, with the place and the section of MQTT 5.0 that is broken, and goes on
behind it where the packet's length is known; it then ends with 1.

A packet may mean something else in another version of MQTT, and coming from the other side. Unless told otherwise, a CONNECT
says the version of what follows it, which else is 5.0, and each packet is taken to come from the side that may send it.`,
		Example: `  mqtt decode 30 0c 00 03 61 2f 62 00 68 65 6c 6c 6f 21
  printf '\300\000\320\000' | mqtt decode --raw --json`,
		Annotations:       app.NoProfile,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.UntilInterrupted(cmd.Context(), func() error { return o.run(a, args) })
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.file, "file", "f", "", "file to read, in place of standard input")
	f.BoolVar(&o.raw, "raw", false, "the input is the bytes as they are, not hexadecimal")
	f.BoolVar(&o.json, "json", false, "each packet as a line of JSON")
	f.StringVarP(&o.version, "protocol-version", "V", "auto", "version of MQTT: 5, 311, 31, or auto for what a CONNECT says")
	f.StringVar(&o.from, "from", "auto", "who sent the packets: client, server, or auto for who may")
	f.BoolVar(&o.secrets, "show-password", false, "show passwords and authentication data")
	cmd.RegisterFlagCompletionFunc("from", cobra.FixedCompletions([]string{"client", "server", "auto"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (o *options) run(a *app.App, args []string) error {
	d, err := o.dialect()
	if err != nil {
		return err
	}
	in, err := o.input(a, args)
	if err != nil {
		return err
	}
	defer in.Close()
	bytes := io.Reader(in)
	if !o.raw {
		bytes = &hexReader{in: in}
	}
	out := bufio.NewWriter(a.Output())
	r := reader{dialect: d, out: out, show: o.table, complain: a.Say}
	if o.json {
		r.show = o.line
	}
	return r.run(bytes)
}

func (o *options) input(a *app.App, args []string) (io.ReadCloser, error) {
	switch {
	case len(args) > 0 && (o.file != "" || o.raw):
		return nil, app.Usage("bytes on the command line are hexadecimal, and go without --file and --raw")
	case len(args) > 0:
		return io.NopCloser(strings.NewReader(strings.Join(args, " "))), nil
	case o.file != "" && o.file != "-":
		f, err := os.Open(o.file)
		if err != nil {
			return nil, app.Usage("--file: %v", err)
		}
		return f, nil
	}
	return io.NopCloser(a.Stdin), nil
}

// dialect is what the flags say of it.
func (o *options) dialect() (d dialect, err error) {
	v, err := app.Version(o.version)
	if err != nil {
		return d, err
	}
	d.version = codec.Version(v)
	d.follow = d.version == 0
	if d.follow {
		d.version = codec.V5
	}
	switch o.from {
	case "client":
		d.sides = []codec.Side{codec.FromClient}
	case "server":
		d.sides = []codec.Side{codec.FromServer}
	case "auto", "":
		d.sides = []codec.Side{codec.FromClient, codec.FromServer}
	default:
		return d, app.Usage("--from %q: give client, server or auto", o.from)
	}
	return d, nil
}

// packet is one that was read, and where.
type packet struct {
	codec.Packet
	version codec.Version
	from    string // the client, the server, or either side
	offset  int64
	size    int
}

func (p *packet) String() string {
	return fmt.Sprintf("%s from %s, MQTT %s, %s at byte %d", p.Type(), p.from, p.version, count(p.size), p.offset)
}

func count(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
