// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"time"
)

// Bounds of a configuration.
const (
	minEvery = time.Second
	maxEvery = time.Hour
	maxRate  = 1e6
)

// Validate reports the first thing that is wrong with c.
func (c Config) Validate() error {
	if c.Name == "" {
		return errors.New("feed without a name")
	}
	if key, what := c.Problem(); what != "" {
		return fmt.Errorf("feed %s: %s: %s", c.Name, key, what)
	}
	return nil
}

// Problem says what is wrong with c, and under which key of a configuration; ""
// is nothing.
func (c Config) Problem() (key, what string) {
	content, transport, ok := c.Kind.Split()
	switch {
	case !ok:
		return "kind", fmt.Sprintf("%q is unknown", c.Kind)
	case c.Marks && !marked(content, transport):
		return "time_marks", fmt.Sprintf("%s has none", c.Kind)
	case c.Retry < 0:
		return "retry", "negative pause"
	case !(c.MaxRate >= 0 && c.MaxRate <= maxRate):
		return "max_rate", "want 0 to 1000000 frames a second"
	case c.Stale < 0:
		return "stale", "negative time"
	case c.Follow && transport != File:
		return "follow", "only a file is followed"
	case c.Interface != "" && transport != Multicast:
		return "interface", "only a multicast has one"
	case c.Port != 0 && transport != PCAP:
		return "port", "only a pcap has one"
	case c.Baud != 0 && transport != Serial:
		return "baud", "only a serial line has one"
	case c.MaxRate != 0 && transport.Once():
		return "max_rate", "a file is taken as fast as it goes; what is dropped would shift what a restart passes over"
	case c.Every != 0 && transport != HTTP:
		return "every", "only http asks"
	case (c.User != "" || c.Password != "") && transport != HTTP:
		return "password", "only http has one"
	case c.TLS != nil && transport != TLS && transport != TLSServer && transport != HTTP:
		return "kind", fmt.Sprintf("%s has no TLS", c.Kind)
	case c.TLS != nil && c.TLS.InsecureSkipVerify:
		return "ca", "the other side's certificate is always checked" // a bug in the caller
	}
	switch transport {
	case TCP, TLS, TCPServer, TLSServer, UDP, Multicast:
		return c.network(transport)
	case File, PCAP:
		return c.local()
	case Serial:
		if !slices.Contains(Bauds(), c.Baud) {
			return "baud", fmt.Sprintf("want one of %v", Bauds())
		}
		return c.local()
	case HTTP:
		return c.remote()
	}
	switch {
	case c.Addr != "" || c.Path != "":
		return "addr", "what is piped in has none"
	case c.Stdin == nil:
		return "kind", "nothing is piped in"
	}
	return "", ""
}

func marked(c Content, t Transport) bool {
	return t == PCAP || c == ContentBeast || c == ContentNMEA
}

func (c Config) network(t Transport) (key, what string) {
	host, port, err := net.SplitHostPort(c.Addr)
	switch {
	case err != nil:
		return "addr", fmt.Sprintf("%q: want host:port", c.Addr)
	case host == "":
		return "addr", fmt.Sprintf("%q names no host", c.Addr)
	case port == "":
		return "addr", fmt.Sprintf("%q names no port", c.Addr)
	case c.Path != "":
		return "path", "a feed over the network has none"
	case t == TLSServer && (c.TLS == nil || len(c.TLS.Certificates) == 0):
		return "cert", "who listens needs a certificate and its key"
	case t == TLS && c.TLS == nil:
		return "kind", "no TLS configuration" // a bug in the caller
	}
	if t == Multicast {
		if ip, err := netip.ParseAddr(host); err != nil || !ip.IsMulticast() {
			return "addr", fmt.Sprintf("%q is no multicast group", host)
		}
	}
	return "", ""
}

func (c Config) local() (key, what string) {
	switch {
	case c.Path == "":
		return "path", "name a file"
	case c.Addr != "":
		return "addr", "a file has none; give path"
	}
	return "", ""
}

func (c Config) remote() (key, what string) {
	u, err := url.Parse(c.Addr)
	switch { // the URL itself is not repeated: a key may stand in it
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "addr", "want http://host/path or https://host/path"
	case u.User != nil:
		return "addr", "a URL has no password in it; give user and password_file"
	case c.Password != "" && u.Scheme != "https" && !loopback(u.Hostname()):
		return "addr", "a password goes over https:// only, or to this machine"
	case c.Path != "":
		return "path", "a feed over the network has none"
	case c.Every < minEvery || c.Every > maxEvery:
		return "every", "want 1s to 1h"
	}
	return "", ""
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
