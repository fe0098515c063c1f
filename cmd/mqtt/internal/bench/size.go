package bench

import (
	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// A packet of MQTT has 256 MiB at most (§2.1.4). besides is what it has beside the payload, at most: a topic and some properties.
const (
	mostSize = 256<<20 - besides
	besides  = 1 << 20
)

func (o *options) checkSize() error {
	if o.size < 0 || o.size > mostSize {
		return app.Usage("--size %d: a payload has 0 to %d bytes", o.size, mostSize)
	}
	if !o.comesBack() {
		return nil
	}
	if o.size < stampSize {
		return app.Usage("--size %d: bench %s needs payloads of %d bytes at least, for the numbers and times that it counts by", o.size, o.work, stampSize)
	}
	if most := o.conn.MaxPacketSize; most > 0 && o.size >= most {
		return app.Usage("--size %d: with --max-packet-size %d no message would come back", o.size, most)
	}
	return nil
}

// comesBack says whether the messages are received, too.
func (o *options) comesBack() bool { return o.work == "e2e" || o.work == "rtt" }

// room gives the client the room that messages of this size take, where they are larger than others are.
func (o *options) room(cfg *mqtt.Config) {
	packet := o.size + besides
	if cfg.MaxPacketSize == 0 && o.comesBack() {
		cfg.MaxPacketSize = packet
	}
	cfg.Outbox.Bytes = max(64<<20, 2*packet)
	cfg.InboxHard.Bytes = cfg.Outbox.Bytes
}
