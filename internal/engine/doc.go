// Package engine owns loaded models: one goroutine holds a model's context and
// serves requests in the order in which they came, with prefix reuse, context
// policies, cancellation, stop strings and detokenizing.
//
// It must not know any wire format, read flags or the environment, or print.
package engine
