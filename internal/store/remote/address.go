package remote

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

func parseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil: // it names the address, which may hold a secret
		return nil, errors.New("the address cannot be understood; it must begin with https:// or http://")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("the address must begin with https:// or http://")
	case u.Hostname() == "":
		return nil, errors.New("the address names no host")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// redact is an address for messages. Credentials and the query, where signed addresses
// have their secrets, are left out.
func redact(u *url.URL) string {
	s := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
	if u.RawQuery != "" {
		s += "?…"
	}
	return s
}

// DownloadAddress turns the address of a file's page on the hub huggingface.co
// (…/blob/…) into the one of the file (…/resolve/…). ok is false for any other address.
func DownloadAddress(page string) (address string, ok bool) {
	u, err := parseAddress(page)
	if err != nil || !slices.Contains([]string{"huggingface.co", "www.huggingface.co", "hf.co"}, strings.ToLower(u.Hostname())) {
		return "", false
	}
	// /owner/model/blob/revision/file, and the same behind /datasets or /spaces
	parts := strings.Split(u.EscapedPath(), "/")
	at := 3
	if len(parts) > 1 && (parts[1] == "datasets" || parts[1] == "spaces") {
		at = 4
	}
	if len(parts) < at+3 || parts[at] != "blob" || parts[len(parts)-1] == "" {
		return "", false
	}
	parts[at] = "resolve"
	u.RawPath = strings.Join(parts, "/")
	if u.Path, err = url.PathUnescape(u.RawPath); err != nil {
		return "", false
	}
	return u.String(), true
}
