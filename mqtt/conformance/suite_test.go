package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// suites are the versions that are held against their statements.
var suites = []*suite{suite5, suite311}

// suite is the statements of one version, and what becomes of each.
type suite struct {
	version    mqtt.Version
	test       string      // the name of the test that runs it
	statements []statement // in the table's order

	rows         []rows            // tests in a bubble, in parts that have no statement in common
	outside      outside           // tests that need the machine: sockets, real time
	unobservable map[string]string // statements of which a client shows nothing, and why
	open         map[string]string // statements about what the client hasn't got yet, and what that is

	results map[string]bool // owned by the test that runs the suite, until all tests have run
}

// rows are tests by statement, each in a bubble of its own.
type rows map[string]func(s *scene)

// outside are tests by statement that run without a bubble.
type outside map[string]func(t *testing.T, v mqtt.Version)

// run runs each test as a subtest that is named for its statement.
func (u *suite) run(t *testing.T) {
	u.results = map[string]bool{}
	for _, s := range u.statements {
		if test := u.testOf(s.id); test != nil {
			t.Run(s.id, func(t *testing.T) {
				t.Cleanup(func() { u.results[s.id] = !t.Failed() })
				test(t)
			})
		}
	}
}

// testOf is the test of a statement; nil when it has none.
func (u *suite) testOf(id string) func(t *testing.T) {
	for _, part := range u.rows {
		if test := part[id]; test != nil {
			return func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { test(&scene{T: t, v: u.version}) })
			}
		}
	}
	if test := u.outside[id]; test != nil {
		return func(t *testing.T) { test(t, u.version) }
	}
	return nil
}

// complaints are about statements without a test or a reason, and about tests and reasons without a statement.
func (u *suite) complaints() (all []string) {
	places := map[string][]string{} // where each statement is met
	for i, part := range u.rows {
		for id, test := range part {
			places[id] = append(places[id], fmt.Sprintf("part %d of the tests", i))
			if test == nil {
				all = append(all, id+": its test is nil")
			}
		}
	}
	for id := range u.outside {
		places[id] = append(places[id], "the tests outside")
	}
	for name, table := range map[string]map[string]string{"unobservable": u.unobservable, "open": u.open} {
		for id, reason := range table {
			places[id] = append(places[id], name)
			if reason == "" {
				all = append(all, id+": no reason in "+name)
			}
		}
	}
	for _, s := range u.statements {
		switch met := places[s.id]; {
		case len(met) == 0:
			all = append(all, s.id+": neither a test nor a reason why there is none: "+s.requirement)
		case len(met) > 1:
			slices.Sort(met)
			all = append(all, fmt.Sprintf("%s: met more than once: %q", s.id, met))
		}
		delete(places, s.id)
	}
	for _, id := range slices.Sorted(maps.Keys(places)) {
		all = append(all, id+": no such statement")
	}
	slices.Sort(all)
	return all
}

func TestEachStatementHasATestOrAReason(t *testing.T) {
	for _, u := range suites {
		for _, complaint := range u.complaints() {
			t.Error(u.test, complaint)
		}
	}
}

func TestASuiteComplains(t *testing.T) {
	test := func(*scene) {}
	for _, c := range []struct {
		want  string
		suite suite
	}{
		{"a: neither a test nor a reason", suite{}},
		{"a: met more than once", suite{rows: []rows{{"a": test}}, unobservable: map[string]string{"a": "why"}}},
		{"a: met more than once", suite{rows: []rows{{"a": test}, {"a": test}}}},
		{"a: its test is nil", suite{rows: []rows{{"a": nil}}}},
		{"a: no reason in open", suite{open: map[string]string{"a": ""}}},
		{"b: no such statement", suite{rows: []rows{{"a": test, "b": test}}}},
		{"", suite{rows: []rows{{"a": test}}}},
		{"", suite{outside: outside{"a": func(*testing.T, mqtt.Version) {}}}},
	} {
		c.suite.statements = []statement{{id: "a"}}
		all := strings.Join(c.suite.complaints(), "; ")
		if c.want == "" {
			require.Empty(t, all)
		} else {
			require.Contains(t, all, c.want)
		}
	}
}
