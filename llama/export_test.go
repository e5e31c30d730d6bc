package llama

// ForgetLeak takes a handle that a test lost on purpose out of the count.
func ForgetLeak() { live.Add(-1) }

// KindOf maps the codes of C to errors.
var KindOf = kindOf
