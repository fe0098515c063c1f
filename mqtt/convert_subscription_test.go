package mqtt

import (
	"errors"
	"testing"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func TestB172SubscriptionsUnchanged(t *testing.T) {
	require.Equal(t,
		[]actor.Subscription{
			{
				Subscription: codec.Subscription{
					Filter: "a", QoS: codec.AtLeastOnce, NoLocal: true, RetainAsPublished: true, RetainHandling: 2,
				},
				Identifier: 7, UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}},
			},
			{Subscription: codec.Subscription{Filter: "b"}},
		},
		actorSubscriptions([]Subscription{
			{
				Filter: "a", QoS: AtLeastOnce, NoLocal: true, RetainAsPublished: true, RetainHandling: RetainDontSend, Identifier: 7,
				UserProperties: []UserProperty{{"k", "v"}},
			},
			{Filter: "b"},
		}))
}

var answered = []actor.Grant{
	{Filter: "a", QoS: codec.AtLeastOnce, Code: codec.GrantedQoS1},
	{Filter: "b", Code: codec.NotAuthorized, Props: &codec.ReasonProperties{
		ReasonString: "r", UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}},
	}},
	{Filter: "c", Code: codec.QuotaExceeded},
}

func TestB163GrantsPerFilter(t *testing.T) {
	require.Equal(t, []Grant{
		{Filter: "a", QoS: AtLeastOnce, Code: codec.GrantedQoS1},
		{Filter: "b", Code: codec.NotAuthorized, ReasonString: "r", UserProperties: []UserProperty{{"k", "v"}}},
		{Filter: "c", Code: codec.QuotaExceeded},
	}, publicGrants(answered))
}

func TestB169B176RefusedFilters(t *testing.T) {
	grants := publicGrants(answered)
	err := subscribeError(grants)
	require.EqualError(t, err, `server refused 2 of 3 filters: "b": not authorized (0x87), "c": quota exceeded (0x97)`)
	require.ErrorIs(t, err, codec.NotAuthorized)
	require.ErrorIs(t, err, codec.QuotaExceeded)
	require.NotErrorIs(t, err, codec.GrantedQoS1)
	all, ok := errors.AsType[*SubscribeError](err)
	require.True(t, ok)
	require.Equal(t, grants, all.Grants)
	require.NoError(t, subscribeError(grants[:1]))
}

func TestRefusedFiltersAreNamedUpToThree(t *testing.T) {
	err := &SubscribeError{Grants: make([]Grant, 1000)}
	for i := range err.Grants {
		err.Grants[i] = Grant{Filter: "f", Code: codec.UnspecifiedError}
	}
	require.EqualError(t, err, `server refused 1000 of 1000 filters: "f": unspecified error (0x80), `+
		`"f": unspecified error (0x80), "f": unspecified error (0x80)`)
}

func TestB116ResultOfAnOutcome(t *testing.T) {
	require.Equal(t, Result{PacketID: 7, Code: codec.NoMatchingSubscribers}, publicResult(&actor.Outcome{ID: 7, Code: codec.NoMatchingSubscribers}))
	require.Equal(t,
		Result{PacketID: 7, Code: codec.QuotaExceeded, ReasonString: "r", UserProperties: []UserProperty{{"k", "v"}}},
		publicResult(&actor.Outcome{ID: 7, Code: codec.QuotaExceeded, Props: answered[1].Props}))
}
