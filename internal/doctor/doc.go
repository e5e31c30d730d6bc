// Package doctor judges a machine: what was found and measured of its devices (Facts) in,
// what is wrong and what to do about it (Finding) out. It asks a machine through an
// interface and touches nothing itself; package machine is the real one. It also makes the
// model with which devices are compared when a person names none.
package doctor
