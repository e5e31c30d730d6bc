// Package chat is the neutral vocabulary of a conversation: what is asked (Request),
// what comes back (Event), and what can be wrong with either. The engine, its
// child process and remote APIs all speak it; each wire format is a translation
// of it.
//
// It must not know any wire format, any engine or any transport, and imports the
// standard library only.
package chat
