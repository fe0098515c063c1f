//go:build unix

package reply

import (
	"os/exec"
	"syscall"
)

// apart keeps the terminal's Ctrl-C away from a command, which may finish its answer, and ends it with all that it has started.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
