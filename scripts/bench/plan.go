package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/seed-f87006eb/llm/internal/testplan"
	"github.com/seed-f87006eb/llm/plan"
)

// comparePlan sets our arithmetic, and that of another planner, beside what the engine itself
// would take.
func (c *config) comparePlan() error {
	peer := newPeerPlanner()
	defer peer.close()
	for _, group := range []struct {
		name  string
		files func() ([]testplan.File, error)
		peer  *peerPlanner // nil: it is made for real models
	}{
		{"well-known models, and those of the tests, in F16, Q8_0 and Q4_K_M", testplan.Files, peer},
		{"tiny models of every architecture", testplan.TinyFiles, nil},
	} {
		files, err := group.files()
		if err != nil {
			return err
		}
		rows := testplan.Rows(files)
		if c.sample > 0 {
			rows = testplan.Sample(rows, c.sample)
		}
		fmt.Printf("\nPlans beside the engine: %s; %d rows\n", group.name, len(rows))
		if err := c.comparePlanners(rows, group.peer); err != nil {
			return err
		}
	}
	if times := peer.micros; len(times) > 0 {
		fmt.Printf("\n%-44s %9.1f us a plan, median of %d\n", peer.name, median(times), len(times))
	}
	return c.timePlans()
}

func (c *config) comparePlanners(rows []testplan.Row, peer *peerPlanner) error {
	var engine testplan.Engine
	defer engine.Close()
	truth := remember(engine.Plan)
	var arithmetic testplan.Arithmetic
	ours, err := testplan.Compare(context.Background(), rows, truth, arithmetic.Plan)
	if err != nil {
		return err
	}
	fmt.Printf("%-38s%s\n", "", testplan.Heading)
	printSummaries("plan", ours, testplan.Main)
	printSummaries("plan, with the host", ours, testplan.Everywhere)
	if peer != nil {
		theirs, err := testplan.Compare(context.Background(), rows, truth, peer.plan)
		if err != nil {
			fmt.Printf("%s: not measured: %v\n", peer.name, err)
		} else {
			printSummaries(peer.name, theirs, testplan.Main)
		}
	}
	printWorst("plan", ours, c.worst)
	return nil
}

// remember asks each row once.
func remember(p testplan.Planner) testplan.Planner {
	type answer struct {
		memory *plan.Memory
		err    error
	}
	known := map[string]answer{}
	return func(ctx context.Context, r testplan.Row) (*plan.Memory, error) {
		a, ok := known[r.String()]
		if !ok {
			a.memory, a.err = p(ctx, r)
			known[r.String()] = a
		}
		return a.memory, a.err
	}
}

// printSummaries prints a line for each setting.
func printSummaries(planner string, results []testplan.Result, place testplan.Place) {
	fmt.Println(planner)
	by := testplan.BySetting(results)
	for _, setting := range slices.Sorted(maps.Keys(by)) {
		if place == testplan.Everywhere && len(by[setting][0].Row.Cell.Setting.Devices) == 0 {
			continue // it is the host alone
		}
		printSummary(setting, testplan.Summarize(by[setting], place))
	}
}

func printSummary(setting string, s testplan.Summary) {
	fmt.Printf("  %-36s%s\n", setting, s)
	if s.Refused+s.Answered+s.Missing > 0 {
		fmt.Printf("    refused by both %d, by the engine alone %d, by the planner alone %d\n", s.Refused, s.Answered, s.Missing)
	}
}

// printWorst names the rows that are furthest off, and those that one refuses alone.
func printWorst(planner string, results []testplan.Result, n int) {
	if n == 0 {
		return
	}
	fmt.Printf("%s: the worst rows, off by\n", planner)
	for _, r := range testplan.Worst(results, testplan.Main, n) {
		fmt.Printf("  %+7.2f%%  %-8s %-8s compute %+7.2f%%  %v\n", 100*r.Off(testplan.Main), exact("weights", r.WeightsSame(testplan.Main)),
			exact("KV", r.KVSame(testplan.Main)), 100*r.ComputeOff(testplan.Main), r.Row)
	}
	for _, r := range results {
		if (r.Truth == nil) != (r.Guess == nil) {
			fmt.Printf("  refused by one alone: %v\n", r.Row)
		}
	}
}

// exact names what is off.
func exact(what string, same bool) string {
	if same {
		return ""
	}
	return what
}
