//go:build integration

package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// plainURL is the URL of a mosquitto that lets everybody do everything.
func plainURL(t testing.TB) string {
	t.Helper()
	u := os.Getenv("MQTT_TCP")
	require.NotEmpty(t, u, "run this by .ci/servers")
	return u
}

// mosquittoSub makes a mosquitto_sub for the same server.
func mosquittoSub(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	u, err := url.Parse(plainURL(t))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, "mosquitto_sub", append([]string{"-h", u.Hostname(), "-p", u.Port(), "-V", "mqttv5"}, args...)...)
}

// publisher is a client to publish with.
func publisher(t testing.TB) *mqtt.Client {
	t.Helper()
	c, err := mqtt.Connect(t.Context(), plainURL(t), mqtt.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func put(t testing.TB, c *mqtt.Client, m mqtt.Message) {
	t.Helper()
	require.NoError(t, c.Publish(t.Context(), m))
}

// topic is one that no other test has, nor an earlier run.
func topic(t testing.TB, name string) string {
	return fmt.Sprintf("sub/%d/%s/%s", time.Now().UnixNano(), t.Name(), name)
}

// beside gives what both programs write of the same retained messages.
func beside(t testing.TB, args ...string) (ours, theirs string) {
	t.Helper()
	r := run(t, append([]string{"sub", "--url", plainURL(t)}, args...)...)
	require.Equal(t, 0, r.code, r.stderr)
	out, err := mosquittoSub(t, args...).Output()
	require.NoError(t, err)
	return r.stdout, string(out)
}

// retain publishes messages of every kind below a topic, and gives a filter for them and how many there are.
func retain(t testing.TB) (filter string, count int) {
	c := publisher(t)
	all := []mqtt.Message{
		{Payload: []byte("plain"), QoS: 1},
		{Payload: []byte("\x01\x7f\xc3\xa4\n\"\\/\t\b\f"), QoS: 2},
		{Payload: []byte(`{"a":[1,2,{"b":null}],"c":"d"}`), QoS: 1, Properties: &mqtt.PublishProperties{ContentType: "text/x", ResponseTopic: "r/t",
			CorrelationData: []byte("cd"), PayloadFormatIndicator: 1, UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}, {Key: "k", Value: "w"}}}},
	}
	name := topic(t, "")
	for i, m := range all {
		m.Topic, m.Retain = name+strconv.Itoa(i), true
		put(t, c, m)
	}
	return name + "+", len(all)
}

func TestIntegrationSubFormatBesideMosquitto(t *testing.T) {
	filter, count := retain(t)
	formats := strings.Join([]string{"%t %p %q %r %l %m", "%x|%X|%%|@@|@n|@t", `\\|\0|\a|\e|\n|\r|\t|\v`, "[%A][%C][%D][%F][%P][%R][%S]",
		"[%12A][%012A][%-12A][%-012A]", "[%12C][%-12C][%2.3C][%.3C]", "[%12F][%012F][%-12F]", "[%12R][%-12R][%.1R]", "[%12S][%012S]",
		"[%100t][%-100t][%0100t][%-50.5t][%50.5t][%.5t][%.0t]", "[%50p][%-50p][%050p]", "[%12l][%012l][%-12l][%-012l]", "[%12m][%012m][%-12m]",
		"[%9q][%9r][%9D][%9P][%9%]", "[%E]", "[@Q][@L][@+][@1]"}, "\n")
	for _, qos := range []string{"0", "1", "2"} {
		for i := range count { // of many, mosquitto_sub writes those of QoS 2 later
			ours, theirs := beside(t, "-t", strings.TrimSuffix(filter, "+")+strconv.Itoa(i), "-C", "1", "-q", qos, "-F", formats)
			require.Equal(t, theirs, ours, "QoS %s", qos)
		}
	}
	ours, theirs := beside(t, "-t", filter, "-C", strconv.Itoa(count), "-N", "-F", "%t")
	require.Equal(t, theirs, ours)
	ours, theirs = beside(t, "-t", filter, "-C", strconv.Itoa(count), "-v")
	require.Equal(t, theirs, ours)
}

func TestIntegrationSubTimesBesideMosquitto(t *testing.T) {
	filter, _ := retain(t)
	var formats []string
	for _, c := range "aAbBcCdDeFgGhHIjklmMNpPrRsSTuUVwWxXyYzZ" {
		formats = append(formats, fmt.Sprintf("@%c", c))
	}
	formats = append(formats, "%I", "%U", "[%30I]", "[%-30I]", "[%.4I]")
	digits := regexp.MustCompile(`[0-9 ]`)
	for _, zone := range []string{"UTC", "Asia/Kolkata", "America/St_Johns"} {
		t.Setenv("TZ", zone)
		ours, theirs := beside(t, "-t", filter, "-C", "1", "-F", strings.Join(formats, "|"))
		require.Equal(t, digits.ReplaceAllString(theirs, "9"), digits.ReplaceAllString(ours, "9"), zone)
	}
}

func TestIntegrationSubJSONBesideMosquitto(t *testing.T) {
	filter, count := retain(t)
	ours, theirs := beside(t, "-t", filter, "-C", strconv.Itoa(count), "-q", "1", "-F", "%j")
	require.Equal(t, objects(t, theirs), objects(t, ours))
	ours, theirs = beside(t, "-t", strings.TrimSuffix(filter, "+")+"2", "-C", "1", "-F", "%J")
	require.Equal(t, objects(t, theirs), objects(t, ours))
}

// objects reads lines of JSON. Of their times the form remains.
func objects(t testing.TB, text string) (all []map[string]any) {
	t.Helper()
	digits := regexp.MustCompile(`[0-9]`)
	for line := range strings.Lines(text) {
		o := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(line), &o), line)
		o["tst"] = digits.ReplaceAllString(o["tst"].(string), "9")
		all = append(all, o)
	}
	return all
}

// What was not written comes again, however the process ends.
func TestIntegrationSubLosesNothingWhenKilled(t *testing.T) {
	const count = 500
	c := publisher(t)
	name := topic(t, "killed")
	args := []string{"sub", "--url", plainURL(t), "-t", name, "-c", "-i", "killed" + strconv.Itoa(os.Getpid()), "-q", "1"}
	require.Equal(t, 0, run(t, append(args, "-E")...).code)
	for i := range count {
		_, err := c.PublishAsync(t.Context(), mqtt.Message{Topic: name, QoS: 1, Payload: []byte(strconv.Itoa(i))})
		require.NoError(t, err)
	}
	require.NoError(t, c.Flush(t.Context()))
	got := map[int]bool{}
	runs := 0
	for ; len(got) < count && runs < 200; runs++ {
		p := start(t, args...)
		want := min(len(got)+50, count)
		fresh := func(text string) bool {
			for line := range strings.Lines(text) {
				if n, err := strconv.Atoi(strings.TrimSuffix(line, "\n")); err == nil && strings.HasSuffix(line, "\n") {
					got[n] = true
				}
			}
			return len(got) >= want
		}
		p.stdout.await(t, "new messages", fresh)
		p.cmd.Process.Kill()
		fresh(p.wait().stdout)
	}
	require.Len(t, got, count)
	t.Logf("killed %d times", runs)
}

func TestIntegrationSubOutDirKeepsTheOrder(t *testing.T) {
	const count = 100
	c := publisher(t)
	name := topic(t, "order")
	dir := t.TempDir()
	args := []string{"sub", "--url", plainURL(t), "-t", name, "-c", "-i", "order" + strconv.Itoa(os.Getpid()), "-q", "2", "--out-dir", dir}
	require.Equal(t, 0, run(t, append(args, "-E")...).code)
	var want []string
	for i := range count {
		want = append(want, strconv.Itoa(i))
		put(t, c, mqtt.Message{Topic: name, QoS: 2, Payload: []byte(want[i])})
	}
	require.Equal(t, 0, run(t, append(args, "-C", strconv.Itoa(count))...).code)
	require.Equal(t, want, contents(t, dir))
}
