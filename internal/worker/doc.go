// Package worker runs a model in a child process, behind the same methods as a model in
// this process, and plans for one behind those of plan.Measurer: nothing that the engine
// does there (an assertion, a segmentation fault, a loop without end, memory without end)
// can take this process down.
//
// The parent's side is Open, Model and Planner, the child's is Serve and Main; between them
// are two pipes with frames of JSON (frame.go, message.go). A child that ended, for
// whatever reason, fails the requests it had, and the next one starts another.
package worker
