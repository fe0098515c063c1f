package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unroff is the text of a page as a reader of it sees it, a line a line.
func unroff(t *testing.T, page string) string {
	var text strings.Builder
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, ".") {
			require.Regexp(t, `^\.(TH|SH|TP|PP|B|nf|fi)( ".*")*\n$`, line)
			line = strings.NewReplacer(`" "`, " ", `"`, "").Replace(line[min(len(line)-1, 4):])
		}
		require.False(t, strings.HasPrefix(line, "'"), "a line that roff takes for a macro: %s", line)
		require.NotRegexp(t, `\\[^e\-(&]`, line)
		text.WriteString(strings.NewReplacer(`\&`, "", `\e`, `\`, `\-`, "-", `\(dq`, `"`, `\(aq`, "'", `\(ga`, "`", `\(ha`, "^", `\(ti`, "~").Replace(line))
	}
	return text.String()
}

// TestManual writes the pages and finds what the help texts say.
func TestManual(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := runCall(t, call{args: []string{"manual", dir}, env: []string{"SOURCE_DATE_EPOCH=86400"}})
	require.Equal(t, result{}, r)
	pages, err := filepath.Glob(filepath.Join(dir, "man", "man1", "*.1"))
	require.NoError(t, err)
	require.Contains(t, pages, filepath.Join(dir, "man", "man1", "mqtt-topics.1"))
	usage := regexp.MustCompile(`(?m)^ +(?:-\w, )?--[a-z0-9-]+(?: \S+)?   *(\S.*?)(?: \(default .*\))?$`)
	for _, path := range pages {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		name := strings.TrimSuffix(filepath.Base(path), ".1")
		require.True(t, strings.HasPrefix(string(b), `.TH "`+strings.ReplaceAll(strings.ToUpper(name), "-", `\-`)+`" "1" "1970\-01\-02" `), string(b[:60]))
		text := unroff(t, string(b))
		help := run(t, append(strings.Split(name, "-")[1:], "--help")...)
		require.Equal(t, 0, help.code, help.stderr)
		for _, u := range usage.FindAllStringSubmatch(help.stdout, -1) {
			require.Contains(t, text, u[1])
		}
		for _, s := range sections(help.stdout) {
			if s.title == "Examples:" {
				require.Contains(t, text, strings.Join(s.lines, "\n"))
			}
		}
		description, _, _ := strings.Cut(help.stdout, "\nUsage:")
		for line := range strings.Lines(description) {
			require.Contains(t, text, strings.TrimRight(line, " \n"))
		}
	}
	for _, name := range []string{"mqtt.bash", "_mqtt", "mqtt.fish", "mqtt.ps1"} {
		require.FileExists(t, filepath.Join(dir, "completions", name))
	}
}

func TestManualIsForPackages(t *testing.T) {
	require.NotContains(t, run(t, "help").stdout, "manual")
	r := runCall(t, call{args: []string{"manual", t.TempDir()}, env: []string{"SOURCE_DATE_EPOCH=yesterday"}})
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, `SOURCE_DATE_EPOCH "yesterday": give seconds since 1970`)
	require.Equal(t, 2, run(t, "manual").code)
}
