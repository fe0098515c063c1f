module github.com/sluicemq/sluice/bench

go 1.26

require (
	github.com/mochi-mqtt/server/v2 v2.7.9
	github.com/sluicemq/sluice v0.0.0
	go.uber.org/goleak v1.3.0
)

replace github.com/sluicemq/sluice => ..
