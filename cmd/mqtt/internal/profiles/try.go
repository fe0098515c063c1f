package profiles

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

func test(a *app.App) *cobra.Command {
	var conn app.Connection
	cmd := &cobra.Command{
		Use:     "test [NAME]",
		Short:   "Connect with a profile, and say what the server can do",
		Long:    "Connects once, with a profile or the one in use, says how long that took and what the server allows, and disconnects. Flags change a profile for this run.",
		Example: "  mqtt ctx add local -h localhost && mqtt ctx test local\n  mqtt ctx test --host localhost --connect-timeout 3",
		Args:    oneName(true),
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				if cmd.Flags().Changed("profile") {
					return app.Usage("--profile and %q both name a profile; give one of them", args[0])
				}
				cmd.Flags().Set("profile", args[0])
			}
			return a.Settle(cmd)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := conn.Config()
			if err != nil {
				return err
			}
			start := time.Now()
			c, err := a.Connect(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			took := time.Since(start)
			ack, _ := c.ConnAck()
			_, err = fmt.Fprintf(a.Output(), "%s: connected in %s; %s\n", reached(c), took.Round(10*time.Microsecond), limits(ack))
			if closed := a.Close(cmd.Context(), c, mqtt.Disconnect{}); err == nil {
				err = closed
			}
			return err
		},
	}
	conn.Flags(a, cmd)
	return cmd
}

// reached is the server that c has connected to, without what is secret in its URL.
func reached(c *mqtt.Client) string {
	for e := range c.Events() {
		if e, ok := e.(mqtt.EventConnected); ok {
			return e.Server
		}
	}
	return "the server"
}

// limits are what a server allows, in words.
func limits(ack mqtt.ConnAck) string {
	parts := []string{
		fmt.Sprintf("MQTT %v", ack.Version),
		fmt.Sprintf("client id %q", ack.ClientID),
		fmt.Sprintf("QoS up to %d", ack.MaximumQoS),
		fmt.Sprintf("packets up to %d bytes", ack.MaximumPacketSize),
		fmt.Sprintf("%d messages under way", ack.ReceiveMaximum),
		fmt.Sprintf("%d topic aliases", ack.TopicAliasMaximum),
	}
	if ack.KeepAlive > 0 {
		parts = append(parts, fmt.Sprintf("keep-alive %v", ack.KeepAlive))
	}
	for _, f := range []struct {
		has  bool
		name string
	}{
		{ack.RetainAvailable, "retained messages"}, {ack.WildcardSubscriptionAvailable, "wildcards"},
		{ack.SharedSubscriptionAvailable, "shared subscriptions"}, {ack.SubscriptionIdentifiersAvailable, "subscription identifiers"},
	} {
		if !f.has && ack.Version == mqtt.V5 {
			parts = append(parts, "no "+f.name)
		}
	}
	return strings.Join(parts, ", ")
}
