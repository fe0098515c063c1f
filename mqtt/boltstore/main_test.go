package boltstore

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// Tests that need another process start their own program again, with what it should do in this variable.
const childTask = "SLUICE_BOLTSTORE_CHILD"

func TestMain(m *testing.M) {
	if task, known := childTasks[os.Getenv(childTask)]; known {
		task(os.Args[1:])
		return
	}
	goleak.VerifyTestMain(m)
}

var childTasks = map[string]func(arguments []string){
	"hold": holdStore, "write": writeStore,
}

// child starts this program for a task; what it writes can be read, and the end of its input ends some tasks.
func child(t *testing.T, task string, arguments ...string) (*exec.Cmd, *bufio.Reader, io.Closer) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], arguments...)
	command.Env = append(os.Environ(), childTask+"="+task)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	in, err := command.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	return command, bufio.NewReader(out), in
}

// demand ends a child that can't do its task.
func demand(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
