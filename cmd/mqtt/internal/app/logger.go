package app

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// logger tells warnings, as of certificates that nobody checks, each in a line.
func (a *App) logger() *slog.Logger { return slog.New(warnings{a}) }

type warnings struct{ app *App }

// endOfConnection is what the library says when it ends a connection, which the commands say in their own words.
const endOfConnection = "connection ends"

// Enabled says that there are warnings alone.
func (w warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle writes the line.
func (w warnings) Handle(_ context.Context, r slog.Record) error {
	if r.Message == endOfConnection && !w.app.Debug {
		return nil
	}
	var b strings.Builder
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, ", %s %v", a.Key, a.Value)
		return true
	})
	w.app.Say("mqtt: warning: %s", Printable(strings.Join(strings.Fields(b.String()), " ")))
	return nil
}

// WithAttrs and WithGroup change nothing: the library has neither.
func (w warnings) WithAttrs([]slog.Attr) slog.Handler { return w }

// WithGroup is WithAttrs's neighbour.
func (w warnings) WithGroup(string) slog.Handler { return w }
