// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

func TestLogin(t *testing.T) {
	d := newDesk(t)
	d.users.change("auditor", func(u *store.User) { u.Disabled = true })
	d.users.change("viewer", func(u *store.User) { u.Hash = "$argon2id$v=19$m=8,t=1,p=1$broken" })
	tests := map[string]struct{ name, password string }{
		"a wrong password":       {"officer", "wrong"},
		"an empty password":      {"officer", ""},
		"an endless password":    {"officer", strings.Repeat("x", 2000)},
		"a name that is not":     {"nobody", password},
		"an empty name":          {"", password},
		"an endless name":        {strings.Repeat("x", 300), password},
		"a disabled person":      {"auditor", password},
		"a hash that is broken":  {"viewer", password},
		"a name in another case": {"Officer", password},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, code, cookie := d.tryLogin(tt.name, tt.password, "")
			if status != http.StatusUnauthorized || code != "bad-login" || cookie != nil {
				t.Errorf("got %d %q cookie %v, want 401 bad-login without", status, code, cookie)
			}
		})
	}
	for _, a := range d.journal.acts() {
		if strings.Contains(a, "nobody") || strings.Contains(a, "Officer ") {
			t.Errorf("audit log names what was typed as a name: %q", a)
		}
	}
	w := d.post("/api/login", `{"name":"officer","password":"`+password+`"}`, nil)
	if got := w.Body.String(); w.Code != 200 || got != `{"name":"officer","role":"officer","lang":"ja"}` {
		t.Errorf("good login: got %d %s", w.Code, got)
	}
}

// TestReferenceHash logs in with a hash of the reference implementation of
// Argon2 (test.c: argon2id, t=2, 64 MiB, one lane).
func TestReferenceHash(t *testing.T) {
	d := newDesk(t)
	d.users.change("officer", func(u *store.User) {
		u.Hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	})
	if status, _, _ := d.tryLogin("officer", "password", ""); status != 200 {
		t.Errorf("right password: got %d", status)
	}
	if status, _, _ := d.tryLogin("officer", "differentpassword", ""); status != 401 {
		t.Errorf("wrong password: got %d", status)
	}
}

func TestHashPassword(t *testing.T) {
	a, err := console.HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	b, err := console.HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	if a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=65536,t=2,p=2$") {
		t.Errorf("got %s and %s, want two salts and the parameters in front", a, b)
	}
	if strings.Contains(a, password) {
		t.Error("the hash holds the password")
	}
	for _, bad := range []string{"", strings.Repeat("x", 1025)} {
		if _, err := console.HashPassword(bad); err == nil {
			t.Errorf("password of %d octets is hashed", len(bad))
		}
	}
	if _, err := (console.HashParams{}).Hash(password); err == nil {
		t.Error("no parameters are taken")
	}
}

func TestCheckPassword(t *testing.T) {
	for pass, good := range map[string]bool{
		password: true, "海上風浪大小心慢行注意安": true, "short": false, "aaaaaaaaaaaaaaaa": false, "abababababababab": false,
		"xx officer 27 yy": false, "xx OFFICER 27 yy": false, "kelp forest \xff 27": false, strings.Repeat("kelp7", 300): false,
	} {
		if err := console.CheckPassword("officer", pass); (err == nil) != good {
			t.Errorf("CheckPassword(%.30q) = %v, want good %v", pass, err, good)
		}
	}
}

func FuzzParseHash(f *testing.F) {
	for _, s := range []string{
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=4294967295,t=4294967295,p=255$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=019$m=10,t=1,p=1$00000000000$00000000000000000000000", "$argon2i$v=19$m=8,t=1,p=1$$", "$$$$$", "", "$argon2id$v=19$m=8,t=1,p=1,x$c29tZXNhbHQ$CTFh",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if err := console.ParseHash(s); err == nil && !strings.HasPrefix(s, "$argon2id$v=19$m=") {
			t.Errorf("%q is read as a hash", s)
		}
	})
}

func TestHashesBeyondMeasure(t *testing.T) {
	const tail = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for head, good := range map[string]bool{
		"$argon2id$v=19$m=65536,t=2,p=1": true, "$argon2id$v=19$m=1048576,t=2,p=1": false, "$argon2id$v=19$m=65536,t=99,p=1": false,
		"$argon2id$v=19$m=65536,t=2,p=99": false, "$argon2id$v=16$m=65536,t=2,p=1": false, "$argon2i$v=19$m=65536,t=2,p=1": false,
		"$argon2id$v=19$m=65536,t=0,p=1": false, "$argon2id$v=019$m=65536,t=2,p=1": false, "$argon2id$v=19$m=065536,t=2,p=1": false,
		"$argon2id$v=19$m=65536,t=+2,p=1": false, "$argon2id$v=19$m=65536,t=2,p=0": false, "$argon2id$v=19$m=65536,t=2,p=1,x=1": false,
	} {
		if err := console.ParseHash(head + tail); (err == nil) != good {
			t.Errorf("%s: got %v, want good %v", head, err, good)
		}
	}
}

func TestCookie(t *testing.T) {
	for _, tls := range []bool{false, true} {
		d := newDesk(t, func(c *console.Config) { c.TLS = tls })
		w := d.do("/api/login", ask{
			method: "POST", body: `{"name":"officer","password":"` + password + `"}`, header: map[string]string{"Origin": ""},
		})
		c := w.Result().Cookies()[0]
		if c.Name != "kuroshio_session_tw" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure != tls || c.Path != "/" || c.Domain != "" {
			t.Errorf("TLS %v: cookie %+v", tls, c)
		}
		if len(c.Value) < 26 {
			t.Errorf("token %q is short", c.Value)
		}
		if hsts := w.Header().Get("Strict-Transport-Security"); (hsts != "") != tls {
			t.Errorf("TLS %v: HSTS %q", tls, hsts)
		}
	}
}

func TestSessionEnds(t *testing.T) {
	out := func(t *testing.T, d *desk, c *http.Cookie) {
		t.Helper()
		wantCode(t, "request after the end", d.get("/api/me", c), http.StatusUnauthorized, "unauthenticated")
	}
	t.Run("with logout", func(t *testing.T) {
		d := newDesk(t)
		c := d.login("officer")
		other := d.login("officer")
		w := d.post("/api/logout", `{}`, c)
		if k := w.Result().Cookies(); w.Code != 200 || len(k) != 1 || k[0].MaxAge >= 0 || k[0].Value != "" {
			t.Errorf("logout: %d, cookies %v", w.Code, k)
		}
		out(t, d, c)
		if w := d.get("/api/me", other); w.Code != 200 {
			t.Errorf("the person's other session has ended too: %d", w.Code)
		}
		if got, want := d.journal.acts(), []string{"officer login", "officer login", "officer logout"}; !slices.Equal(got, want) {
			t.Errorf("audited %v, want %v", got, want)
		}
	})
	t.Run("with the next login of the same browser", func(t *testing.T) {
		d := newDesk(t)
		c := d.login("officer")
		w := d.do("/api/login", ask{method: "POST", body: `{"name":"viewer","password":"` + password + `"}`, cookie: c})
		if w.Code != 200 || w.Result().Cookies()[0].Value == c.Value {
			t.Errorf("login: %d, same token %v", w.Code, w.Result().Cookies()[0].Value == c.Value)
		}
		out(t, d, c)
	})
	for name, edit := range map[string]func(*store.User){
		"when the person is disabled": func(u *store.User) { u.Disabled = true },
		"with another password":       func(u *store.User) { u.Hash += "x" },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			c := d.login("officer")
			d.users.change("officer", edit)
			out(t, d, c)
		})
	}
	t.Run("when the person is removed", func(t *testing.T) {
		d := newDesk(t)
		c := d.login("officer")
		delete(d.users.m, "officer")
		out(t, d, c)
	})
	t.Run("never for a token that is made up", func(t *testing.T) {
		d := newDesk(t)
		c := d.login("officer")
		c.Value = strings.Repeat("A", len(c.Value))
		out(t, d, c)
		c.Value = ""
		out(t, d, c)
	})
	t.Run("when nobody uses it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t)
			c := d.login("officer")
			for range 3 {
				time.Sleep(29 * minute)
				if w := d.get("/api/me", c); w.Code != 200 {
					t.Fatalf("within the idle time: %d", w.Code)
				}
			}
			time.Sleep(30 * minute)
			out(t, d, c)
		})
	})
	t.Run("after its lifetime", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t)
			c := d.login("officer")
			for range 13*3 - 1 {
				time.Sleep(20 * minute)
				if w := d.get("/api/me", c); w.Code != 200 {
					t.Fatalf("within the lifetime: %d", w.Code)
				}
			}
			time.Sleep(20 * minute)
			out(t, d, c)
		})
	})
	t.Run("when a person opens too many", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t)
			first, second := d.login("officer"), (*http.Cookie)(nil)
			for i := range 16 {
				time.Sleep(time.Second)
				c := d.login("officer")
				if i == 0 {
					second = c
				}
			}
			out(t, d, first)
			if w := d.get("/api/me", second); w.Code != 200 {
				t.Errorf("second session: %d", w.Code)
			}
		})
	})
}

func TestRoleCountsAtOnce(t *testing.T) {
	d := newDesk(t)
	c := d.login("supervisor")
	d.users.change("supervisor", func(u *store.User) { u.Role = "viewer" })
	wantCode(t, "stop", d.post("/api/command", `{"verb":"stop","partner":"jp"}`, c), http.StatusForbidden, "forbidden")
	d.users.change("supervisor", func(u *store.User) { u.Role = "admiral" })
	wantCode(t, "a role that is not", d.get("/api/picture", c), http.StatusForbidden, "forbidden")
}

// TestStopWithoutStore: a disk that fails must keep nobody from stopping a
// release.
func TestStopWithoutStore(t *testing.T) {
	d := newDesk(t)
	c := d.login("supervisor")
	d.users.fail(errSecret)
	d.journal.err = errSecret
	wantCode(t, "stop", d.post("/api/command", `{"verb":"stop","partner":"jp"}`, c), http.StatusOK, "")
	wantCode(t, "login", d.post("/api/login", `{"name":"officer","password":"`+password+`"}`, nil), http.StatusServiceUnavailable, "store-failed")
	d.users.fail(nil)
	d.journal.err = errSecret
	if status, _, _ := d.tryLogin("supervisor", password, ""); status != 200 {
		t.Errorf("login with a full disk: %d", status)
	}
}

func TestLockout(t *testing.T) {
	const here, there = "192.0.2.1:1000", "198.51.100.1:1000"
	bad := func(d *desk, n int, name, address string) {
		for range n {
			if status, code, _ := d.tryLogin(name, "wrong", address); status != 401 {
				d.t.Errorf("%s from %s: got %d %s, want 401", name, address, status, code)
			}
		}
	}
	locked := func(d *desk, name, address string, want bool) {
		d.t.Helper()
		status, code, _ := d.tryLogin(name, password, address)
		if (code == "locked") != want || want == (status != http.StatusTooManyRequests) {
			d.t.Errorf("%s from %s: got %d %q, want locked %v", name, address, status, code, want)
		}
	}
	tests := map[string]func(d *desk){
		"one person at one address": func(d *desk) {
			bad(d, 5, "officer", here)
			locked(d, "officer", "192.0.2.1:2000", true)
			locked(d, "officer", there, false)
			locked(d, "supervisor", here, false)
			time.Sleep(5*minute - time.Second)
			locked(d, "officer", here, true)
			time.Sleep(time.Second)
			bad(d, 1, "officer", here) // one more try, then it is locked again
			locked(d, "officer", here, true)
			time.Sleep(5 * minute)
			locked(d, "officer", here, false)
		},
		"a success in between": func(d *desk) {
			for range 3 {
				bad(d, 4, "officer", here)
				locked(d, "officer", here, false)
			}
		},
		"failures long ago": func(d *desk) {
			bad(d, 4, "officer", here)
			time.Sleep(15 * minute)
			bad(d, 4, "officer", here)
			locked(d, "officer", here, false)
		},
		"an address that tries many names": func(d *desk) {
			for i := range 30 {
				bad(d, 1, fmt.Sprintf("name-%d", i), here)
			}
			locked(d, "officer", here, true)
			locked(d, "officer", there, false)
		},
		"an address with a login of its own": func(d *desk) {
			for i := range 29 {
				bad(d, 1, fmt.Sprintf("name-%d", i), here)
				if i%10 == 0 {
					locked(d, "viewer", here, false)
				}
			}
			bad(d, 1, "name-29", here)
			locked(d, "viewer", here, true)
		},
		"a name from many addresses": func(d *desk) {
			for i := range 100 {
				bad(d, 1, "officer", fmt.Sprintf("203.0.113.%d:1", i))
			}
			locked(d, "officer", here, true)
			locked(d, "supervisor", here, false)
		},
		"a name that is not": func(d *desk) {
			bad(d, 5, "nobody", here)
			locked(d, "nobody", here, true)
		},
	}
	for name, fn := range tests {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { fn(newDesk(t)) }) })
	}
}

func TestStoreFailureIsNoFailedLogin(t *testing.T) {
	d := newDesk(t)
	d.users.fail(errSecret)
	for range 10 {
		if status, code, _ := d.tryLogin("officer", password, ""); code != "store-failed" {
			t.Fatalf("got %d %s", status, code)
		}
	}
	d.users.fail(nil)
	d.login("officer")
}

func TestThrottleIsBounded(t *testing.T) {
	th := console.NewThrottle()
	for i := range console.MaxTries / 2 { // three entries each
		th.Begin(fmt.Sprintf("name-%d", i), fmt.Sprintf("2001:db8:0:%x::/64", i))
	}
	if th.Len() > console.MaxTries {
		t.Errorf("holds %d entries, want at most %d", th.Len(), console.MaxTries)
	}
	for i := range 5 {
		if !th.Begin("officer", "192.0.2.1") {
			t.Fatalf("attempt %d is refused", i)
		}
	}
	for i := range console.MaxTries {
		th.Begin(fmt.Sprintf("other-%d", i), "192.0.2.9")
	}
	if th.Begin("officer", "192.0.2.1") {
		t.Error("many other names have made it forget a locked person")
	}
}

func TestAddressOf(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:99": "192.0.2.1", "[::ffff:192.0.2.1]:99": "192.0.2.1", "[2001:db8:1:2:3:4:5:6]:99": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:99": "fe80::/64", "pipe": "pipe", "": "",
	} {
		if got := console.AddressOf(remote); got != want {
			t.Errorf("AddressOf(%q) = %q, want %q", remote, got, want)
		}
	}
}
