package docs

import (
	"go/types"
	"regexp"
	"strings"
	"testing"
)

// naming: a name of the public API that stands as code in the documents about it exists. A name alone may be a field or a
// method of any type; with a dot it is a member of a type of package mqtt, or something of a package.
var naming = check{
	name: "names exist",
	run: func(t *testing.T, documents tree) (complaints []string) {
		api := loadAPI(t)
		for _, name := range []string{"SEMANTICS.md", "docs/design.md"} {
			d := documents.document(name)
			for _, l := range d.prose {
				complaints = append(complaints, api.unknown(d.name, l)...)
			}
		}
		d := documents.document(comparison)
		for _, r := range rows(d) {
			complaints = append(complaints, api.unknown(d.name, line{r.number, r.ours})...)
		}
		return complaints
	},
	refuse: []sample{
		{tree{"SEMANTICS.md": "one\n`Nonsense`"}, "SEMANTICS.md:2: Nonsense"},
		{tree{"SEMANTICS.md": "`Config.Nonsense`"}, "Config.Nonsense"},
		{tree{"SEMANTICS.md": "a `*Nonsense`"}, "Nonsense"},
		{tree{"docs/design.md": "`Nonsense.Close`"}, "docs/design.md:1: Nonsense.Close"},
		{tree{comparison: "| `a` | `Client.Nonsense` | not yet |"}, "Client.Nonsense"},
		{tree{comparison: "| `a` | `mqtttest.Nonsense` | not yet |"}, "mqtttest.Nonsense"},
	},
	accept: []tree{
		{"SEMANTICS.md": "`Config.Outbox`, `Outbox`, `*ReasonError`, `mqtt`, `PUBACK`, `Publish`, `ErrNotSent`, `new(false)`, `Stats.Link`"},
		{comparison: "| `Nonsense` | `codec.NotAuthorized`, `Client.Connect` | ours: `Nonsense` |"},
	},
}

// api is the packages that documents name things of, by name; "" is mqtt.
type api map[string]*types.Package

func loadAPI(t *testing.T) api {
	t.Helper()
	found := api{}
	for name, imported := range map[string]string{"": "/mqtt", "codec": "/mqtt/codec", "mqtttest": "/mqtt/mqtttest", "netx": "/mqtt/netx"} {
		loaded, err := importerOf(t, []string{module + imported}).Import(module + imported)
		if err != nil {
			t.Fatal(err)
		}
		found[name] = loaded
	}
	return found
}

// apiName is code that can only be a name of the public API.
var apiName = regexp.MustCompile("`\\*?((?:codec\\.|mqtttest\\.|netx\\.)?[A-Z]\\w*[a-z]\\w*(?:\\.[A-Z]\\w*)*)`")

// unknown complains of the names in a line that don't exist.
func (a api) unknown(name string, l line) (complaints []string) {
	for _, found := range apiName.FindAllStringSubmatch(l.text, -1) {
		if !a.knows(found[1]) {
			complaints = append(complaints, at(name, l.number, found[1]+" is no name of the API"))
		}
	}
	return complaints
}

func (a api) knows(name string) bool {
	parts := strings.Split(name, ".")
	from := a[""]
	if other, ok := a[parts[0]]; ok {
		from, parts = other, parts[1:]
	}
	object := from.Scope().Lookup(parts[0])
	if object == nil {
		return len(parts) == 1 && anyMember(from, parts[0])
	}
	for _, part := range parts[1:] {
		if object = member(object, part); object == nil {
			return false
		}
	}
	return true
}

// member is a field or method of an object's type.
func member(of types.Object, name string) types.Object {
	found, _, _ := types.LookupFieldOrMethod(of.Type(), true, of.Pkg(), name)
	return found
}

// anyMember says whether some type of a package has a member of that name.
func anyMember(from *types.Package, name string) bool {
	for _, declared := range from.Scope().Names() {
		if object, ok := from.Scope().Lookup(declared).(*types.TypeName); ok && member(object, name) != nil {
			return true
		}
	}
	return false
}
