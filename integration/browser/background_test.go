//go:build integration

package browser

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/examples/browser/site"
)

// lateTimers has Go's timers come a minute late, as Chromium does to a page that was in the background for long, and
// remembers what becomes of the connection.
const lateTimers = `{
	const before = globalThis.setTimeout;
	globalThis.setTimeout = (f, delay, ...more) => before(f, String(f).includes("_resume") ? delay + 60_000 : delay, ...more);
	globalThis.states = [];
	document.addEventListener("DOMContentLoaded", () => {
		const state = document.getElementById("state");
		new MutationObserver(() => states.push(state.dataset.state)).observe(state, {attributeFilter: ["data-state"]});
	});
}`

// TestAPageInTheBackgroundStaysConnected: mosquitto gives up after one and a half of the Keep Alive, and looks each 5 s.
func TestAPageInTheBackgroundStaysConnected(t *testing.T) {
	pages, err := site.Build(t.Context())
	require.NoError(t, err)
	web := httptest.NewServer(pages)
	t.Cleanup(web.Close)

	p := open(t, web.URL+"/?keepalive=3s&server="+url.QueryEscape(environment(t, "MQTT_WS")), lateTimers)
	p.state("connected")
	p.until("(globalThis.since ??= performance.now()) + 12_000 < performance.now()")
	states, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("states.join()"))
	require.NoError(t, err)
	require.Equal(t, "connected", states)
}
