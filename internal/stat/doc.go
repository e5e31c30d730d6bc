// Package stat is the statistics behind every figure that this project states with its
// uncertainty: quantiles, intervals for means of clusters and for shares, exact paired
// tests, and a test that may be looked at after each observation. Everything is computed
// from the observations alone, with fixed seeds where it resamples, so that the same data
// give the same interval.
//
// It knows nothing of models, and reads and prints nothing.
package stat
