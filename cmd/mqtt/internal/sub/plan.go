package sub

import (
	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// plan is what the settings come to, before anything is connected.
type plan struct {
	config        mqtt.Config
	subscriptions []mqtt.Subscription
	format        format
	job           *job
	bye           mqtt.Disconnect
}

// inbox is the room for QoS 0 that came faster than it could be written. When it is full, reading from the server waits.
var inbox = mqtt.Bounds{Messages: 65_536, Bytes: 64 << 20}

func (s *settings) plan() (*plan, error) {
	p := new(plan)
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := s.talk(p); err != nil {
		return nil, err
	}
	return p, s.write(p)
}

// talk is what goes to the server.
func (s *settings) talk(p *plan) (err error) {
	if p.subscriptions, err = s.subscriptions(); err != nil {
		return err
	}
	if p.bye, err = s.connection.Properties.Disconnect(); err != nil {
		return err
	}
	if p.config, err = s.connection.Config(); err != nil {
		return err
	}
	if v := p.config.Version; v != mqtt.VersionAuto && v != mqtt.V5 && s.needsV5() != "" {
		return app.Usage("%s needs MQTT 5.0, and --protocol-version says %s", s.needsV5(), s.connection.Version)
	}
	p.config.Ack, p.config.Inbox = mqtt.AckManual, inbox
	return nil
}

// write is what becomes of what comes.
func (s *settings) write(p *plan) error {
	format, ending, language, err := s.format()
	if err != nil {
		return err
	}
	p.format = format
	if language != nil && language.wantsIDs {
		language.ids = watchIDs(&p.config)
	}
	p.job, err = s.job(ending)
	return err
}

// job is where messages are to go.
func (s *settings) job(ending string) (*job, error) {
	switch {
	case s.command != "":
		return s.running(), nil
	case s.dir != "":
		return filing(s.dir, ending)
	}
	return printing(s.app.Output()), nil
}
