// Package machine is the computer that llm doctor runs on: what the engine and the system
// tell, and each device examined in a process of its own, because a driver may crash, hang
// or keep memory. It judges nothing; that is package doctor's.
package machine
