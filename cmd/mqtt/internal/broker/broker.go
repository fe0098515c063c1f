// Package broker is the command `mqtt broker`.
package broker

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/internal/mochiend"
)

// options are the flags.
type options struct {
	bind                  string
	port, wsPort, tlsPort int
	noWS                  bool
	origins               []string
	cert, key             string
	username, password    string
	passwordFile          string
	verbose               bool
}

// Command makes `mqtt broker`.
func Command(a *app.App) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "broker",
		Short:   "Run an MQTT server, for development",
		GroupID: app.GroupTalk,
		Long: `broker runs a server until it is interrupted. It prints the URLs of the server once they can be used. Without a user name
anybody who reaches it may do everything, which is why it listens on this machine alone unless --bind says otherwise.

It is mochi-mqtt, built in: MQTT 5.0, 3.1.1 and 3.1, all QoS, retained messages, wills, sessions, shared subscriptions, $SYS.
It is made for development: all is in memory and gone at its end, there are no rights by topic, it drops messages for a
subscriber that has 65536 of them waiting, and it can't be one of several servers. To a subscriber of MQTT 5.0 with a Receive
Maximum below 65535 it may lose messages of QoS 1 and 2, and even get stuck. For anything that matters run another one.`,
		Example: `  mqtt broker
  mqtt broker --port 0 --no-ws --verbose
  mqtt broker --bind 0.0.0.0 --username alice --password-file secret.txt`,
		Annotations:       app.NoProfile,
		Args:              app.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), a) },
	}
	f := cmd.Flags()
	f.StringVar(&o.bind, "bind", "127.0.0.1", "address to listen on; 0.0.0.0 or :: for all that the machine has")
	f.IntVarP(&o.port, "port", "p", 1883, "port for mqtt://; 0 for a free one")
	f.IntVar(&o.wsPort, "ws-port", 8083, "port for ws://; 0 for a free one")
	f.BoolVar(&o.noWS, "no-ws", false, "don't listen for WebSocket")
	f.StringArrayVar(&o.origins, "ws-origin", nil, "host of pages that may connect beside this machine's, as in app.example.org or *")
	f.IntVar(&o.tlsPort, "tls-port", 8883, "port for mqtts://, with --tls-cert; 0 for a free one")
	f.StringVar(&o.cert, "tls-cert", "", "PEM file of the server's certificate: listen for mqtts:// too")
	f.StringVar(&o.key, "tls-key", "", "PEM file of its key")
	f.StringVarP(&o.username, "username", "u", "", "user name that clients have to give, with the password")
	f.StringVarP(&o.password, "password", "P", "", "its password; others can see a command line, so rather MQTT_PASSWORD or --password-file")
	f.StringVar(&o.passwordFile, "password-file", "", "file that holds the password; a line feed at its end isn't part of it")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "tell on standard error of each connection, subscription and message")
	return cmd
}

// room is for how many messages a subscriber may be behind. mochi drops what is more.
const room = 1 << 16

func (o *options) run(ctx context.Context, a *app.App) error {
	login, err := o.login(a)
	if err != nil {
		return err
	}
	doors, err := o.open(a)
	if err != nil {
		return err
	}
	defer doors.close()
	server := mochi.New(&mochi.Options{Logger: logger(a)})
	server.Options.Capabilities.MaximumClientWritesPending = room
	server.Options.Capabilities.MaximumInflight = room - 1
	server.Options.Capabilities.MaximumMessageExpiryInterval = 0 // else each message is given one
	entrance := mochiend.New("tcp", doors.tcp)
	diary := &diary{a: a, verbose: o.verbose || a.Debug, packets: a.Debug}
	for _, hook := range []mochi.Hook{login, diary, &mochiend.NoWindow{From: room - 1}} {
		if err := server.AddHook(hook, nil); err != nil {
			return err
		}
	}
	if err := server.AddListener(entrance); err != nil {
		return err
	}
	if err := server.Serve(); err != nil {
		return err
	}
	serving := doors.serve(server, entrance)
	_, err = fmt.Fprintln(a.Output(), strings.Join(doors.urls, "\n"))
	if err == nil {
		o.warn(a)
		<-ctx.Done()
	}
	doors.close()
	entrance.End(server)
	serving.Wait()
	if n := diary.dropped.Load(); n > 0 {
		a.Say("mqtt: %d messages were dropped, for subscribers that were too slow", n)
	}
	return err
}

func (o *options) warn(a *app.App) {
	if o.username == "" && !local(o.bind) {
		a.Say("mqtt: anybody who reaches this machine may use the server; --username with --password-file keeps others out")
	}
}

// logger has mochi's own words, with --debug alone: what matters of them is told in ours.
func logger(a *app.App) *slog.Logger {
	if !a.Debug {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(a.Stderr, nil))
}

// login is what clients have to say of themselves.
func (o *options) login(a *app.App) (*login, error) {
	way, err := a.Choose("what the password is", "password", "password-file")
	if err != nil {
		return nil, err
	}
	password := []byte(o.password)
	if way == "password-file" {
		if password, err = app.PasswordFile(o.passwordFile); err != nil {
			return nil, err
		}
	}
	switch {
	case o.username == "" && len(password) > 0:
		return nil, app.Usage("a password needs --username")
	case o.username != "" && len(password) == 0:
		return nil, app.Usage("--username needs --password-file, or MQTT_PASSWORD")
	}
	return &login{username: o.username, password: password}, nil
}
