// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// problem is one thing that is wrong, and where.
type problem struct {
	table string // "node", "feed"
	index int    // which of an array of tables, from 0
	key   string
	what  string
}

func (p *problem) where() string {
	if p.key == "" {
		return p.table
	}
	return p.table + "." + p.key
}

func (c *Config) problem() *problem {
	checks := []func() *problem{c.checkNode, c.checkTime, c.checkConsole, c.checkPartners, c.checkWatch, c.checkMessage, c.checkFeeds, c.checkSensors}
	for _, check := range checks {
		if p := check(); p != nil {
			return p
		}
	}
	return nil
}

func (c *Config) checkNode() *problem {
	if _, err := party.Parse(c.Node.Party); err != nil {
		return &problem{"node", 0, "party", err.Error()}
	}
	if c.Node.Data == "" {
		return &problem{"node", 0, "data", "name a folder"}
	}
	if c.Link.MaxRecords < 100 || c.Link.MaxBytes < 1<<20 {
		return &problem{"link", 0, "max_records", "an outbox holds at least 100 records and 1 MiB"}
	}
	if p := c.checkLink(); p != nil {
		return p
	}
	if c.Link.Listen != "" {
		return address("link", 0, "listen", c.Link.Listen)
	}
	return nil
}

// MaxProtocol is the highest version of the link's protocol that this program
// speaks: link.Protocol, which a test of the node holds.
const MaxProtocol = 2

func (c *Config) checkLink() *problem {
	switch l := &c.Link; {
	case l.MinProtocol < 1 || l.MinProtocol > MaxProtocol:
		return &problem{"link", 0, "min_protocol", fmt.Sprintf("%d: this program speaks 1 to %d", l.MinProtocol, MaxProtocol)}
	case time.Duration(l.Heartbeat) < 10*time.Second || time.Duration(l.Heartbeat) > time.Hour:
		return &problem{"link", 0, "heartbeat", "want 10s to 1h"}
	case !l.Quota.good():
		return &problem{"link", 0, "quota", quotaText}
	}
	return nil
}

const quotaText = "a day's share is at least 100 records and 1 MiB, or 0 for no bound"

func (q Quota) good() bool {
	for _, n := range []int64{q.SentRecords, q.ReceivedRecords} {
		if n < 0 || n > 0 && n < 100 {
			return false
		}
	}
	for _, n := range []int64{q.SentBytes, q.ReceivedBytes} {
		if n < 0 || n > 0 && n < 1<<20 {
			return false
		}
	}
	return true
}

func (c *Config) checkTime() *problem {
	switch c.Time.Mode {
	case "live":
		return nil
	case "stepped":
		if c.Time.Token == "" {
			return &problem{"time", 0, "token", "stepped time needs a file with the conductor's secret"}
		}
		if _, err := time.Parse(time.RFC3339, c.Time.Start); err != nil {
			return &problem{"time", 0, "start", fmt.Sprintf("%q: want the time before the first step, as 2023-08-28T00:00:00Z", c.Time.Start)}
		}
		if !loopback(c.Time.Control) {
			return &problem{"time", 0, "control", "the conductor steps a node over loopback only"}
		}
		return nil
	}
	return &problem{"time", 0, "mode", fmt.Sprintf("%q: want live or stepped", c.Time.Mode)}
}

func (c *Config) checkConsole() *problem {
	if c.Console.Listen != "" {
		if p := address("console", 0, "listen", c.Console.Listen); p != nil {
			return p
		}
		if !loopback(c.Console.Listen) && (c.Console.Cert == "" || c.Console.Key == "") {
			return &problem{"console", 0, "listen", "an address beyond loopback needs cert and key"}
		}
	}
	if c.Admin.Listen != "" {
		return address("admin", 0, "listen", c.Admin.Listen)
	}
	return nil
}

// maxPartners bounds the links of one node.
const maxPartners = 64

func (c *Config) checkPartners() *problem {
	if len(c.Partners) > maxPartners {
		return &problem{"partner", maxPartners, "id", fmt.Sprintf("at most %d partners", maxPartners)}
	}
	seen := []string{c.Node.Party}
	for i, p := range c.Partners {
		if _, err := party.Parse(p.ID); err != nil {
			return &problem{"partner", i, "id", err.Error()}
		}
		if slices.Contains(seen, p.ID) {
			return &problem{"partner", i, "id", fmt.Sprintf("%q stands twice, or is this node itself", p.ID)}
		}
		seen = append(seen, p.ID)
		if p.Quota != nil && !p.Quota.good() {
			return &problem{"partner", i, "quota", quotaText}
		}
		if p.Dial == "" && c.Link.Listen == "" {
			return &problem{"partner", i, "dial", "give an address to dial, or link.listen for it to dial us"}
		}
		if p.Dial != "" {
			if pr := address("partner", i, "dial", p.Dial); pr != nil {
				return pr
			}
		}
	}
	return nil
}

const (
	maxTape      = 366 * 24 * time.Hour
	minTapeBytes = 128 << 20 // two segments
)

func (c *Config) checkWatch() *problem {
	if c.Zones.Pack == "" {
		return &problem{"zones", 0, "pack", "name a pack or a folder"}
	}
	if c.Policy.KeepPast < 0 || c.Policy.KeepPast > Duration(31*24*time.Hour) {
		return &problem{"policy", 0, "keep_past", "want 0s to 744h"}
	}
	if d := time.Duration(c.Tape.Keep); d < 0 || d > maxTape {
		return &problem{"tape", 0, "keep", "want 0s to 8784h"}
	}
	if n := c.Tape.MaxBytes; n != 0 && n < minTapeBytes {
		return &problem{"tape", 0, "max_bytes", fmt.Sprintf("want at least %d, or 0 for no bound", minTapeBytes)}
	}
	if slices.Contains(c.Support.Agreements, "") {
		return &problem{"support", 0, "agreements", "name files"}
	}
	if c.Response.T1 <= 0 || c.Response.T2 <= c.Response.T1 {
		return &problem{"response", 0, "t2", "t1 must be above zero and t2 above t1"}
	}
	return nil
}

// How often a line may be tested: a test asks for a person at the other desk.
const (
	minHotline = 10 * time.Minute
	maxHotline = 7 * 24 * time.Hour
)

const (
	maxContacts = 64
	maxContact  = 120 // characters
)

func (c *Config) checkMessage() *problem {
	if d := time.Duration(c.Message.HotlineEvery); d != 0 && (d < minHotline || d > maxHotline) {
		return &problem{"message", 0, "hotline_every", "want 10m to 168h, or 0 for what rule C04 says"}
	}
	if len(c.Contacts) > maxContacts {
		return &problem{"contact", maxContacts, "party", fmt.Sprintf("at most %d contacts", maxContacts)}
	}
	for i, k := range c.Contacts {
		known := k.Party == c.Node.Party || slices.ContainsFunc(c.Partners, func(p Partner) bool { return p.ID == k.Party })
		switch {
		case !known:
			return &problem{"contact", i, "party", fmt.Sprintf("%q is neither this node nor a partner", k.Party)}
		case k.Text == "" || utf8.RuneCountInString(k.Text) > maxContact || utf8.RuneCountInString(k.Desk) > maxContact:
			return &problem{"contact", i, "text", fmt.Sprintf("say how to reach it, in at most %d characters", maxContact)}
		}
	}
	return nil
}

var sensorID = regexp.MustCompile(`^\d{3}/\d{3}$`)

func (c *Config) checkSensors() *problem {
	for i, s := range c.Sensors {
		if !slices.ContainsFunc(c.Feeds, func(f Feed) bool { return f.Name == s.Feed }) {
			return &problem{"sensor", i, "feed", fmt.Sprintf("no feed is called %q", s.Feed)}
		}
		if key, what := s.Problem(); what != "" {
			return &problem{"sensor", i, key, what}
		}
	}
	return nil
}

// Problem says what is wrong with s, and under which key; "" is nothing.
func (s *Sensor) Problem() (key, what string) {
	switch {
	case !sensorID.MatchString(s.ID):
		return "id", fmt.Sprintf("%q: want SAC/SIC as 025/010", s.ID)
	case !s.Point().Valid():
		return "lat", "position out of bounds"
	case !(s.RangeNM > 0 && s.Period > 0 && s.SigmaRangeM > 0 && s.SigmaAzimuth > 0):
		return "", "range_nm, period, sigma_range_m and sigma_azimuth_deg must be above zero"
	}
	return "", ""
}

func address(table string, index int, key, addr string) *problem {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return &problem{table, index, key, fmt.Sprintf("%q: want host:port", addr)}
	}
	return nil
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}
