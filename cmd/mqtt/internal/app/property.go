package app

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluicemq/sluice/mqtt"
)

// Properties are the properties of MQTT 5.0 that -D gives, in the order in which they were given.
type Properties struct{ list []property }

type property struct{ command, name, key, value string } // key: of a user property

// propertySeparator stands between the words of a property that was one argument each.
const propertySeparator = "\x1f"

// properties are those that a command's packet can carry.
var properties = map[string][]string{
	"connect": {"session-expiry-interval", "receive-maximum", "maximum-packet-size", "topic-alias-maximum",
		"request-response-information", "request-problem-information", "user-property"},
	"publish": {"payload-format-indicator", "message-expiry-interval", "topic-alias", "response-topic", "correlation-data", "content-type", "user-property"},
	"will": {"payload-format-indicator", "message-expiry-interval", "will-delay-interval", "response-topic", "correlation-data", "content-type",
		"user-property"},
	"subscribe":   {"subscription-identifier", "user-property"},
	"unsubscribe": {"user-property"},
	"disconnect":  {"session-expiry-interval", "reason-string", "user-property"},
}

// Set takes a property in one text: the words apart by spaces, the last one to the end.
func (p *Properties) Set(text string) error {
	separator := " "
	if strings.Contains(text, propertySeparator) {
		separator = propertySeparator
	}
	words := strings.SplitN(text, separator, 3)
	if len(words) < 3 {
		return fmt.Errorf("give a command, the name of a property and its value, as in publish content-type text/plain")
	}
	d := property{command: strings.ToLower(words[0]), name: strings.ToLower(words[1]), value: words[2]}
	names, ok := properties[d.command]
	if !ok {
		return fmt.Errorf("no command %q; there are connect, publish, will, subscribe, unsubscribe, disconnect", words[0])
	}
	if !slices.Contains(names, d.name) {
		return fmt.Errorf("%s has no property %q; it has %s", d.command, words[1], strings.Join(names, ", "))
	}
	if d.name == "user-property" {
		if d.key, d.value, ok = strings.Cut(d.value, separator); !ok {
			return fmt.Errorf("user-property wants a key and a value")
		}
	}
	p.list = append(p.list, d)
	return nil
}

func (p *Properties) String() string { return "" }
func (*Properties) Type() string     { return "property" }

// joinProperties makes one argument of the three or four words behind each -D.
func joinProperties(root *cobra.Command, args []string) ([]string, error) {
	cmd, _, err := root.Find(args)
	if err != nil || cmd.Flags().Lookup("property") == nil {
		return args, nil // what is wrong is told when all of it is read
	}
	cmd.InheritedFlags() // has the persistent flags known to Flags
	var out []string
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			return append(out, args[i:]...), nil
		case arg == "-D" || arg == "--property":
			n := 3
			if i+2 < len(args) && strings.EqualFold(args[i+2], "user-property") {
				n = 4
			}
			if i+n >= len(args) {
				return nil, Usage("-D wants a command, the name of a property and its value, as in -D publish content-type text/plain")
			}
			out = append(out, "--property="+strings.Join(args[i+1:i+1+n], propertySeparator))
			i += n
		case takesNext(cmd.Flags(), arg) && i+1 < len(args):
			out = append(out, arg, args[i+1])
			i++
		default:
			out = append(out, arg)
		}
	}
	return out, nil
}

// takesNext says whether the argument behind arg is the value of the flag that arg is, or ends with.
func takesNext(flags *pflag.FlagSet, arg string) bool {
	if name, ok := strings.CutPrefix(arg, "--"); ok {
		f := flags.Lookup(name) // nil also for --name=value
		return f != nil && f.NoOptDefVal == ""
	}
	if len(arg) < 2 || arg[0] != '-' {
		return false
	}
	for i := 1; i < len(arg); i++ {
		if arg[i] >= utf8.RuneSelf {
			return false // pflag panics when it is asked for it
		}
		f := flags.ShorthandLookup(arg[i : i+1])
		if f == nil {
			return false
		}
		if f.NoOptDefVal == "" {
			return i+1 == len(arg) // else what follows is its value
		}
	}
	return false
}

func (p *Properties) each(command string, use func(d property) error) error {
	for _, d := range p.list {
		if d.command != command {
			continue
		}
		if err := use(d); err != nil {
			return Usage("-D %s %s %q: %v", d.command, d.name, d.value, err)
		}
	}
	return nil
}

func (p *Properties) connect(cfg *mqtt.Config) error {
	err := p.each("connect", func(d property) (err error) {
		switch d.name {
		case "session-expiry-interval":
			cfg.SessionExpiry, err = d.seconds()
		case "receive-maximum":
			cfg.ReceiveMaximum, err = d.number(1, 65535)
		case "maximum-packet-size":
			cfg.MaxPacketSize, err = d.number(1, 268435460)
		case "topic-alias-maximum":
			cfg.TopicAliasMaximum, err = d.number(0, 65535)
		case "request-response-information":
			cfg.RequestResponseInformation, err = d.flag()
		case "request-problem-information":
			var on bool
			on, err = d.flag()
			cfg.RequestProblemInformation = &on
		case "user-property":
			cfg.UserProperties = append(cfg.UserProperties, d.user())
		}
		return err
	})
	if err != nil || !p.has("will") {
		return err
	}
	if cfg.Will == nil {
		return Usage("-D will needs --will-topic")
	}
	var (
		delay time.Duration
		m     mqtt.PublishProperties // all others are a message's
	)
	err = p.each("will", func(d property) (err error) {
		if d.name == "will-delay-interval" {
			delay, err = d.seconds()
			return err
		}
		return d.publish(&m)
	})
	cfg.Will.Properties = &mqtt.WillProperties{WillDelayInterval: delay, PayloadFormatIndicator: m.PayloadFormatIndicator,
		MessageExpiryInterval: m.MessageExpiryInterval, ContentType: m.ContentType, ResponseTopic: m.ResponseTopic,
		CorrelationData: m.CorrelationData, UserProperties: m.UserProperties}
	return err
}

func (p *Properties) has(command string) bool {
	return slices.ContainsFunc(p.list, func(d property) bool { return d.command == command })
}

// Publish are the properties of PUBLISH; nil for none.
func (p *Properties) Publish() (*mqtt.PublishProperties, error) {
	if !p.has("publish") {
		return nil, nil
	}
	m := new(mqtt.PublishProperties)
	return m, p.each("publish", func(d property) error { return d.publish(m) })
}

// Subscribe gives a subscription the properties of SUBSCRIBE.
func (p *Properties) Subscribe(s *mqtt.Subscription) error {
	return p.each("subscribe", func(d property) error {
		if d.name == "user-property" {
			s.UserProperties = append(s.UserProperties, d.user())
			return nil
		}
		n, err := d.number(1, 268_435_455)
		s.Identifier = uint32(n)
		return err
	})
}

// Unsubscribe are the user properties of UNSUBSCRIBE.
func (p *Properties) Unsubscribe() (all []mqtt.UserProperty) {
	p.each("unsubscribe", func(d property) error { all = append(all, d.user()); return nil })
	return all
}

// Disconnect is what DISCONNECT is to say.
func (p *Properties) Disconnect() (mqtt.Disconnect, error) {
	var out mqtt.Disconnect
	err := p.each("disconnect", func(d property) error {
		switch d.name {
		case "session-expiry-interval":
			expiry, err := d.seconds()
			out.SessionExpiry = &expiry
			return err
		case "reason-string":
			out.ReasonString = d.value
		case "user-property":
			out.UserProperties = append(out.UserProperties, d.user())
		}
		return nil
	})
	return out, err
}

func (d property) publish(m *mqtt.PublishProperties) (err error) {
	switch d.name {
	case "payload-format-indicator":
		var n int
		n, err = d.number(0, 1)
		m.PayloadFormatIndicator = byte(n)
	case "message-expiry-interval":
		var expiry time.Duration
		expiry, err = d.seconds()
		m.MessageExpiryInterval = &expiry
	case "topic-alias":
		var n int
		n, err = d.number(1, 65535)
		m.TopicAlias = uint16(n)
	case "response-topic":
		m.ResponseTopic = d.value
	case "correlation-data":
		m.CorrelationData = []byte(d.value)
	case "content-type":
		m.ContentType = d.value
	case "user-property":
		m.UserProperties = append(m.UserProperties, d.user())
	}
	return err
}

func (d property) user() mqtt.UserProperty { return mqtt.UserProperty{Key: d.key, Value: d.value} }

func (d property) number(least, most int) (int, error) {
	n, err := strconv.Atoi(d.value)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("give a number from %d to %d", least, most)
	}
	return n, nil
}

func (d property) seconds() (time.Duration, error) {
	n, err := d.number(0, 4294967295)
	return time.Duration(n) * time.Second, err
}

func (d property) flag() (bool, error) {
	on, err := strconv.ParseBool(d.value)
	if err != nil {
		return false, fmt.Errorf("give 1 or 0")
	}
	return on, nil
}
