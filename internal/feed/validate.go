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
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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
	case (c.User != "" || c.Password != "") && transport != HTTP && transport != MQTT:
		return "password", "only http and mqtt have one"
	case (len(c.Topics) > 0 || c.QoS != 0 || c.ClientID != "" || c.KeepAlive != 0) && transport != MQTT:
		return "topics", "only mqtt subscribes"
	case c.TLS != nil && transport != TLS && transport != TLSServer && transport != HTTP && transport != MQTT:
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
	case MQTT:
		return c.broker()
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
	return t == PCAP || slices.Contains([]Content{ContentBeast, ContentNMEA, ContentReadsb, ContentCatcher, ContentSignalK}, c)
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

const (
	maxTopics = 16
	maxTopic  = 256 // octets of a topic, user name or client
)

func (c Config) broker() (key, what string) {
	u, err := url.Parse(c.Addr)
	switch { // the URL itself is not repeated: a password may stand in it
	case err != nil || u.Hostname() == "" || u.Port() == "" || u.Scheme != "mqtt" && u.Scheme != "mqtts" || u.Path != "" || u.RawQuery != "":
		return "addr", "want mqtt://host:port or mqtts://host:port"
	case u.User != nil:
		return "addr", "a URL has no password in it; give user and password_file"
	case c.Password != "" && u.Scheme != "mqtts" && !loopback(u.Hostname()):
		return "addr", "a password goes over mqtts:// only, or to this machine"
	case c.Password != "" && c.User == "":
		return "user", "a password needs one"
	case u.Scheme == "mqtts" && c.TLS == nil:
		return "kind", "no TLS configuration" // a bug in the caller
	case u.Scheme == "mqtt" && c.TLS != nil:
		return "addr", "certificates are for mqtts://"
	case c.Path != "":
		return "path", "a feed over the network has none"
	case len(c.Topics) == 0 || len(c.Topics) > maxTopics:
		return "topics", "want 1 to 16"
	case slices.ContainsFunc(c.Topics, badTopic):
		return "topics", "a topic has 1 to 256 octets, # only at its end and + only as a whole level"
	case c.QoS > 1:
		return "qos", "want 0 or 1"
	case c.ClientID == "" || badText(c.ClientID) || badText(c.User):
		return "client_id", "want 1 to 256 octets of text"
	case c.KeepAlive < 0 || c.KeepAlive > time.Hour:
		return "keep_alive", "want up to an hour"
	}
	return "", ""
}

func badText(s string) bool {
	return len(s) > maxTopic || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl)
}

// badTopic reports whether s is no topic filter (MQTT 3.1.1, 4.7.1).
func badTopic(s string) bool {
	if s == "" || badText(s) {
		return true
	}
	levels := strings.Split(s, "/")
	for i, l := range levels {
		if strings.Contains(l, "+") && l != "+" || strings.Contains(l, "#") && (l != "#" || i < len(levels)-1) {
			return true
		}
	}
	return false
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
