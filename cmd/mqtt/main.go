// Command mqtt talks to MQTT servers: it publishes, subscribes, measures, copies, records and finds out what is wrong.
//
// `mqtt help` lists its commands, `mqtt help topics` is a short cook-book.
package main

import (
	"os"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/bench"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/broker"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/completion"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/copier"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/decode"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/doctor"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/help"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/manual"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/match"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/profiles"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/pub"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/record"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/replay"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/reply"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/request"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/retained"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/sub"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/top"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/version"
)

func main() {
	os.Exit(app.Run(os.Args[1:],
		broker.Command,
		decode.Command,
		match.Command,
		reply.Command,
		request.Command,
		completion.Command,
		help.Command,
		help.Topics,
		manual.Command,
		profiles.Command,
		top.Command,
		pub.Command,
		doctor.Command,
		bench.Command,
		retained.Command,
		sub.Command,
		version.Command,
		copier.Command,
		record.Command,
		replay.Command,
	))
}
