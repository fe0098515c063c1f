package profiles

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt/netx"
)

func show(a *app.App) *cobra.Command {
	return &cobra.Command{
		Use:     "show [NAME]",
		Short:   "Show what a profile says",
		Long:    "Shows a profile's lines, or those of the one in use. What is secret is shown as ***.",
		Example: "  mqtt ctx add plant --url mqtts://broker.example && mqtt ctx show plant\n  mqtt ctx add local -h localhost && mqtt ctx show --profile local",
		Args:    oneName(true),
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := app.ReadProfiles()
			if err != nil {
				return err
			}
			name := inForce(cmd, all)
			if len(args) > 0 {
				name = args[0]
			}
			if name == "" {
				return app.Usage("no profile is in use; name one, or choose one with `mqtt ctx use NAME`")
			}
			p, err := find(all, name)
			if err != nil {
				return err
			}
			_, err = a.Output().Write(shown(name, p, app.FlagNames(cmd.Root())))
			return err
		},
	}
}

// shown is a profile as it stands in the file, without what is secret. Of a key that is none of known, as pw, nobody knows whether
// it is.
func shown(name string, p app.Profile, known map[string]bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "[profile.%s]\n", key(name))
	for _, flag := range slices.Sorted(maps.Keys(p)) {
		var values []string
		for _, v := range p[flag] {
			if v = masked(flag, v); !known[flag] {
				v = secret
			}
			values = append(values, quoted(v))
		}
		text := strings.Join(values, ", ")
		if len(values) != 1 {
			text = "[" + text + "]"
		}
		fmt.Fprintf(&b, "%s = %s\n", key(flag), text)
	}
	return b.Bytes()
}

// bare are keys that TOML has without quotes.
var bare = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func key(s string) string {
	if bare.MatchString(s) {
		return s
	}
	return quoted(s)
}

// quoted is a string of TOML in which nothing moves a terminal.
func quoted(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	return `"` + b.String() + `"`
}

const secret = "***"

// masked is a flag's value with stars for what is secret in it.
func masked(key, value string) string {
	switch key {
	case "password":
		return secret
	case "url":
		if _, err := netx.Parse(value); err != nil {
			return secret // where in it the password is, nobody knows
		}
		return maskedURL(value)
	case "topic-url", "proxy":
		return maskedURL(value)
	case "ws-header":
		if name, _, ok := strings.Cut(value, ":"); ok {
			return name + ": " + secret
		}
		return secret
	}
	return value
}

// maskedURL hides a password, and the values of a query, which are often tokens.
func maskedURL(value string) string {
	u, err := url.Parse(value)
	if err != nil || u.User == nil && u.Host == "" && strings.Contains(value, "@") {
		return secret
	}
	before, query, found := strings.Cut(value, "?")
	if found {
		var parts []string
		for part := range strings.SplitSeq(query, "&") {
			name, _, named := strings.Cut(part, "=")
			if name += "="; !named {
				name = "" // a token alone
			}
			parts = append(parts, name+secret)
		}
		before += "?" + strings.Join(parts, "&")
	}
	if password, has := u.User.Password(); has && password != "" {
		scheme, rest, _ := strings.Cut(before, "://")
		at := strings.LastIndex(strings.SplitN(rest, "/", 2)[0], "@")
		user, _, _ := strings.Cut(rest[:max(at, 0)], ":")
		before = scheme + "://" + user + ":" + secret + rest[max(at, 0):]
	}
	return before
}
