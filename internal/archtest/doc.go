// Package archtest holds the rules of docs/architecture.md as tests. It contains
// nothing else.
package archtest
