//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// browser is a Chromium with all its processes and its profile.
type browser struct {
	command *exec.Cmd
	profile string
	output  bytes.Buffer
	ended   chan error
}

func startBrowser(url string) (*browser, error) {
	profile, err := os.MkdirTemp("", "inchromium")
	if err != nil {
		return nil, err
	}
	b := &browser{profile: profile, ended: make(chan error, 1)}
	b.command = exec.Command("chromium",
		"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
		"--disable-background-networking", "--disable-background-timer-throttling", "--user-data-dir="+profile, url)
	b.command.Stderr = &b.output
	b.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := b.command.Start(); err != nil {
		os.RemoveAll(profile)
		return nil, err
	}
	go func() { b.ended <- b.command.Wait() }()
	return b, nil
}

// stop ends Chromium, and the processes that it has started.
func (b *browser) stop() {
	syscall.Kill(-b.command.Process.Pid, syscall.SIGKILL)
	if b.command.ProcessState == nil {
		<-b.ended
	}
	os.RemoveAll(b.profile)
}

// said is what Chromium wrote, for who wants to know why it ended.
func (b *browser) said() error { return errors.New(b.output.String()) }
