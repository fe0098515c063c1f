// Package browser shows that the client works in a real browser: the page of examples/browser in headless Chromium, against
// mosquitto, with a client outside as the other side.
//
// It is a module of its own for what drives Chromium. Its tests have the build tag integration, and find mosquitto by their
// environment: `make integration` starts it. `make picture` keeps what was seen as docs/browser.png.
package browser
