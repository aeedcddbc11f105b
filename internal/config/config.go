// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package config reads a node's configuration file. It checks everything that
// can be checked without opening a socket and says file, line and what is
// wrong. It starts nothing.
package config

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

// Duration is a time span written as "90s", "10m" or "24h".
type Duration time.Duration

// UnmarshalText reads a Go duration.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// Config is a node's configuration. Relative paths are resolved against the
// file's folder.
type Config struct {
	Node     Node      `toml:"node"`
	Time     Time      `toml:"time"`
	Keystore Keystore  `toml:"keystore"`
	Console  Console   `toml:"console"`
	Admin    Admin     `toml:"admin"`
	Link     Link      `toml:"link"`
	Partners []Partner `toml:"partner"`
	Zones    Zones     `toml:"zones"`
	Watch    Watch     `toml:"watch"`
	Policy   Policy    `toml:"policy"`
	Tape     Tape      `toml:"tape"`
	Plan     Plan      `toml:"plan"`
	Support  Support   `toml:"support"`
	Response Response  `toml:"response"`
	Message  Message   `toml:"message"`
	Contacts []Contact `toml:"contact"`
	Feeds    []Feed    `toml:"feed"`
	Sensors  []Sensor  `toml:"sensor"`
}

// Node names the party and the folder of its data.
type Node struct {
	Party string `toml:"party"`
	Name  string `toml:"name"`
	Data  string `toml:"data"`
}

// Time says whose clock the node follows.
type Time struct {
	Mode    string `toml:"mode"`    // "live": this machine's; "stepped": a conductor's
	Control string `toml:"control"` // stepped: address on which the conductor steps, loopback only
	Token   string `toml:"token"`   // stepped: file with the conductor's secret
	Start   string `toml:"start"`   // stepped: RFC 3339, the node's time before the first step
}

// Keystore is where keys rest, outside the data folder and its backups.
type Keystore struct {
	Dir            string `toml:"dir"`
	PassphraseFile string `toml:"passphrase_file"` // empty: asked at start
}

// Console is where people log in.
type Console struct {
	Listen string `toml:"listen"` // empty: no console
	Cert   string `toml:"cert"`   // PEM; needed where the address is not loopback
	Key    string `toml:"key"`
}

// Admin serves /metrics and /healthz.
type Admin struct {
	Listen string `toml:"listen"`
}

// Link is where partners connect.
type Link struct {
	Listen     string `toml:"listen"` // empty: this node only dials
	MaxRecords int    `toml:"max_records"`
	MaxBytes   int64  `toml:"max_bytes"`

	MinProtocol uint16   `toml:"min_protocol"` // no link below this version of its protocol
	Heartbeat   Duration `toml:"heartbeat"`    // how often a partner is told what we took in
	Quota       Quota    `toml:"quota"`        // of each partner that has none of its own
}

// Quota bounds what passes in a day (UTC) between us and a partner; 0 is no
// bound.
type Quota struct {
	SentRecords     int64 `toml:"sent_records"`
	SentBytes       int64 `toml:"sent_bytes"`
	ReceivedRecords int64 `toml:"received_records"`
	ReceivedBytes   int64 `toml:"received_bytes"`
}

// Partner is one party that this node is paired with.
type Partner struct {
	ID   string `toml:"id"`
	Dial string `toml:"dial"` // empty: it dials us

	Quota *Quota `toml:"quota"` // nil: link.quota
}

// Zones names the data pack.
type Zones struct {
	Pack      string         `toml:"pack"` // a shipped pack's name, or a folder
	Overrides []ZoneOverride `toml:"override"`
}

// ZoneOverride renames or hides one zone.
type ZoneOverride struct {
	ID    string            `toml:"id"`
	Hide  bool              `toml:"hide"`
	Names map[string]string `toml:"names"`
}

// Watch sets the rules.
type Watch struct {
	Rules string   `toml:"rules"` // file; empty: the pack's
	Plans string   `toml:"plans"` // CSV file; empty: no plan feed, A01 is out of service
	ADIZ  []string `toml:"adiz"`  // zones in which a plan is wanted
	// NoticesHold lets partners' own-activity notices keep what they explain from
	// alarming. They are shown either way.
	NoticesHold bool `toml:"notices_hold"`
}

// Policy names the release policy. Without one nothing leaves.
type Policy struct {
	File string `toml:"file"`
	// TwoPersons lets nobody activate at the console what he proposed himself.
	TwoPersons bool `toml:"two_persons"`
	// KeepPast is how far back `policy dry-run` can look: tape and a snapshot of
	// each hour are kept for so long.
	KeepPast Duration `toml:"keep_past"`
}

// Tape says how much of the tape is kept beyond what a start needs. The zero
// Tape keeps it as long as Policy.KeepPast says.
type Tape struct {
	Keep     Duration `toml:"keep"`      // so long at least, if that is longer than Policy.KeepPast
	MaxBytes int64    `toml:"max_bytes"` // beyond it the oldest goes, whatever Keep and KeepPast say; 0: no bound
}

// Support names the agreements on support and our register of facilities.
type Support struct {
	Agreements []string `toml:"agreements"` // files; none: no request can be approved
	Register   string   `toml:"register"`   // file; empty: we have none to tell
}

// Plan names our side of the joint plans. Without one this party declares none.
type Plan struct {
	File string `toml:"file"`
}

// Response sets the timers of the lead dialogue.
type Response struct {
	T1 Duration `toml:"t1"` // no answer: alarm at both
	T2 Duration `toml:"t2"` // no answer: falls back to the giver
}

// Message sets up what watch floors say to each other.
type Message struct {
	Phrasebook   string   `toml:"phrasebook"`    // file; empty: the shipped one
	HotlineEvery Duration `toml:"hotline_every"` // the line is tested, and overdue, after it; 0: as rule C04 says
	HotlineAuto  bool     `toml:"hotline_auto"`  // the node begins tests by itself
}

// Contact is one way to reach a watch floor by voice, for the fallback card.
type Contact struct {
	Party string `toml:"party"`
	Desk  string `toml:"desk"`
	Text  string `toml:"text"`
}

// Sensor is one radar of an ASTERIX feed.
type Sensor struct {
	Feed         string   `toml:"feed"`
	ID           string   `toml:"id"` // SAC/SIC, three digits each: "025/010"
	Lat          float64  `toml:"lat"`
	Lon          float64  `toml:"lon"`
	HeightM      float64  `toml:"height_m"`
	RangeNM      float64  `toml:"range_nm"`
	Period       Duration `toml:"period"`
	SigmaRangeM  float64  `toml:"sigma_range_m"`
	SigmaAzimuth float64  `toml:"sigma_azimuth_deg"`
}

// Default returns what an empty file means.
func Default() Config {
	return Config{
		Node:     Node{Data: "data"},
		Time:     Time{Mode: "live"},
		Keystore: Keystore{Dir: "keystore"},
		Console:  Console{Listen: "127.0.0.1:8470"},
		Admin:    Admin{Listen: "127.0.0.1:8471"},
		Link: Link{
			MaxRecords: 100_000, MaxBytes: 256 << 20, MinProtocol: 1, Heartbeat: Duration(time.Minute),
			Quota: Quota{SentRecords: 500_000, SentBytes: 1 << 30, ReceivedRecords: 500_000, ReceivedBytes: 1 << 30},
		},
		Zones:    Zones{Pack: "taiwan-ryukyu"},
		Policy:   Policy{KeepPast: Duration(25 * time.Hour)},
		Watch:    Watch{NoticesHold: true},
		Response: Response{T1: Duration(2 * time.Minute), T2: Duration(5 * time.Minute)},
		Message:  Message{HotlineAuto: true},
	}
}

// Load reads and checks the file. The error names file and line.
func Load(path string) (*Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	c, err := Parse(path, b)
	if err != nil {
		return nil, err
	}
	c.resolve(filepath.Dir(path))
	return c, nil
}

// Parse reads a configuration; name is used in errors.
func Parse(name string, b []byte) (*Config, error) {
	c := Default()
	if err := strict.TOML(name, b, &c); err != nil {
		return nil, err
	}
	if p := c.problem(); p != nil {
		return nil, fmt.Errorf("%s:%d: %s: %s", name, strict.Line(b, p.table, p.index, p.key), p.where(), p.what)
	}
	return &c, nil
}

func (c *Config) resolve(dir string) {
	files := []*string{
		&c.Node.Data, &c.Keystore.Dir, &c.Keystore.PassphraseFile, &c.Time.Token, &c.Console.Cert, &c.Console.Key,
		&c.Watch.Rules, &c.Watch.Plans, &c.Policy.File, &c.Plan.File, &c.Support.Register, &c.Message.Phrasebook,
	}
	for i := range c.Support.Agreements {
		files = append(files, &c.Support.Agreements[i])
	}
	for i := range c.Feeds {
		files = append(files, c.Feeds[i].files()...)
	}
	for _, p := range files {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
}

// Point returns where the sensor stands.
func (s *Sensor) Point() geo.Point { return geo.Point{LatDeg: s.Lat, LonDeg: s.Lon} }

// PartnerIDs returns the partners in the file's order.
func (c *Config) PartnerIDs() []party.ID {
	var ids []party.ID
	for _, p := range c.Partners {
		ids = append(ids, party.ID(p.ID))
	}
	return ids
}
