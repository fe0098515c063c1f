// Package docs holds the tests of the documents that people read: the code in them compiles, what they name and link to is
// there, and the list for who comes from MQTT.js is whole. It has no code for programs.
package docs
