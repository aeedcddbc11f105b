// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// The acts of an administrator on a feed.
const (
	FeedAdd    = "add"    // a new one, which a restart keeps
	FeedPause  = "pause"  // nothing more is taken of it, also after a restart
	FeedResume = "resume" // it goes on
	FeedSecret = "secret" // other secrets in the place of those that are given
	FeedRemove = "remove" // it is gone; what it gave stays on the tape
	FeedTest   = "test"   // what comes of it in a few seconds; none of it counts
)

// FeedSettings is a feed as it can be added: over the network, and without
// files, whose names are for the configuration file alone. What it needs of
// files comes in FeedSecrets.
type FeedSettings struct {
	Kind      string        `json:"kind"` // CONTENT-TRANSPORT, as in the configuration file
	Addr      string        `json:"addr"`
	Exercise  bool          `json:"exercise,omitempty"`
	Marks     bool          `json:"time_marks,omitempty"`
	Receiver  *FeedReceiver `json:"receiver,omitempty"`
	Interface string        `json:"interface,omitempty"` // of a multicast
	MaxRate   float64       `json:"max_rate,omitempty"`  // frames a second; 0: no limit
	StaleS    uint32        `json:"stale_s,omitempty"`   // seconds; 0: never
	EveryS    uint32        `json:"every_s,omitempty"`   // of http, seconds
	Topics    []string      `json:"topics,omitempty"`    // of mqtt
	QoS       uint8         `json:"qos,omitempty"`       // of mqtt: 0 or 1
	ClientID  string        `json:"client_id,omitempty"` // of mqtt; empty: kuroshio- and the feed's name
	User      string        `json:"user,omitempty"`      // of http and mqtt
	// How far a clock that the feed tells of may be off, seconds; absent: the
	// default, 0: no limit.
	ClockLimitS *float64 `json:"clock_limit_s,omitempty"`
	// Of asterix: the editions of categories, {"021": "0.23"}, those of single
	// stations by SAC/SIC, and its radars.
	Editions  map[string]string            `json:"editions,omitempty"`
	EditionOf map[string]map[string]string `json:"edition_of,omitempty"`
	Sensors   []FeedSensor                 `json:"sensors,omitempty"`
}

// FeedSensor is a radar of a feed.
type FeedSensor struct {
	ID           string  `json:"id"` // SAC/SIC, "025/010"
	Lat          float64 `json:"lat"`
	Lon          float64 `json:"lon"`
	HeightM      float64 `json:"height_m"`
	RangeNM      float64 `json:"range_nm"`
	PeriodS      float64 `json:"period_s"` // of a turn, seconds
	SigmaRangeM  float64 `json:"sigma_range_m"`
	SigmaAzimuth float64 `json:"sigma_azimuth_deg"`
}

// FeedSecrets are what else a feed needs: each is written to a file of the
// node's own and never read back. Certificates and keys are PEM.
type FeedSecrets struct {
	Password string `json:"password,omitempty"` // of http and mqtt; of http without a user a bearer token
	CA       string `json:"ca,omitempty"`       // whom we trust; empty: the system's authorities
	Cert     string `json:"cert,omitempty"`     // who we are
	Key      string `json:"key,omitempty"`
}

// FeedReceiver is where a feed's antenna stands.
type FeedReceiver struct {
	Lat     float64 `json:"lat"`
	Lon     float64 `json:"lon"`
	RangeNM float64 `json:"range_nm"`
}

// FeedRequest asks for one act on one feed.
type FeedRequest struct {
	Name string        `json:"name"`
	Act  string        `json:"act"`            // "add", "pause", "resume", "secret", "remove" or "test"
	Feed *FeedSettings `json:"feed,omitempty"` // of add, and of test where there is no such feed yet
	// Secrets go with Feed, and with "secret", where those that are left out stay.
	Secrets *FeedSecrets `json:"secrets,omitempty"`
}

// FeedResult is what came of an act.
type FeedResult struct {
	Key  string     `json:"key,omitempty"`  // which setting is wrong
	What string     `json:"what,omitempty"` // and why, for the log and for who sent it
	Test *FeedTrial `json:"test,omitempty"`
}

// FeedTrial is what a test found.
type FeedTrial struct {
	Up      bool          `json:"up"` // connected, or listening
	Frames  uint64        `json:"frames"`
	Plots   uint64        `json:"plots"`
	Refused []FeedRefusal `json:"refused"`
	// Editions are how many blocks each edition of an ASTERIX category can read,
	// those of most first. Many blocks tell the layout, one does not.
	Editions []FeedEdition `json:"editions,omitempty"`
}

// FeedEdition is how many blocks of a category an edition can read whole.
type FeedEdition struct {
	Category int    `json:"cat"`
	Edition  string `json:"ed"`
	Blocks   int    `json:"blocks"`
	Whole    int    `json:"read_whole"`
}

// FeedRefusal counts what was refused for one reason.
type FeedRefusal struct {
	Reason string `json:"reason"`
	Item   string `json:"item,omitempty"` // data item of the last, such as "I048/140"
	Count  uint64 `json:"count"`
	Offset int64  `json:"offset"` // of the last, in octets
}

// FeedStatus is how a feed is, as it says itself. Frames count since the node's
// start; what the engine counts is in the picture.
type FeedStatus struct {
	Name     string        `json:"name"`
	Kind     string        `json:"kind"`
	Added    bool          `json:"added"` // through this API, not in the configuration file
	Paused   bool          `json:"paused"`
	Up       bool          `json:"up"`
	Silent   bool          `json:"silent"` // for longer than it is allowed
	Ended    bool          `json:"ended"`  // a file or pipe that was read to its end
	Last     *time.Time    `json:"last,omitempty"`
	Frames   uint64        `json:"frames"`
	Rate     float64       `json:"rate"`    // frames a second, a mean over about the last minute
	Ignored  uint64        `json:"ignored"` // sound, but nothing for us
	Connects uint64        `json:"connects"`
	Senders  int           `json:"senders"`
	Queued   int           `json:"queued"`
	Refused  []FeedRefusal `json:"refused"` // by the framing
}

// Feeds does what an administrator does with feeds. The code is "" when it was
// done.
type Feeds interface {
	FeedList() []FeedStatus
	FeedAct(ctx context.Context, req *FeedRequest) (r FeedResult, code string, err error)
}

// Radars says how the radars behind the feeds are registered.
type Radars interface {
	Registration(ctx context.Context) ([]engine.RegistrationView, error)
}

func (c *console) registration(w http.ResponseWriter, r *http.Request, _ person) {
	if c.cfg.Radars == nil {
		answer(w, []engine.RegistrationView{})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	l, err := c.cfg.Radars.Registration(ctx)
	if err != nil {
		c.fail(w, r, ctx, err, "stopping")
		return
	}
	answer(w, list(l))
}

// feedTimeout bounds an act on a feed; a test takes some seconds.
const feedTimeout = 15 * time.Second

func (c *console) feeds(w http.ResponseWriter, _ *http.Request, _ person) {
	if c.cfg.Feeds == nil {
		answer(w, []FeedStatus{})
		return
	}
	answer(w, list(c.cfg.Feeds.FeedList()))
}

func (c *console) feedAct(w http.ResponseWriter, r *http.Request, who person) {
	var req FeedRequest
	if !read(w, r, &req) {
		return
	}
	if !slices.Contains([]string{FeedAdd, FeedPause, FeedResume, FeedSecret, FeedRemove, FeedTest}, req.Act) || c.cfg.Feeds == nil {
		refuse(w, "bad-request")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), feedTimeout)
	defer cancel()
	result, code, err := c.cfg.Feeds.FeedAct(ctx, &req)
	if err == nil && code == "" {
		err = c.journal.Audit(ctx, store.AuditEntry{At: c.cfg.Now(), By: who.Name, Role: engine.Administrator, Act: "feed-" + req.Act, Subject: req.Name})
	}
	switch {
	case err != nil:
		c.fail(w, r, ctx, err, "store-failed")
	case code == "bad-request":
		refuseWith(w, http.StatusBadRequest, code, params{"key": result.Key, "what": result.What})
	case code != "":
		refuse(w, code)
	default:
		answer(w, result)
	}
}
