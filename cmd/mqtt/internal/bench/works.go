package bench

// works are all that bench can measure.
var works = []kind{
	{
		name: "pub", short: "Publish, and measure until the acknowledgement",
		long: `bench pub publishes and measures from when a message was due until the server's acknowledgement. At QoS 0 there is none: it ends
when the client has taken the message over.`,
		example: "  mqtt bench pub -q 1 --rate 5000 --duration 10\n  mqtt bench pub -q 1 --saturate --count 20000",
		latency: "from when a message was due until its acknowledgement",
		open:    func(b *bench) work { return &pub{bench: b} },
	},
	{
		name: "sub", short: "Subscribe, and count what others publish",
		long: `bench sub subscribes and counts what others publish. Messages that come from bench pub tell their numbers and when they were due: for
these it counts the lost, duplicated and reordered, and measures latencies, which are as good as the two machines' clocks are equal.
Of other messages it only counts how many come. What the server had retained before counts for nothing.
Clients with a shared subscription, as in $share/group/topic, get a part each, so that what is lost, duplicated or reordered can't be
counted.`,
		example: "  mqtt bench sub -t 'mqtt-bench/+' --duration 10\n  mqtt bench sub -t 'sensors/#' --duration 60 --lines",
		latency: "from when a message was due until it was received",
		open:    func(b *bench) work { return &sub{bench: b} },
	},
	{
		name: "e2e", short: "Publish and subscribe, and measure until the message is received",
		long: `bench e2e publishes and subscribes, and measures from when a message was due until a subscriber has it. Each subscriber gets all
messages.`,
		example: "  mqtt bench e2e -q 1 --rate 2000 --duration 10\n  mqtt bench e2e --publishers 10 --subscribers 2 --count 2000 --fail-if 'lost>0'",
		latency: "from when a message was due until a subscriber had it",
		open:    func(b *bench) work { return &e2e{bench: b} },
	},
	{
		name: "conn", short: "Open connections, and measure until CONNACK",
		long: `bench conn opens connections on a schedule, measures from when each was due until the server has accepted it, and holds them for
--duration.`,
		example: "  mqtt bench conn --clients 100 --rate 200 --duration 1\n  mqtt bench conn --clients 200 --saturate --duration 0",
		latency: "from when a connection was due until CONNACK",
		open:    func(b *bench) work { return &conn{bench: b} },
	},
	{
		name: "rtt", short: "Publish to oneself, one message at a time",
		long: `bench rtt publishes a message to its own subscription, waits until it is back, and goes on with the next. Each client has one message
under way. That is a closed loop by its nature: while the server stands still, nothing is sent, so a pause counts once and not for all
messages that a steady stream would have had in it. bench e2e measures those.`,
		example: "  mqtt bench rtt --count 2000\n  mqtt bench rtt -q 1 --duration 10 --fail-if 'p99>50ms'",
		latency: "from publishing a message until it was back",
		open:    func(b *bench) work { return &rtt{bench: b} },
	},
}
