package top

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// refresh is how often the screen asks for what is new.
const refresh = 250 * time.Millisecond

// screen shows m until a key, a signal or the client ends it. The terminal is as before then.
func screen(ctx context.Context, a *app.App, m *model) error {
	options := []tea.ProgramOption{tea.WithInput(a.Stdin), tea.WithOutput(a.Stdout), tea.WithoutSignalHandler(), tea.WithFPS(30)}
	if !a.Live(a.Stdout) {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	p := tea.NewProgram(m, options...)
	stopped := context.AfterFunc(ctx, p.Quit)
	defer stopped()
	if _, err := p.Run(); err != nil {
		return fmt.Errorf("the terminal: %w", err)
	}
	return m.failed
}

// Messages of the model to itself.
type (
	tick     struct{}
	detailed struct{ *snapshot } // with the detail that was asked for
	arrived  struct {
		*snapshot      // nil: there are none any more
		whole     bool // with all that is kept of each payload
	}
)

// next asks for a snapshot.
func (m *model) next() tea.Cmd {
	topic := ""
	if m.open {
		topic = m.selected
	}
	return func() tea.Msg { return arrived{m.ask(keepValue, topic), false} }
}

// wholly asks for one with all payloads, to hold on to.
func (m *model) wholly() tea.Msg { return arrived{m.ask(keepPayload, ""), true} }

func soon() tea.Cmd {
	return tea.Tick(refresh, func(time.Time) tea.Msg { return tick{} })
}
