package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// section is a heading of a help text and the lines below it.
type section struct {
	title string
	lines []string
}

var heading = regexp.MustCompile(`^[A-Z][A-Za-z -]*:$`)

// sections cuts a help text behind its description.
func sections(help string) (all []section) {
	_, rest, _ := strings.Cut(help, "\nUsage:\n")
	all = []section{{title: "Usage:"}}
	for line := range strings.Lines(rest) {
		switch line = strings.TrimRight(line, "\n"); {
		case heading.MatchString(line):
			all = append(all, section{title: line})
		case line != "" && !strings.HasPrefix(line, "Use "): // how to ask for more, at the end
			last := &all[len(all)-1]
			last.lines = append(last.lines, line)
		}
	}
	return all
}

var (
	commandLine = regexp.MustCompile(`^  ([a-z0-9-]+)\s+\S.*$`)
	flagLine    = regexp.MustCompile(`^ +(-\w, )?--[a-z0-9-]+( \S+)?   *\S.*$`)
)

// commandsIn are the commands that a help text lists, each with something said of it.
func commandsIn(t *testing.T, help string) (names []string) {
	for _, s := range sections(help) {
		switch s.title {
		case "Usage:", "Aliases:", "Examples:", "Flags:", "Global Flags:", "Additional help topics:":
			continue
		}
		for _, line := range s.lines {
			require.Regexp(t, commandLine, line)
			names = append(names, commandLine.FindStringSubmatch(line)[1])
		}
	}
	return names
}

// TestEachCommandHelps walks all commands, from what `mqtt help` lists on down.
func TestEachCommandHelps(t *testing.T) {
	names := commandsIn(t, run(t, "help").stdout)
	require.Subset(t, names, []string{"broker", "completion", "decode", "help", "match", "reply", "request", "version"})
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			helps(t, name)
		})
	}
}

// helps holds a command and those below it to what each has to say of itself.
func helps(t *testing.T, path ...string) {
	r := run(t, append(path, "--help")...)
	require.Equal(t, 0, r.code, r.stderr)
	require.Empty(t, r.stderr)
	require.Equal(t, r, run(t, append([]string{"help"}, path...)...))
	first, _, _ := strings.Cut(r.stdout, "\n")
	require.Greater(t, len(strings.Fields(first)), 2, "what the command does: %s", first)
	examples := 0
	for _, s := range sections(r.stdout) {
		switch s.title {
		case "Flags:", "Global Flags:":
			for _, line := range s.lines {
				require.Regexp(t, flagLine, line)
			}
		case "Examples:":
			for _, line := range s.lines {
				require.True(t, strings.HasPrefix(line, "  "), line)
				if strings.Contains(line, "mqtt "+strings.Join(path, " ")) {
					examples++
				}
			}
		}
	}
	below := commandsIn(t, r.stdout)
	if len(below) == 0 {
		require.GreaterOrEqual(t, examples, 2, "examples of %v", path)
	}
	for _, name := range below {
		helps(t, append(path[:len(path):len(path)], name)...)
	}
}

func TestHelp(t *testing.T) {
	for _, c := range []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"help", []string{"help"}, 0, "Talk to a server:", ""},
		{"--help", []string{"--help"}, 0, "Talk to a server:", ""},
		{"topics", []string{"help", "topics"}, 0, "Publish a message", ""},
		{"a command", []string{"help", "match"}, 0, "Usage:\n  mqtt match FILTER", ""},
		{"B325 no such command", []string{"help", "nosuch"}, 2, "", "no command or topic \"nosuch\"; `mqtt help` lists them"},
		{"B325 no such command below", []string{"help", "match", "nosuch"}, 2, "", `no command or topic "nosuch"`},
		{"B325 no such shell", []string{"completion", "tcsh"}, 2, "", `no script for "tcsh"; there are bash, fish, powershell, zsh`},
		{"B325 no shell", []string{"completion"}, 2, "", "SHELL is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, c.args...)
			require.Equal(t, c.code, r.code)
			require.Contains(t, r.stdout, c.stdout)
			require.Contains(t, r.stderr, c.stderr)
			require.Equal(t, c.code == 0, r.stderr == "")
		})
	}
}

var (
	recipeCall = regexp.MustCompile(`(?m)^    (?:.*\| )?(?:\w+=\S+ )?mqtt (?:--profile \w+ )?([a-z]+)(.*)$`)
	quoted     = regexp.MustCompile(`'[^']*'`)
	flagWord   = regexp.MustCompile(`(?:^| )(--?[a-zA-Z][a-z0-9-]*)`)
)

// TestTheRecipesAreOfThisProgram finds each flag of the cook-book in the help of its command.
func TestTheRecipesAreOfThisProgram(t *testing.T) {
	r := run(t, "help", "topics")
	require.Equal(t, 0, r.code)
	calls := recipeCall.FindAllStringSubmatch(r.stdout, -1)
	require.Greater(t, len(calls), 30)
	for _, c := range calls {
		help := run(t, "help", c[1])
		require.Equal(t, 0, help.code, c[0])
		if len(commandsIn(t, help.stdout)) > 0 { // the next word is one of them
			help = run(t, "help", c[1], strings.Fields(c[2])[0])
		}
		require.Equal(t, 0, help.code, c[0])
		rest, _, _ := strings.Cut(quoted.ReplaceAllString(c[2], "''"), "|")
		for _, f := range flagWord.FindAllStringSubmatch(rest, -1) {
			require.Regexp(t, `(?m)^ +(-\w, )?`+f[1]+`\b`, help.stdout, c[0])
		}
	}
	for line := range strings.Lines(r.stdout) {
		require.LessOrEqual(t, len(line), 131, line)
	}
}

func TestCompletionScripts(t *testing.T) {
	for shell, mark := range map[string]string{"bash": "__start_mqtt", "zsh": "#compdef mqtt", "fish": "complete -c mqtt", "powershell": "Register-ArgumentCompleter"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			r := run(t, "completion", shell)
			require.Equal(t, 0, r.code, r.stderr)
			require.Contains(t, r.stdout, mark)
			if shell == "bash" {
				parse := exec.Command("bash", "-n")
				parse.Stdin = strings.NewReader(r.stdout)
				out, err := parse.CombinedOutput()
				require.NoError(t, err, "%s", out)
			}
		})
	}
}

func TestCompletionOfWords(t *testing.T) {
	profiles := filepath.Join(t.TempDir(), "profiles.toml")
	require.NoError(t, os.WriteFile(profiles, []byte("[profile.home]\nhost = 'localhost'\n[profile.office]\nhost = 'localhost'\n"), 0o600))
	run := func(args ...string) string {
		r := runCall(t, call{args: append([]string{"__complete"}, args...), env: []string{"MQTT_PROFILES=" + profiles}})
		require.Equal(t, 0, r.code, r.stderr)
		return r.stdout
	}
	require.Contains(t, run("ma"), "match\tSay which topics")
	require.Contains(t, run("request", "--output", ""), "line\nraw\nndjson\n")
	require.Contains(t, run("--profile", ""), "home\noffice\n")
	require.Contains(t, run("help", "to"), "topics\t")
	require.Contains(t, run("completion", ""), "bash\nfish\npowershell\nzsh\n")
	r := runCall(t, call{args: []string{"__complete", "--profile", ""}, env: []string{"MQTT_PROFILES=" + profiles, "MQTT_PROFILE=nosuch"}})
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stdout, "home\noffice\n")
}

func TestHelpOnAFullDisk(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"--help"}, {"help", "topics"}, {"match", "--help"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			require.NoError(t, err)
			defer full.Close()
			cmd := command(t.Context(), t, call{args: args})
			var stderr strings.Builder
			cmd.Stdout, cmd.Stderr = full, &stderr
			cmd.Run()
			require.Equal(t, 1, cmd.ProcessState.ExitCode())
			require.Equal(t, "mqtt: writing to standard output: write /dev/stdout: no space left on device\n", stderr.String())
		})
	}
}
