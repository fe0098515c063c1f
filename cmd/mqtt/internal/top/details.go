package top

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// detailPage is how many lines of the details there is room for.
func (m *model) detailPage() int { return max(1, m.height-headLines) }

// detailView is the head, and what is known of one topic.
func (m *model) detailView() []string {
	lines := m.detailLines()
	m.scroll = max(0, min(m.scroll, len(lines)-m.detailPage()))
	return append(m.headView(), lines[m.scroll:min(len(lines), m.scroll+m.detailPage())]...)
}

func (m *model) detailLines() []string {
	r := m.detail
	if r == nil {
		return nil
	}
	at := func(t time.Time) string {
		return t.Format("15:04:05.000") + " (" + age(m.now.at.Sub(t)) + " ago)"
	}
	kept := ""
	if len(r.value) < r.size {
		kept = fmt.Sprintf(", the first %d of them here", len(r.value))
	}
	retained := "no"
	if r.retained {
		retained = "yes"
	}
	lines := []string{
		field("topic", app.Printable(r.topic)),
		field("messages", fmt.Sprintf("%d, %s, %s a second", r.count, quantity(float64(r.bytes), "B"), rate(r.rate))),
		field("first", at(r.first)),
		field("last", at(r.last)),
		field("QoS", fmt.Sprintf("%d, retained: %s", r.qos, retained)),
	}
	lines = append(lines, propertyLines(r.properties)...)
	lines = append(lines, field("payload", fmt.Sprintf("%d bytes%s", r.size, kept)), "")
	return append(lines, payloadLines(r.value, len(r.value) == r.size, m.width)...)
}

func field(name, value string) string {
	return bold.Render(fmt.Sprintf("%-16s", name)) + value
}

func propertyLines(p *mqtt.PublishProperties) (lines []string) {
	if p == nil {
		return nil
	}
	if p.ContentType != "" {
		lines = append(lines, field("content type", app.Printable(p.ContentType)))
	}
	if p.PayloadFormatIndicator != 0 {
		lines = append(lines, field("payload format", "UTF-8"))
	}
	if p.MessageExpiryInterval != nil {
		lines = append(lines, field("expiry", p.MessageExpiryInterval.String()))
	}
	if p.ResponseTopic != "" {
		lines = append(lines, field("response topic", app.Printable(p.ResponseTopic)))
	}
	if p.CorrelationData != nil {
		text, _ := oneLine(p.CorrelationData, true)
		lines = append(lines, field("correlation", text))
	}
	for _, u := range p.UserProperties {
		lines = append(lines, field("user property", app.Printable(u.Key)+" = "+app.Printable(u.Value)))
	}
	return lines
}

// payloadLines is a payload over the width of the screen: text as it is, anything else as bytes.
func payloadLines(payload []byte, whole bool, width int) (lines []string) {
	if !isText(payload, whole) {
		dump := strings.TrimSuffix(hex.Dump(payload), "\n")
		return strings.Split(dump, "\n")
	}
	for line := range strings.SplitSeq(string(wholeLetters(payload)), "\n") {
		line = app.Printable(strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", "    "))
		lines = append(lines, strings.Split(ansi.Hardwrap(line, max(width, 1), true), "\n")...)
	}
	return lines
}
