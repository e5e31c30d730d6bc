package remote

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

func TestTokenStaysAtItsHost(t *testing.T) {
	c := content{size: 10_000_000}
	var mu sync.Mutex
	seen := map[string][]string{}
	note := func(name string, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[name] = append(seen[name], r.Header.Get("Authorization"))
		if r.Header.Get("Referer") != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("%s is told %v", name, r.Header)
		}
	}
	cdn := start(t, func(w http.ResponseWriter, r *http.Request) {
		note("cdn", r)
		c.serve(w, r)
	})
	hub := start(t, func(w http.ResponseWriter, r *http.Request) {
		note("hub", r)
		if r.URL.Query().Get("again") == "" {
			http.Redirect(w, r, "/other?again=1", http.StatusTemporaryRedirect)
			return
		}
		redirect(cdn+"?X-Signature=secret")(w, r)
	})
	f := open(t, hub+"?session=secret", Options{Token: "secret"})
	same(t, f, c, 0, 100)
	same(t, f, c, 5_000_000, 100)
	if got := fmt.Sprintf("%q", seen); got != `map["cdn":["" ""] "hub":["Bearer secret" "Bearer secret"]]` {
		t.Error(got)
	}
	if f.Requests() != 2 || f.Redirects() != 2 || f.URL() != cdn+"?…" {
		t.Errorf("%d requests, %d redirects, %s", f.Requests(), f.Redirects(), f.URL())
	}
	u := strings.Replace(hub, "://", "://me:pass@", 1)
	seen = map[string][]string{}
	f = open(t, u, Options{})
	if got := fmt.Sprintf("%q", seen); got != `map["cdn":[""] "hub":["Basic bWU6cGFzcw==" "Basic bWU6cGFzcw=="]]` || strings.Contains(f.URL(), "pass") {
		t.Error(got, f.URL())
	}
}

func TestExpiredAddress(t *testing.T) {
	c := content{size: 10_000_000}
	for _, code := range []int{401, 403, 410} {
		var current atomic.Int32
		cdn := start(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("key") != fmt.Sprint(current.Load()) {
				w.WriteHeader(code)
				return
			}
			c.serve(w, r)
		})
		var old atomic.Bool
		f := open(t, start(t, func(w http.ResponseWriter, r *http.Request) {
			if old.Load() {
				redirect(cdn+"?key=0")(w, r)
				return
			}
			redirect(cdn+"?key="+fmt.Sprint(current.Load()))(w, r)
		}), Options{})
		same(t, f, c, 0, 100)
		current.Add(1)
		same(t, f, c, 5_000_000, 100)
		same(t, f, c, 8_000_000, 100)
		if f.Requests() != 4 || f.Redirects() != 2 {
			t.Errorf("%d: %d requests, %d redirects", code, f.Requests(), f.Redirects())
		}
		old.Store(true)
		current.Add(1)
		var s *StatusError
		if _, err := f.ReadAt(make([]byte, 10), 5_000_000); !errors.As(err, &s) || s.Code != code || f.Requests() != 6 {
			t.Errorf("%d: %v, %d requests", code, err, f.Requests())
		}
	}
}

func TestRefusedRedirects(t *testing.T) {
	c := content{size: 1000}
	plain := start(t, c.serve)
	secure := httptest.NewTLSServer(redirect(plain + "?key=secret"))
	defer secure.Close()
	trust := Options{tls: secure.Client().Transport.(*http.Transport).TLSClientConfig.Clone()}
	for name, x := range map[string]struct{ address, words string }{
		"https to http": {secure.URL, "not encrypted"},
		"loop":          {start(t, func(w http.ResponseWriter, r *http.Request) { redirect(r.URL.Path)(w, r) }), "more than 10"},
		"file":          {start(t, redirect("file:///etc/passwd")), "not http or https"},
		"ftp":           {start(t, redirect("ftp://host/file?secret")), "not http or https"},
		"no address":    {start(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(302) }), "no address"},
		"broken address": {start(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://secret:x y/")
			w.WriteHeader(302)
		}), "no address"},
		"no host": {start(t, redirect("https:///secret")), "not http or https"},
	} {
		_, err := Open(t.Context(), x.address, trust)
		if !errors.Is(err, ErrRedirect) || !strings.Contains(err.Error(), x.words) || name != "no host" && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	up := httptest.NewUnstartedServer(http.HandlerFunc(c.serve))
	up.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that is to fail
	up.StartTLS()
	defer up.Close()
	trust.tls = &tls.Config{RootCAs: up.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	same(t, open(t, start(t, redirect(up.URL)), trust), c, 0, 1000)
	if _, err := Open(t.Context(), up.URL+"/?secret", Options{}); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown certificate: %v", err)
	}
}

// TestRefusedAnswersAreLeft: their bodies may have no end.
func TestRefusedAnswersAreLeft(t *testing.T) {
	c := content{size: 10_000_000}
	left := make(chan bool, 2)
	f := open(t, start(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/other":
			w.WriteHeader(404)
		case firstByte(r) > 0:
			w.Header().Set("Location", "/other")
			w.WriteHeader(302)
		default:
			c.serve(w, r)
			return
		}
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		left <- true
	}), Options{})
	if _, err := f.ReadAt(make([]byte, 10), 5_000_000); err == nil {
		t.Error("no error")
	}
	for range 2 {
		select {
		case <-left:
		case <-time.After(20 * time.Second):
			t.Fatal("the connection is still open")
		}
	}
	same(t, f, c, 0, 100)
}

func TestNoServer(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	_, err := Open(t.Context(), s.URL+"/?key=secret", Options{})
	if err == nil || !strings.Contains(err.Error(), "check the address") || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}
