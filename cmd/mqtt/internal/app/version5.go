package app

import (
	"github.com/sluicemq/sluice/mqtt"
)

// WantV5 refuses a -V below 5 for what only MQTT 5.0 has, as in "requests and answers".
func WantV5(cfg *mqtt.Config, what string) error {
	if cfg.Version != mqtt.VersionAuto && cfg.Version != mqtt.V5 {
		return Usage("%s need MQTT 5.0; leave -V away, or give -V 5", what)
	}
	return nil
}

// HasV5 is nil when c's connection is of MQTT 5.0.
func HasV5(c *mqtt.Client, what string) error {
	if ack, _ := c.ConnAck(); ack.Version != mqtt.V5 {
		return Fail(ExitFailed, "%s need MQTT 5.0, and the server speaks %s; give another server", what, ack.Version)
	}
	return nil
}
