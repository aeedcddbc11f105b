// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"crypto/tls"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/feed"
)

// Feed is one input. Which keys a kind takes, feed.Config says.
type Feed struct {
	Name     string    `toml:"name"`
	Kind     string    `toml:"kind"` // one of feed.Kinds
	Addr     string    `toml:"addr"` // dialled, listened on, a multicast group, or of http a URL
	Exercise bool      `toml:"exercise"`
	Marks    bool      `toml:"time_marks"` // times come from the stream (Beast 0xE8 marks, NMEA tag blocks, a pcap's packets)
	Receiver *Receiver `toml:"receiver"`

	MaxRate float64  `toml:"max_rate"` // frames a second; what is beyond is dropped and counted; 0: no limit
	Stale   Duration `toml:"stale"`    // a sender that is silent for so long is dialled again; 0: never

	Interface string   `toml:"interface"` // multicast; empty: the system's choice
	Path      string   `toml:"path"`      // file and pcap; serial: the device
	Baud      uint32   `toml:"baud"`      // serial
	Follow    bool     `toml:"follow"`    // file: goes on with what is appended
	Port      uint16   `toml:"port"`      // pcap: datagrams to this port only; 0: all
	Every     Duration `toml:"every"`     // http: how often it is asked

	// Editions of ASTERIX categories: {"021" = "0.23"}. EditionOf are those of
	// single stations by SAC/SIC, where several share the feed.
	Editions  map[string]string            `toml:"editions"`
	EditionOf map[string]map[string]string `toml:"edition_of"`

	// ClockLimit is how far a clock may be off; nil: the
	// default, 0: no limit.
	ClockLimit *Duration `toml:"clock_limit"`

	Topics   []string `toml:"topics"`    // mqtt
	QoS      uint8    `toml:"qos"`       // mqtt: 0 or 1
	ClientID string   `toml:"client_id"` // mqtt; empty: kuroshio- and the feed's name

	User         string `toml:"user"`          // http, mqtt
	PasswordFile string `toml:"password_file"` // http, mqtt; of http without a user it holds a bearer token

	// PEM files: whom we trust (empty: the system's authorities; of tls-server the
	// authority that senders need a certificate of, empty: none), and who we are.
	CA   string `toml:"ca"`
	Cert string `toml:"cert"`
	Key  string `toml:"key"`
}

// Receiver is where a cooperative feed's antenna stands.
type Receiver struct {
	Lat     float64 `toml:"lat"`
	Lon     float64 `toml:"lon"`
	RangeNM float64 `toml:"range_nm"`
}

// kindsText says which kinds there are.
func kindsText() string {
	return fmt.Sprintf("CONTENT-TRANSPORT of %s, and %s", join(feed.Contents()), join(feed.Transports()))
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

// Settings returns what the keys say, without what is in the files that they
// name.
func (f *Feed) Settings() feed.Config {
	id := f.ClientID
	if id == "" && feed.Kind(f.Kind).Transport() == feed.MQTT {
		id = "kuroshio-" + f.Name
	}
	return feed.Config{
		Topics: f.Topics, QoS: f.QoS, ClientID: id,
		Name: f.Name, Kind: feed.Kind(f.Kind), Addr: f.Addr, Interface: f.Interface, Path: f.Path, Follow: f.Follow, Port: f.Port, Baud: f.Baud,
		Every: time.Duration(f.Every), User: f.User, Marks: f.Marks, MaxRate: f.MaxRate, Stale: time.Duration(f.Stale),
	}
}

// TLS reports whether the feed speaks TLS, or is told how to.
func (f *Feed) TLS() bool {
	t := feed.Kind(f.Kind).Transport()
	return t == feed.TLS || t == feed.TLSServer || f.CA != "" || f.Cert != "" || strings.HasPrefix(f.Addr, "mqtts://")
}

var feedName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

func (c *Config) checkFeeds() *problem {
	var seen []string
	piped := false
	for i := range c.Feeds {
		f := &c.Feeds[i]
		if key, what := f.Problem(); what != "" {
			return &problem{"feed", i, key, what}
		}
		if slices.Contains(seen, f.Name) {
			return &problem{"feed", i, "name", fmt.Sprintf("%q stands twice", f.Name)}
		}
		seen = append(seen, f.Name)
		if feed.Kind(f.Kind).Transport() != feed.Stdin {
			continue
		}
		switch {
		case piped:
			return &problem{"feed", i, "kind", "one feed is piped in, not two"}
		case c.Keystore.PassphraseFile == "":
			return &problem{"feed", i, "kind", "a feed is piped in where the passphrase is asked for: give keystore.passphrase_file"}
		}
		piped = true
	}
	return nil
}

// Problem says what is wrong with f, and under which key; "" is nothing. It
// opens no file.
func (f *Feed) Problem() (key, what string) {
	s := f.Settings()
	switch {
	case !feedName.MatchString(f.Name):
		return "name", fmt.Sprintf("%q: want a letter, then up to 31 letters, digits or hyphens", f.Name)
	case !slices.Contains(feed.Kinds(), s.Kind):
		return "kind", fmt.Sprintf("%q: want %s", f.Kind, kindsText())
	case (f.Cert == "") != (f.Key == ""):
		return "cert", "give cert and key together"
	}
	// What is in the files does not matter here, but that they are named does.
	if f.TLS() {
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		if f.Cert != "" {
			s.TLS.Certificates = make([]tls.Certificate, 1)
		}
	}
	if f.PasswordFile != "" {
		s.Password = "in the file"
	}
	if s.Kind.Transport() == feed.Stdin {
		s.Stdin = strings.NewReader("")
	}
	if key, what = s.Problem(); key == "password" {
		key = "password_file"
	}
	if what == "" {
		key, what = f.editionProblem()
	}
	if what == "" && f.ClockLimit != nil {
		key, what = f.clockProblem()
	}
	if r := f.Receiver; what == "" && r != nil && (!(geo.Point{LatDeg: r.Lat, LonDeg: r.Lon}).Valid() || !(r.RangeNM > 0)) {
		return "receiver", "position or range out of bounds"
	}
	return key, what
}

// files returns the paths among the keys.
func (f *Feed) files() []*string { return []*string{&f.Path, &f.PasswordFile, &f.CA, &f.Cert, &f.Key} }

func (f *Feed) clockProblem() (key, what string) {
	limit := time.Duration(*f.ClockLimit)
	switch {
	case !tellsTime(feed.Kind(f.Kind).Content()):
		return "clock_limit", "what such a feed carries tells no time of day"
	case limit != 0 && (limit < minClockLimit || limit > maxClockLimit):
		return "clock_limit", "want 100ms to 10m, or 0s for none"
	}
	return "", ""
}

const (
	minClockLimit = 100 * time.Millisecond
	maxClockLimit = 10 * time.Minute
)

// tellsTime reports whether messages of a content say when they were made.
func tellsTime(c feed.Content) bool {
	return slices.Contains([]feed.Content{feed.ContentASTERIX, feed.ContentNMEA, feed.ContentCatcher, feed.ContentRemoteID, feed.ContentCoT}, c)
}

// Clocks returns how far the clocks of the feed's stations may be off, 0 where
// they are not judged: a recording that is not played at its own times says
// nothing of them.
func (f *Feed) Clocks() time.Duration {
	k := feed.Kind(f.Kind)
	switch {
	case !tellsTime(k.Content()):
		return 0
	case f.ClockLimit != nil:
		return time.Duration(*f.ClockLimit)
	case k.Transport().Once() && !f.Marks && !f.Follow:
		return 0
	}
	return decode.DefaultClockLimit
}

func (f *Feed) editionProblem() (key, what string) {
	if len(f.Editions)+len(f.EditionOf) > 0 && feed.Kind(f.Kind).Content() != feed.ContentASTERIX {
		return "editions", "only ASTERIX has editions"
	}
	if _, what = Editions(f.Editions); what != "" {
		return "editions", what
	}
	for _, id := range slices.Sorted(maps.Keys(f.EditionOf)) {
		if !sensorID.MatchString(id) {
			return "edition_of", fmt.Sprintf("%q: want SAC/SIC as 025/010", id)
		}
		if _, what = Editions(f.EditionOf[id]); what != "" {
			return "edition_of", what
		}
	}
	return "", ""
}

// Editions reads editions of categories, whose keys have three digits, and says
// what is wrong with them; "" is nothing.
func Editions(m map[string]string) (e decode.Editions, what string) {
	if len(m) == 0 {
		return nil, ""
	}
	e = make(decode.Editions, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		c, err := strconv.ParseUint(key, 10, 8)
		if err != nil || len(key) != 3 {
			return nil, fmt.Sprintf("%q: want a category in three digits", key)
		}
		e[byte(c)] = m[key]
	}
	return e, e.Problem()
}
