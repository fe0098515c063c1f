package app

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/sluicemq/sluice/mqtt"
)

func (c *Connection) secret(cfg *mqtt.Config) error {
	way, err := c.choose("what the password is", "password", "password-file", "ask-password")
	switch way {
	case "password-file":
		cfg.Password, err = PasswordFile(c.PasswordFile)
	case "ask-password":
		cfg.Password, err = c.app.askPassword()
	case "password":
		cfg.Password = []byte(c.Password)
	}
	return err
}

// PasswordFile reads the value of --password-file.
func PasswordFile(name string) ([]byte, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, Usage("--password-file: %v", err)
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r")), nil
}

// askPassword reads a line from the terminal without showing it, also when standard input is something else. An interrupt ends
// that, and has the terminal show again what is typed.
func (a *App) askPassword() ([]byte, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, Usage("--ask-password needs a terminal; use --password-file or MQTT_PASSWORD")
	}
	defer tty.Close()
	fd := int(tty.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, fmt.Errorf("reading the password: %w", err)
	}
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(caught)
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() { // left behind by an interrupt, which ends the program
		text, err := term.ReadPassword(fd)
		read <- line{text, err}
	}()
	awaitHidden(fd, before)
	fmt.Fprint(tty, "Password: ")
	select {
	case l := <-read:
		fmt.Fprintln(tty)
		if l.err != nil {
			return nil, fmt.Errorf("reading the password: %w", l.err)
		}
		return l.text, nil
	case <-caught:
		term.Restore(fd, before)
		fmt.Fprintln(tty)
		return nil, ErrInterrupted
	}
}

// awaitHidden waits until the terminal doesn't show any more what is typed, so that nobody is asked before; but not for long: it may
// have been so all along.
func awaitHidden(fd int, before *term.State) {
	for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); runtime.Gosched() {
		if now, err := term.GetState(fd); err != nil || *now != *before {
			return
		}
	}
}
