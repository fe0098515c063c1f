module github.com/sluicemq/sluice/bench

go 1.26

require github.com/sluicemq/sluice v0.0.0

replace github.com/sluicemq/sluice => ..
