// Package remap gives topics other names, as the flags --map say.
package remap

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Maps are the --map flags, in their order. It is a pflag.Value.
type Maps struct{ rules []rule }

// rule is one --map: topics that match from are called as to says.
type rule struct{ from, to []string }

// Usage describes the flag.
const Usage = "give topics another name, as in 'plant/#=copy/plant/#' or '+/state=state/+': each + and # on the right is what it matched on the left; " +
	"the first that matches counts, other topics stay"

// Set takes FROM=TO, or FROM=>TO where FROM itself has an equals sign.
func (m *Maps) Set(text string) error {
	from, to, ok := strings.Cut(text, "=>")
	if !ok {
		from, to, ok = strings.Cut(text, "=")
	}
	if !ok || from == "" || to == "" {
		return errors.New("give FROM=TO, as in 'plant/#=copy/plant/#'")
	}
	if err := codec.CheckTopicFilter(from); err != nil {
		return fmt.Errorf("the left side %q: %w", from, err)
	}
	if err := codec.CheckTopicFilter(to); err != nil {
		return fmt.Errorf("the right side %q: %w", to, err)
	}
	r := rule{strings.Split(from, "/"), strings.Split(to, "/")}
	if count(r.to, "+") > count(r.from, "+") || count(r.to, "#") > count(r.from, "#") {
		return fmt.Errorf("the right side %q has more + or # than the left one, which says what they stand for", to)
	}
	m.rules = append(m.rules, r)
	return nil
}

func (m *Maps) String() string { return "" }

// Type is what help calls the value.
func (*Maps) Type() string { return "FROM=TO" }

// Any says whether there is a map.
func (m *Maps) Any() bool { return len(m.rules) > 0 }

// Topic is what topic is called now. An error is for a name that no message can have.
func (m *Maps) Topic(topic string) (string, error) {
	if len(m.rules) == 0 {
		return topic, nil
	}
	levels := strings.Split(topic, "/")
	for _, r := range m.rules {
		plus, rest, ok := match(r.from, levels)
		if !ok {
			continue
		}
		to := r.name(plus, rest)
		if err := codec.CheckTopicName(to); err != nil {
			return "", fmt.Errorf("--map %s=%s makes %q of topic %q: %w", strings.Join(r.from, "/"), strings.Join(r.to, "/"), to, topic, err)
		}
		return to, nil
	}
	return topic, nil
}

// name fills in what the wildcards stand for.
func (r rule) name(plus, rest []string) string {
	var out []string
	for _, level := range r.to {
		switch level {
		case "+":
			out = append(out, plus[0])
			plus = plus[1:]
		case "#":
			out = append(out, rest...)
		default:
			out = append(out, level)
		}
	}
	return strings.Join(out, "/")
}

// match says what each + and the # of a filter stand for in a topic (§4.7.1). "#" also stands for no level at all.
func match(filter, topic []string) (plus, rest []string, ok bool) {
	if strings.HasPrefix(topic[0], "$") && (filter[0] == "+" || filter[0] == "#") {
		return nil, nil, false // §4.7.2
	}
	for i, level := range filter {
		if level == "#" {
			return plus, topic[i:], true
		}
		if i == len(topic) {
			return nil, nil, false
		}
		if level == "+" {
			plus = append(plus, topic[i])
		} else if level != topic[i] {
			return nil, nil, false
		}
	}
	return plus, nil, len(filter) == len(topic)
}

// Matches says whether a topic matches a filter, shared ones included.
func Matches(filter, topic string) bool {
	if _, inner, shared := codec.SharedFilter(filter); shared {
		filter = inner
	}
	_, _, ok := match(strings.Split(filter, "/"), strings.Split(topic, "/"))
	return ok
}

func count(levels []string, what string) (n int) {
	for _, level := range levels {
		if level == what {
			n++
		}
	}
	return n
}
