//go:build integration

package browser

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience bounds a whole test: on a busy machine of two cores Chromium may take its time.
const patience = 4 * time.Minute

// page is one in headless Chromium.
type page struct {
	*testing.T
	ctx context.Context
}

// open starts Chromium, and ends it with the test. What the page throws fails the test. Scripts run before the page's own.
func open(t *testing.T, url string, scripts ...string) *page {
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath("chromium"), chromedp.NoSandbox,
		chromedp.WindowSize(1160, 800), chromedp.UserDataDir(t.TempDir()))
	ctx, stop := context.WithTimeout(t.Context(), patience)
	ctx, stopChromium := chromedp.NewExecAllocator(ctx, options...)
	ctx, stopTab := chromedp.NewContext(ctx, chromedp.WithListener(func(event any) { hear(t, event) }))
	t.Cleanup(func() {
		stopTab()
		stopChromium() // waits for the processes
		stop()
	})
	p := &page{t, ctx}
	for _, script := range scripts {
		p.do(before(script))
	}
	p.do(chromedp.Navigate(url))
	return p
}

// before has a script run in each document ahead of its own.
func before(script string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
		_, err = cdp.Call(ctx, t, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return none, err
	}
}

// hear is told of what happens in the page.
func hear(t *testing.T, event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		t.Errorf("the page threw: %+v", e.ExceptionDetails)
	case *runtime.EventConsoleAPICalled:
		for _, word := range e.Args {
			t.Logf("console: %s", word.Value)
		}
	}
}

func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	require.NoError(p, chromedp.Do(p.ctx, actions...))
}

// until waits for an expression of JavaScript to hold.
func (p *page) until(expression string, args ...any) {
	p.Helper()
	expression = fmt.Sprintf(expression, args...)
	_, err := chromedp.Run(p.ctx, chromedp.Poll[bool](expression,
		chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(patience/2)))
	require.NoError(p, err, "%s; the page says:\n%s", expression, p.text("body"))
}

func (p *page) text(selector chromedp.CSS) string {
	text, _ := chromedp.Run(p.ctx, chromedp.Text(selector))
	return strings.TrimSpace(text)
}

// state waits for a state of the connection.
func (p *page) state(word string) {
	p.Helper()
	p.until(`document.getElementById("state").dataset.state === %q`, word)
}

// say fills in the form and sends it.
func (p *page) say(text string, qos int) {
	p.Helper()
	p.do(
		chromedp.SetValue(chromedp.CSS("#qos"), fmt.Sprint(qos)),
		chromedp.SendKeys(chromedp.CSS("#text"), text+"\r"),
	)
}

// hears waits for a line of the chat.
func (p *page) hears(from, text string, qos int) {
	p.Helper()
	p.until(`[...document.querySelectorAll(".message")].filter(m => m.innerText.replace(/\s+/g, " ") === %q).length === 1`,
		fmt.Sprintf("%s %s QoS %d", from, text, qos))
}
