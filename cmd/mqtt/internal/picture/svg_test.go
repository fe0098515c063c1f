package picture

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSVG(t *testing.T) {
	e := vt.NewEmulator(40, 9)
	_, err := e.WriteString("plain \x1b[1;31mred & bold\x1b[0m <x>\r\n\x1b[7mturned\x1b[0m\r\n\x1b[36m▁█\x1b[0m 日本\r\n\x1b[38;2;1;2;3mexact\x1b[0m")
	require.NoError(t, err)
	svg := string(SVG(e, "mqtt <top>"))
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		_, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err, svg)
	}
	for _, piece := range []string{
		"<title>mqtt &lt;top&gt;</title>",
		`font-weight="bold">red &amp; bold<`,
		`fill="` + palette[1] + `" font-weight`,
		`fill="` + paper + `">turned<`, // its paper is the others' ink
		`height="2.0" fill="` + palette[6],
		`height="16.0" fill="` + palette[6],
		"日本",
		`height="120"`, // four rows
		`fill="#010203"`,
	} {
		require.Contains(t, svg, piece)
	}
	require.NotContains(t, svg, "█")
}
