package manual

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// pageName is mqtt-ctx-add for `mqtt ctx add`.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// page is a command's page in roff, as man reads it (man(7)).
func page(cmd *cobra.Command, date string) []byte {
	r := new(roff)
	r.macro("TH", strings.ToUpper(pageName(cmd)), "1", date, "mqtt", "mqtt")
	r.section("NAME")
	r.text(pageName(cmd) + " - " + cmd.Short)
	if cmd.Runnable() || cmd.HasAvailableSubCommands() {
		r.section("SYNOPSIS")
		r.macro("B", cmd.UseLine())
	}
	r.section("DESCRIPTION")
	if cmd.Long != "" {
		r.paragraphs(cmd.Long)
	} else {
		r.text(cmd.Short + ".")
	}
	r.commands(cmd)
	r.flags("OPTIONS", cmd.NonInheritedFlags())
	r.flags("OPTIONS OF ALL COMMANDS", cmd.InheritedFlags())
	if cmd.Example != "" {
		r.section("EXAMPLES")
		r.asItIs(cmd.Example)
	}
	if cmd.Runnable() {
		r.section("ENVIRONMENT")
		r.text("Each option can be a variable too: " + app.EnvPrefix + "KEEPALIVE is --keepalive. The command line comes first, then the environment, then the profile.")
		r.section("EXIT STATUS")
		r.text("0 done; 1 failed; 2 wrong command line; 3 no server reached; 4 TLS; 5 refused; 6 not authorised; 7 subscription refused; " +
			"8 not all acknowledged; 9 --fail-if was met; 27 out of time; 130 interrupted.")
	}
	if cmd.HasParent() {
		r.section("SEE ALSO")
		r.text(pageName(cmd.Parent()) + "(1), mqtt-topics(1)")
	}
	return r.Bytes()
}

func (r *roff) commands(cmd *cobra.Command) {
	if len(seen(cmd)) == 0 {
		return
	}
	r.section("COMMANDS")
	for _, c := range seen(cmd) {
		r.item(pageName(c)+"(1)", c.Short)
	}
}

func (r *roff) flags(title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	r.section(title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value != "" {
			name += " " + value
		}
		if d := f.DefValue; f.Value.Type() != "bool" && d != "" && d != "0" && d != "[]" && d != "0s" {
			usage += fmt.Sprintf(" (default %s)", d)
		}
		r.item(name, usage)
	})
}

// roff is text with the marks of man(7).
type roff struct{ bytes.Buffer }

// macro writes a line that begins with a dot.
func (r *roff) macro(name string, args ...string) {
	r.WriteString("." + name)
	for _, a := range args {
		r.WriteString(` "` + strings.ReplaceAll(escape(a), `"`, `\(dq`) + `"`)
	}
	r.WriteByte('\n')
}

func (r *roff) section(title string) { r.macro("SH", title) }

func (r *roff) item(what, text string) {
	r.macro("TP")
	r.macro("B", what)
	r.text(text)
}

// text writes lines of which none is taken for a macro.
func (r *roff) text(s string) {
	for line := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		r.line(line)
	}
}

func (r *roff) line(s string) {
	s = escape(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	r.WriteString(s + "\n")
}

// paragraphs are apart by empty lines. One with lines that are indented stays as it is.
func (r *roff) paragraphs(s string) {
	for i, part := range strings.Split(strings.Trim(s, "\n"), "\n\n") {
		if strings.HasPrefix(part, " ") || strings.Contains(part, "\n ") {
			r.asItIs(part)
			continue
		}
		if i > 0 {
			r.macro("PP")
		}
		r.text(part)
	}
}

// asItIs keeps the lines of s.
func (r *roff) asItIs(s string) {
	r.macro("PP")
	r.macro("nf")
	for line := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
		r.line(line)
	}
	r.macro("fi")
}

// escape has roff write s as it is: a backslash would begin a command, and a hyphen could become another sign.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`).Replace(s)
}
