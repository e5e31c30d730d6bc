package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const maxRedirects = 10

// fetch asks for the bytes from first to last, or to the end where last is negative. It
// goes to where redirects led before; where that refuses, as a signed address that
// expired does, the original is asked again, once. Some addresses are signed for one
// range only, so the original is asked for the same range.
func (f *File) fetch(first, last int64) (*body, error) {
	if first > 0 && f.version.validator() == "" {
		return nil, ErrNoValidator
	}
	ctx, cancel := context.WithCancelCause(f.ctx)
	f.requests.Add(1)
	target := f.target.Load()
	resp, at, err := f.follow(ctx, target, first, last)
	if err == nil && *target != *f.original && slices.Contains([]int{401, 403, 410}, resp.StatusCode) {
		resp.Body.Close()
		f.requests.Add(1)
		resp, at, err = f.follow(ctx, f.original, first, last)
	}
	if err != nil {
		cancel(err)
		return nil, err
	}
	f.target.Store(at)
	b := &body{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, stall: f.opts.StallTimeout, sized: resp.ContentLength >= 0, counter: &f.bytesRead}
	if b.left, err = f.check(resp, first, last); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// follow makes the request and follows its redirects. at is the address that answered.
func (f *File) follow(ctx context.Context, u *url.URL, first, last int64) (resp *http.Response, at *url.URL, err error) {
	for hops := 0; ; hops++ {
		resp, err := f.do(ctx, u, first, last)
		if err != nil {
			return nil, nil, err
		}
		if !slices.Contains([]int{301, 302, 303, 307, 308}, resp.StatusCode) {
			return resp, u, nil
		}
		resp.Body.Close()
		if hops == maxRedirects {
			return nil, nil, fmt.Errorf("%w: more than %d in a row; check the address", ErrRedirect, maxRedirects)
		}
		next, err := resp.Location()
		if err != nil { // it names the address, which may hold a secret
			return nil, nil, fmt.Errorf("%w: the server names no address that can be understood", ErrRedirect)
		}
		if err := redirectAllowed(u, next); err != nil {
			return nil, nil, err
		}
		f.redirects.Add(1)
		u = next
	}
}

func redirectAllowed(from, to *url.URL) error {
	switch {
	case to.Scheme != "http" && to.Scheme != "https", to.Host == "":
		return fmt.Errorf("%w: it leads to %s, which is not http or https", ErrRedirect, redact(to))
	case from.Scheme == "https" && to.Scheme == "http":
		return fmt.Errorf("%w: it leads from https to %s, which is not encrypted", ErrRedirect, redact(to))
	}
	return nil
}

func (f *File) do(ctx context.Context, u *url.URL, first, last int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("the address cannot be used in a request")
	}
	req.Header.Set("User-Agent", "llm")
	req.Header.Set("Accept-Encoding", "identity")
	if u.Scheme == f.original.Scheme && strings.EqualFold(u.Host, f.original.Host) {
		f.authorize(req)
	}
	req.Header.Set("Range", rangeHeader(first, last))
	if v := f.version.validator(); v != "" {
		req.Header.Set("If-Range", v)
	}
	resp, err := f.transport.RoundTrip(req)
	if err == nil {
		return resp, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if e := net.Error(nil); errors.As(err, &e) && e.Timeout() {
		return nil, fmt.Errorf("%w: %w; try again, or give it more time", ErrTimeout, err)
	}
	return nil, fmt.Errorf("%w: %w; check the address and the network", errNoAnswer, err)
}

func (f *File) authorize(req *http.Request) {
	if f.opts.Token != "" {
		req.Header.Set("Authorization", "Bearer "+f.opts.Token)
	} else if user := f.original.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
}

func rangeHeader(first, last int64) string {
	if last < 0 {
		return fmt.Sprintf("bytes=%d-", first)
	}
	return fmt.Sprintf("bytes=%d-%d", first, last)
}
