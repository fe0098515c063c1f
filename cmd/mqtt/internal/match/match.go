// Package match is the command `mqtt match`.
package match

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// options are the flags.
type options struct{ invert, quiet bool }

// Command makes `mqtt match`.
func Command(a *app.App) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "match FILTER [TOPIC...]",
		Short:   "Say which topics a topic filter matches",
		GroupID: app.GroupHelp,
		Long: `match prints the topics that the filter matches, by the rules that servers go by. Without topics on the command line it
reads them from standard input, one a line. It ends with 0 when it printed any, with 1 when there was none, like grep.

+ stands for one level, whatever it is; # at the end for all levels from there on, and for the level above too: a/# matches a.
A filter that begins with a wildcard doesn't match topics that begin with $, as $SYS/uptime: $SYS/# does. $share/NAME/FILTER
is a subscription that shares its messages with others of that name; it matches what FILTER matches.`,
		Example: `  mqtt match 'home/+/temperature' home/kitchen/temperature home/kitchen/light
  printf 'a/b\n$SYS/uptime\n' | mqtt match --invert '#'`,
		Annotations: app.NoProfile,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return app.Usage("FILTER is missing")
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := codec.CheckTopicFilter(args[0]); err != nil {
				return app.Usage("%q: %v", args[0], err)
			}
			return app.UntilInterrupted(cmd.Context(), func() error { return o.run(a, args[0], args[1:]) })
		},
	}
	cmd.Flags().BoolVarP(&o.invert, "invert", "v", false, "print the topics that the filter doesn't match")
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print nothing; the exit code is the answer")
	return cmd
}

func (o *options) run(a *app.App, filter string, topics []string) error {
	s := search{options: *o, filter: filter, out: bufio.NewWriter(a.Output())}
	var err error
	if len(topics) > 0 {
		err = s.all(topics)
	} else {
		err = s.lines(bufio.NewReaderSize(a.Stdin, maxTopic+2)) // a carriage return and a line feed
	}
	if flushed := s.out.Flush(); err == nil {
		err = flushed
	}
	if err == nil && !s.found {
		err = &app.Failure{Code: app.ExitFailed}
	}
	return err
}

const maxTopic = 65_535

// search is one run.
type search struct {
	options
	filter string
	out    *bufio.Writer
	found  bool
}

func (s *search) all(topics []string) error {
	for _, topic := range topics {
		if err := s.look(topic); err != nil {
			return app.Usage("%q: %v", topic, err)
		}
	}
	return nil
}

// lines takes a topic from each line that isn't empty. What it has found is written before it waits for more; where nothing is to be
// written, the first is the end.
func (s *search) lines(in *bufio.Reader) error {
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return app.Usage("line %d: a topic has at most %d bytes", number, maxTopic)
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("reading standard input: %w", err)
		}
		if topic := trim(line); topic != "" {
			if err := s.look(topic); err != nil {
				return app.Usage("line %d: %v", number, err)
			}
		}
		if err == io.EOF || s.quiet && s.found {
			return nil
		}
		if in.Buffered() == 0 {
			if err := s.out.Flush(); err != nil {
				return err
			}
		}
	}
}

// trim takes the end of the line away, also the one of Windows.
func trim(line []byte) string {
	n := len(line)
	if n > 0 && line[n-1] == '\n' {
		if n--; n > 0 && line[n-1] == '\r' {
			n--
		}
	}
	return string(line[:n])
}

func (s *search) look(topic string) error {
	if err := codec.CheckTopicName(topic); err != nil {
		return err
	}
	if codec.Match(s.filter, topic) == s.invert {
		return nil
	}
	s.found = true
	if s.quiet {
		return nil
	}
	_, err := s.out.WriteString(topic + "\n")
	return err
}
