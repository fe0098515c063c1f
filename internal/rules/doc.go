// Package rules holds what the code of this repository keeps to and a machine can check, each rule as a test over the
// source tree. It has no code for programs. Every rule stands beside samples of what it refuses, which are tried too: a
// rule that can't fail would be no rule.
package rules
