//go:build integration

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// written puts lines, or several between semicolons in one, on a tape, and reads it.
func written(t *testing.T, lines ...string) []record {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tape")
	text := strings.ReplaceAll(strings.Join(lines, ";"), ";", " .\n") + " .\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	records, err := readTape(path)
	require.NoError(t, err)
	return records
}

const (
	life1 = "life 1;received CONNACK 0 false 0/0/0 false;resumed"
	life2 = "life 2;received CONNACK 0 false 0/0/0 false;resumed"
	anew  = "received CONNACK 0 false 0/0/0 false;resumed" // on another connection of the same process

	sent    = "sent PUBLISH 7 false 2/5/1 false"
	resent  = "sent PUBLISH 7 false 2/5/1 true"
	pubrec  = "received PUBREC 7 false 0/0/0 false"
	pubrel  = "sent PUBREL 7 false 0/0/0 false"
	pubcomp = "received PUBCOMP 7 false 0/0/0 false"
	stored  = "noted 2/5/1 false false"
)

func TestThePublisherIsJudged(t *testing.T) {
	for _, c := range []struct{ name, tape, complaint string }{
		{"all is well", life1 + ";" + sent + ";" + stored + ";" + pubrec + ";" + pubrel + ";" + pubcomp, ""},
		{"sent again after a crash", life1 + ";" + sent + ";" + life2 + ";" + resent + ";" + pubrec + ";" + pubrel + ";" + pubcomp, ""},
		{"killed before PUBREC was kept", life1 + ";" + sent + ";" + pubrec + ";" + life2 + ";" + resent + ";" + pubrec + ";" + pubrel + ";" + pubcomp, ""},
		{"killed before its end was kept", life1 + ";" + sent + ";" + pubrec + ";" + pubrel + ";" + pubcomp + ";" + life2 + ";" + pubrel + ";" + pubcomp, ""},
		{"stored and never sent", life1 + ";" + stored, "no last answer came"},
		{"forgotten after a crash", life1 + ";" + sent + ";" + stored + ";" + life2, "no last answer came"},
		{"twice on one connection", life1 + ";" + sent + ";" + resent + ";" + pubrec + ";" + pubrel + ";" + pubcomp, "twice on one connection"},
		{"after PUBREL", life1 + ";" + sent + ";" + pubrec + ";" + pubrel + ";" + life2 + ";" + resent + ";" + pubrec + ";" + pubrel + ";" + pubcomp, "after its PUBREL"},
		{"after PUBREC", life1 + ";" + sent + ";" + pubrec + ";" + anew + ";" + resent + ";" + pubrec + ";" + pubrel + ";" + pubcomp, "after its answer, by the same process"},
		{"as new", life1 + ";" + sent + ";" + life2 + ";" + sent + ";" + pubrec + ";" + pubrel + ";" + pubcomp, "as new, after a crash"},
		{"identifier in use", life1 + ";" + sent + ";" + strings.Replace(sent, "/5/", "/6/", 1), "of one that has not ended"},
		{"out of order", life1 + ";" + strings.Replace(sent, "7", "8", 1) + ";" + strings.Replace(sent, "/5/", "/4/", 1), "2/4/1 is sent after 2/5/1"},
		{"refused", life1 + ";" + sent + ";" + strings.Replace(pubrec, "false", "true", 1), "with a failure"},
		{"session lost", "life 1;begun;" + sent + ";" + pubrec + ";" + pubrel + ";" + pubcomp, "lost the session"},
	} {
		t.Run(c.name, func(t *testing.T) { requireComplaint(t, c.complaint, judgePublished(written(t, c.tape), true).list) })
	}
}

func requireComplaint(t *testing.T, want string, list []string) {
	t.Helper()
	if want == "" {
		require.Empty(t, list)
		return
	}
	require.Contains(t, strings.Join(list, "\n"), want)
}

const (
	came     = "received PUBLISH 7 false 2/5/1 false"
	cameDup  = "received PUBLISH 7 false 2/5/1 true"
	next     = "received PUBLISH 8 false 2/6/1 false"
	took     = "noted 2/5/1 false false"
	tookNext = "noted 2/6/1 false false"
	tookDup  = "noted 2/5/1 true true"
	rec      = "sent PUBREC 7 false 0/0/0 false"
	rel      = "received PUBREL 7 false 0/0/0 false"
	comp     = "sent PUBCOMP 7 false 0/0/0 false"
	came1    = "received PUBLISH 7 false 1/5/1 false"
	took1    = "noted 1/5/1 false false"
	ack1     = "sent PUBACK 7 false 0/0/0 false"
)

func TestTheConsumerIsJudged(t *testing.T) {
	const byHand, onTake, calm, killed = true, false, true, false
	for _, c := range []struct {
		name         string
		byHand, calm bool
		tape         string
		complaint    string
	}{
		{"all is well", byHand, calm, life1 + ";" + came + ";" + took + ";" + rec + ";" + rel + ";" + comp, ""},
		{"again, and marked", byHand, calm, life1 + ";" + came + ";" + took + ";" + life2 + ";" + cameDup + ";" + tookDup + ";" + rec, ""},
		{"again, and not marked", byHand, calm, life1 + ";" + came + ";" + took + ";" + life2 + ";" + cameDup + ";" + took + ";" + rec, "taken 2 times as new"},
		{"twice on take", onTake, calm, life1 + ";" + came + ";" + took + ";" + life2 + ";" + cameDup + ";" + tookDup + ";" + rec, "taken 2 times, and the server has begun it 1 times"},
		{"out of nothing", byHand, calm, life1 + ";" + came + ";" + took + ";" + tookDup, "taken 2 times, and came 1 times"},
		{"acknowledged too early", byHand, calm, life1 + ";" + came + ";" + rec + ";" + took, "before it was taken"},
		{"acknowledged too early at QoS 1", byHand, calm, life1 + ";" + came1 + ";" + ack1 + ";" + took1, "before it was taken"},
		{"twice at QoS 1", byHand, calm, life1 + ";" + came1 + ";" + took1 + ";" + took1, "taken 2 times as new"},
		{"out of order", byHand, calm, life1 + ";" + came + ";" + next + ";" + tookNext + ";" + took, "2/5/1 was taken after 2/6/1"},
		{"out of order beside kills", byHand, killed, life1 + ";" + came + ";" + next + ";" + tookNext + ";" + took, "and came before it"},
		{"as the server has it", byHand, killed, life1 + ";" + next + ";" + came + ";" + tookNext + ";" + took, ""},
		{"begun twice", byHand, killed, life1 + ";" + came + ";" + took + ";" + rec + ";" + rel + ";" + comp + ";" + came + ";" + took, ""},
		{"identifier in use", byHand, calm, life1 + ";" + came + ";" + strings.Replace(next, "8", "7", 1), "which has not ended"},
		{"acknowledged out of nothing", byHand, calm, life1 + ";" + rec, "which is not in use"},
		{"session lost", byHand, killed, "life 1;begun", "lost the session"},
	} {
		t.Run(c.name, func(t *testing.T) {
			requireComplaint(t, c.complaint, judgeTaken(written(t, c.tape), c.byHand, c.calm).list)
		})
	}
}

func TestTheWitnessIsHeard(t *testing.T) {
	w := newWitness()
	lost, kept := label{2, 1, 1}, label{2, 2, 1}
	require.False(t, w.lost(lost, "c"), "never seen")
	for _, line := range []string{
		"1: Received PUBLISH from p (d0, q2, r0, m1, 'x/2/1/1', ... (5 bytes))",
		"1: Received PUBLISH from p (d0, q2, r0, m2, 'x/2/2/1', ... (5 bytes))",
		"1: Sending PUBLISH to c (d0, q2, r0, m1, 'x/2/1/1', ... (5 bytes))",
	} {
		w.read(line)
	}
	require.False(t, w.lost(lost, "c"), "the server lives")
	w.read("1: Received PUBLISH from p (d1: mosquitto version 2.0.11 starting")
	w.read("2: Sending PUBLISH to c (d1, q2, r0, m2, 'x/2/2/1', ... (5 bytes))")
	require.True(t, w.lost(lost, "c"))
	require.False(t, w.lost(kept, "c"))
	require.Equal(t, 1, w.first[lost])
	require.False(t, w.again(kept, "c"))
	w.read("2: Sending PUBREL to c (m2)")
	w.read("2: Sending PUBREL to c (m2)")
	require.False(t, w.again(kept, "c"))
	w.read("2: Sending PUBLISH to c (d1, q2, r0, m2, 'x/2/2/1', ... (5 bytes))")
	require.True(t, w.again(kept, "c"))
	w.read("2: Sending PUBREL to c (m2)")
	w.read("2: Received PUBCOMP from c (Mid: 2, RC:0)")
	require.NotContains(t, w.to("c").open, "2")
}

func TestATornRecordIsNone(t *testing.T) {
	records := written(t, life1, "noted 2/5/1 fal\n\nlife 2")
	require.Equal(t, "life", records[len(records)-1].what)
	require.Len(t, records, 4)
	path := filepath.Join(t.TempDir(), "tape")
	require.NoError(t, os.WriteFile(path, []byte("noted 2/5/1 fal\nnoted 2/5/1 false false .\n"), 0o600))
	_, err := readTape(path)
	require.ErrorContains(t, err, "follows a record that was cut")
}
