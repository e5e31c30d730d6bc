// Package task measures what a level of quantization does to what a model can do: cases
// with known answers, generated or a user's own, which a reference and a level both answer.
// A case that one gets right and the other wrong is a flip; a paired test over the flips says
// whether the level is worse, the same, better, or whether there is not enough data.
//
// [Generate] makes cases, [ReadSuite] reads them, [Run] has an [Answerer] answer them,
// [Compare] judges. docs/tasks.md has the kinds, the format of suites, and the rules.
//
// The package knows no engine and opens no files. Everything generated comes from words and
// patterns of its own and from a seed: the same seed gives the same cases everywhere.
package task
