//go:build integration

package browser

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	random "math/rand/v2"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/examples/browser/site"
	"github.com/sluicemq/sluice/mqtt"
)

// environment is what the script that started the servers has said.
func environment(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	require.NotEmpty(t, value, "%s isn't set: run these tests by make integration", name)
	return value
}

// control starts or stops mosquitto.
func control(t *testing.T, action string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), environment(t, "MQTT_CONTROL"), action).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// outside is a client that is no page's. Its session is durable: over a restart mosquitto keeps no other.
type outside struct {
	*testing.T
	*mqtt.Client
}

func connect(t *testing.T) *outside {
	client, err := mqtt.Connect(t.Context(), environment(t, "MQTT_TCP"), mqtt.Config{
		ClientID: "outside" + rand.Text(), Session: mqtt.SessionDurable, SessionExpiry: patience,
	})
	require.NoError(t, err)
	t.Cleanup(func() { client.Abort() })
	_, err = client.Subscribe(t.Context(), mqtt.Subscription{Filter: "sluice/chat", QoS: mqtt.ExactlyOnce, NoLocal: true})
	require.NoError(t, err)
	return &outside{t, client}
}

// hears takes the next message of the chat.
func (o *outside) hears(from, text string, qos int) {
	o.Helper()
	var m *mqtt.Received
	select {
	case m = <-o.Messages():
	case <-time.After(patience / 2):
	}
	require.NotNil(o, m, "%q didn't come", text)
	require.Equal(o, text, string(m.Payload))
	require.EqualValues(o, qos, m.QoS)
	require.Equal(o, []mqtt.UserProperty{{Key: "from", Value: from}}, m.Properties.UserProperties)
}

func (o *outside) say(from, text string, qos int) {
	o.Helper()
	require.NoError(o, o.Publish(o.Context(), mqtt.Message{
		Topic: "sluice/chat", Payload: []byte(text), QoS: mqtt.QoS(qos),
		Properties: &mqtt.PublishProperties{UserProperties: []mqtt.UserProperty{{Key: "from", Value: from}}},
	}))
}

// retain has the server keep a value for who comes later.
func (o *outside) retain(value string) {
	ctx := context.WithoutCancel(o.Context())
	require.NoError(o, o.Publish(ctx, mqtt.Message{Topic: "sluice/chart", Payload: []byte(value), QoS: mqtt.AtLeastOnce, Retain: true}))
}

// draw publishes values as a sensor would, always the same ones.
func (o *outside) draw() (last string) {
	o.Helper()
	noise := random.New(random.NewPCG(1, 2))
	for i := range 240 {
		angle := float64(i) / 18
		last = fmt.Sprintf("%.1f", 21+3*math.Sin(angle)+1.4*math.Sin(angle*2.7)+0.5*noise.Float64())
		require.NoError(o, o.Publish(o.Context(), mqtt.Message{Topic: "sluice/chart", Payload: []byte(last)}))
	}
	require.NoError(o, o.Publish(o.Context(), mqtt.Message{Topic: "sluice/chart", Payload: []byte("not a number")}))
	return last
}

func TestThePageInChromium(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	pages, err := site.Build(ctx)
	require.NoError(t, err)
	web := httptest.NewServer(pages)
	t.Cleanup(web.Close)

	other := connect(t)
	other.retain("21.0") // what the page hears first
	t.Cleanup(func() { other.retain("") })
	p := open(t, web.URL+"/?server="+url.QueryEscape(environment(t, "MQTT_WS")))
	p.state("connected")
	p.until(`document.getElementById("value").innerText === "21.0"`)
	p.do(chromedp.SetValue(chromedp.CSS("#name"), "ada"))

	for qos, text := range []string{"is the pump running again?", "how warm is the water?", "then open the sluice"} {
		p.say(text, qos)
		other.hears("ada", text, qos)
		p.hears("ada", text, qos)
	}
	p.until(`document.getElementById("outcome").innerText.startsWith("QoS 2: done after")`)
	for qos, text := range []string{"running since noon", "21 degrees, and rising", "open"} {
		other.say("pump-7", text, qos)
		p.hears("pump-7", text, qos)
	}
	last := other.draw()
	p.until(`document.getElementById("value").innerText === %q`, last)

	control(t, "stop")
	p.state("reconnecting")
	p.say("are you still there?", 2)
	control(t, "start")
	p.state("connected")
	other.hears("ada", "are you still there?", 2)
	p.hears("ada", "are you still there?", 2)
	other.say("pump-7", "the server is back", 1)
	p.hears("pump-7", "the server is back", 1)

	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	require.NoError(t, judge(picture))
	if os.Getenv("SLUICE_PICTURE") != "" {
		require.NoError(t, os.WriteFile(kept, picture, 0o644))
	}
	t.Logf("program %d bytes, sent as %d; running after %s, first message after %s",
		pages.Size, pages.Compressed, p.text("#started"), p.text("#first"))
}
