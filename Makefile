SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

FUZZTIME ?= 1m
ARGS ?=

# `./...` sees one module of a workspace, so what concerns all of the code goes through them one by one.
MODULES = modules=$$(go list -m -f '{{.Dir}}')
FORMATTED = unformatted=$$(gofmt -l .) && [ -z "$$unformatted" ] || { printf 'gofmt would change:\n%s\n' "$$unformatted" >&2; exit 1; }

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: demo
demo: ## see the client work, against a server that the program starts itself
	@go run ./examples/demo $(ARGS)

.PHONY: test
test: ## all tests of all modules, with the race detector
	@$(FORMATTED)
	go test -run 'Takes(No)?Memory' $(ARGS) ./mqtt/... # the race detector has pools forget: with it, counts have slack
	$(MODULES)
	for module in $$modules; do
		cd "$$module"
		go vet -tags integration ./...
		go test -race -timeout 10m $(ARGS) ./...
	done
	cd "$(CURDIR)"
	GOOS=js GOARCH=wasm go vet ./mqtt ./mqtt/netx ./mqtt/webstore ./examples/browser/... # make browser runs it

.PHONY: browser
browser: ## the tests of what is built for browsers alone: in Node.js, which has no race detector (installed when missing: root, Debian)
	@command -v node >/dev/null || .ci/install nodejs
	export GOOS=js GOARCH=wasm
	exec=$$(go env GOROOT)/lib/wasm/go_js_wasm_exec
	go test -exec "$$exec" -timeout 5m $(ARGS) ./mqtt/netx
	go test -exec "$$exec" -timeout 5m -run Browser $(ARGS) ./mqtt

.PHONY: conformance
conformance: ## each statement of the specifications against the client; writes docs/conformance.md
	@go test -count=1 $(ARGS) ./mqtt/conformance/ -report "$$PWD/docs/conformance.md"

.PHONY: integration
integration: ## the tests that need a real server or browser; installs mosquitto and Chromium (root, Debian)
	@$(MAKE) --no-print-directory browser
	.ci/chromium $(ARGS) ./mqtt/webstore
	.ci/servers go test -race -count=1 -timeout 10m -tags integration $(ARGS) ./integration/browser/...
	command -v npm >/dev/null || .ci/install npm # for the command of MQTT.js
	cd cmd/mqtt
	../../.ci/servers go test -count=1 -timeout 10m -tags integration -run Integration $(ARGS) . ./internal/sub # its rates are without the race detector
	cd "$(CURDIR)"
	.ci/servers go test -race -count=1 -timeout 20m -tags integration $(ARGS) ./integration/... # not beside the others: each stops servers

.PHONY: picture
picture: ## what the page of examples/browser looks like in Chromium, into docs/browser.png
	@command -v chromium >/dev/null || .ci/install chromium
	SLUICE_PICTURE=1 .ci/servers go test -count=1 -tags integration -run Chromium -v $(ARGS) ./integration/browser/

.PHONY: pictures
pictures: ## what the commands of mqtt look like in a terminal, into docs/cli-*.svg; ARGS="-run TestPictures/top" makes one
	@cd cmd/mqtt
	SLUICE_PICTURES="$(CURDIR)/docs" go test -count=1 -run TestPictures -v $(ARGS) .

.PHONY: bench
bench: ## measure this client beside others, into bench/REPORT.md; with ARGS to standard output, ARGS="-h" for what can be chosen
	@cd bench
	go run . $(or $(ARGS),-report REPORT.md)

.PHONY: micro
micro: ## benchmarks of the parts, beside their code; ARGS="-bench Routes -count 10" chooses as for go test
	@go test -run '^$$' -bench . -benchmem $(ARGS) ./mqtt/...

.PHONY: flood
flood: ## a slow consumer in a flood, within its bound of memory, in two minutes; draws docs/flood.svg
	@cd bench
	go run . -flood ../docs/flood.csv $(ARGS) || broken=$$?
	go run ./draw flood ../docs/flood.csv ../docs/flood.svg
	exit $${broken:-0}

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (1m), little of it for making inputs smaller
	@$(MODULES)
	for module in $$modules; do
		cd "$$module"
		packages=$$(go list ./...)
		for package in $$packages; do
			targets=$$(go test -list '^Fuzz' "$$package") || { echo "$$targets" >&2; exit 1; }
			for target in $$(grep '^Fuzz' <<<"$$targets"); do
				echo "== $$package $$target"
				go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$package"
			done
		done
	done

.PHONY: lint
lint: ## gofmt, go vet, go fix and staticcheck have nothing to say
	@$(FORMATTED)
	$(MODULES)
	staticcheck=$$(GOWORK=off go tool -modfile=tools.mod -n staticcheck) # -modfile and a workspace exclude each other
	for module in $$modules; do
		cd "$$module"
		go vet -tags integration ./...
		go fix -diff -tags integration ./...
		"$$staticcheck" -tags integration ./...
	done

.PHONY: man
man: ## the manual's pages of the mqtt command, and the scripts with which shells complete its lines, into dist
	@export SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct)
	go run ./cmd/mqtt manual dist

.PHONY: soak
soak: ## random faults for a million operations (SLUICE_SOAK)
	@SLUICE_SOAK=$${SLUICE_SOAK:-1000000} go test -race -count=1 -timeout 6h -run TestSoak -v $(ARGS) ./mqtt/

.PHONY: torture
torture: ## stores on disk: processes and a server killed at random, 20,000 numbers at each QoS (SLUICE_TORTURE)
	@SLUICE_TORTURE=$${SLUICE_TORTURE:-20000} .ci/servers go test -race -count=1 -timeout 2h -tags integration -run TestTorture -v $(ARGS) ./integration/

.PHONY: cover
cover: ## how much of the library its own tests run; leaves cover.out
	@go test -coverprofile cover.out -coverpkg ./mqtt/... ./mqtt/...
	go tool cover -func cover.out | tail -n 1
