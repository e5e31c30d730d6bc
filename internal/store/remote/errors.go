package remote

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

var (
	ErrNoRanges    = errors.New("the server cannot send parts of a file: download the file first")
	ErrBadRange    = errors.New("the server sent other bytes than it was asked for")
	ErrChanged     = errors.New("the file changed while it was read")
	ErrNoValidator = errors.New("the server does not say which version of the file it sends (no ETag, no Last-Modified), so two answers could be of two files: download the file first")
	ErrEncoded     = errors.New("the server sent the file in an encoding that was not asked for")
	ErrRedirect    = errors.New("a redirect was not followed")
	ErrTimeout     = errors.New("the server is too slow")
	ErrWebPage     = errors.New("this is a web page, not a file")
	ErrTooLong     = errors.New("too much of the front is asked for")
)

// errNoAnswer is a connection that failed before an answer came.
var errNoAnswer = errors.New("no answer from the server")

// StatusError is an answer with a status other than success.
type StatusError struct {
	Code   int    // such as 404
	Remedy string // what to do
	Said   string // the server's own reason, or ""
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("the server answered %d %s: %s", e.Code, http.StatusText(e.Code), e.Remedy)
	if e.Said != "" {
		s += fmt.Sprintf(" (it says %q)", e.Said)
	}
	return s
}

func statusError(resp *http.Response, token bool) error {
	e := &StatusError{Code: resp.StatusCode, Said: clip(resp.Header.Get("X-Error-Message"))} // model hubs say it there
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized && token:
		e.Remedy = "it does not accept the token, or there is no such file; check both"
	case code == http.StatusUnauthorized:
		e.Remedy = "give a token; or there is no such file: check the address"
	case code == http.StatusForbidden && token:
		e.Remedy = "the token does not open this file; ask for access on the model's page"
	case code == http.StatusForbidden:
		e.Remedy = "ask for access on the model's page, and give a token"
	case code == http.StatusNotFound, code == http.StatusGone:
		e.Remedy = "there is no such file; check the address, the revision and the name of the file"
	case code == http.StatusProxyAuthRequired:
		e.Remedy = "the proxy wants a name and a password; set them in its address"
	case code == http.StatusTooManyRequests:
		e.Remedy = "wait" + retryAfter(resp) + " and try again"
	case code >= 500:
		e.Remedy = "the server has a problem; try again" + retryAfter(resp) + " later"
	default:
		e.Remedy = "it does not give the file; check the address"
	}
	return e
}

// retryAfter is " 30 s", where the server gives seconds.
func retryAfter(resp *http.Response) string {
	s := resp.Header.Get("Retry-After")
	if _, ok := digits(s); !ok {
		return ""
	}
	return " " + s + " s"
}

func clip(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}
