package mqtt

import (
	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func actorSubscriptions(subs []Subscription) []actor.Subscription {
	list := make([]actor.Subscription, len(subs))
	for i, s := range subs {
		list[i] = actor.Subscription{
			Subscription: codec.Subscription{
				Filter: s.Filter, QoS: codec.QoS(s.QoS), NoLocal: s.NoLocal, RetainAsPublished: s.RetainAsPublished,
				RetainHandling: byte(s.RetainHandling),
			},
			Identifier:     s.Identifier,
			UserProperties: codecUserProperties(s.UserProperties),
		}
	}
	return list
}

func publicGrant(g *actor.Grant) Grant {
	public := Grant{Filter: g.Filter, QoS: QoS(g.QoS), Code: g.Code}
	if g.Props != nil {
		public.ReasonString = g.Props.ReasonString
		public.UserProperties = publicUserProperties(g.Props.UserProperties)
	}
	return public
}

func publicGrants(list []actor.Grant) []Grant {
	grants := make([]Grant, len(list))
	for i := range list {
		grants[i] = publicGrant(&list[i])
	}
	return grants
}

// publicResult is what the server answered to a message.
func publicResult(o *actor.Outcome) Result {
	r := Result{PacketID: o.ID, Code: o.Code}
	if o.Props != nil {
		r.ReasonString, r.UserProperties = o.Props.ReasonString, publicUserProperties(o.Props.UserProperties)
	}
	return r
}

// subscribeError is the error of a call of which some filters were refused; nil when none was.
func subscribeError(grants []Grant) error {
	e := &SubscribeError{Grants: grants}
	if len(e.refused()) == 0 {
		return nil
	}
	return e
}
