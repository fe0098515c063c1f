//go:build unix

package sub

import (
	"os/exec"
	"syscall"
)

// ofItsOwn keeps an interrupt from the terminal, which is ours to answer in order, from the command. When it is killed, so is what
// it has started.
func ofItsOwn(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
