package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// machine says where and how the figures were measured.
func machine(s settings) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d CPUs, %s/%s%s, %s, %s.\n\n", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, kernel(), runtime.Version(), time.Now().Format("2 January 2006"))
	fmt.Fprintf(&b, "Command: `bench %s`. Each figure is the median of %d rounds, in which the clients take turns, each in a process of its own; "+
		"payload %d bytes where the work doesn't say it. Figures of different runs or machines can't be compared.\n", strings.Join(os.Args[1:], " "), s.rounds, max(16, s.size))
	if versions := peerVersions(); versions != "" {
		fmt.Fprintf(&b, "\n%s.\n", versions)
	}
	return b.String()
}

func processor() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "a processor"
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "a processor"
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return ""
	}
	return " " + strings.TrimSpace(string(text))
}

// measuredModules are the modules whose versions belong to the report.
var measuredModules = map[string]bool{
	"github.com/eclipse/paho.mqtt.golang": true,
	"github.com/eclipse/paho.golang":      true,
	"github.com/at-wat/mqtt-go":           true,
}

func peerVersions() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var all []string
	for _, d := range info.Deps {
		if measuredModules[d.Path] {
			all = append(all, d.Path+" "+d.Version)
		}
	}
	return strings.Join(all, ", ")
}
