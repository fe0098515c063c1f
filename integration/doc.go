// Package integration shows that the client does with real servers what it promises: one suite of behaviours, run against
// mosquitto over TCP and over TLS and against mochi inside the test, in each version of MQTT, at each quality of service.
//
// A page in Chromium shows that a session outlives a reload.
//
// Its tests have the build tag integration and find mosquitto by their environment: `make integration` starts it. Where a
// server deviates from the specification, the test that meets it says how and why.
package integration
