package compare

// scenario is a row: a situation, and what is expected of each client in it.
type scenario struct {
	name  string
	done  string    // what is done, as the document says it
	words []meaning // that may come out; the first is the good one
	want  []string  // for each of clients; leftOut where it isn't played
	alone bool      // it counts what is in the whole process
	play  func(*cell) string
}

// meaning explains a word.
type meaning struct{ word, means string }

// leftOut is for a cell whose outcome depends on the speed of the machine.
const leftOut = "–"

// scenarios are the rows, in their order.
var scenarios = []scenario{
	handlerPublishes, handlerPublishesBeforeFlood,
	stalledAtMostOnce, stalledAtLeastOnce,
	hangingUp,
	slowConsumer, slowConsumerInFlood,
	acknowledgedBackwards,
	expiredOffline,
	forgottenSubscription,
	closedByConsumer, leftWhenConnected, leftWhenOffline,
}
