// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package feed receives frames over the network: Beast and AVR by TCP, NMEA by
// TCP and UDP, ASTERIX by UDP. It cuts the streams into frames, numbers and
// times them, counts what it refuses and connects again when the sender goes.
//
// It does not decode, store or judge frames, and does not read files (see
// internal/replay).
package feed

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// Kind says what a feed carries and how.
type Kind string

// The kinds.
const (
	BeastTCP   Kind = "beast-tcp"   // Mode S in Beast; dials
	AVRTCP     Kind = "avr-tcp"     // Mode S in AVR lines; dials
	NMEATCP    Kind = "nmea-tcp"    // AIS sentences; dials
	NMEAUDP    Kind = "nmea-udp"    // AIS sentences; listens
	ASTERIXUDP Kind = "asterix-udp" // one or more data blocks in a datagram; listens
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{BeastTCP, AVRTCP, NMEATCP, NMEAUDP, ASTERIXUDP} }

// Format returns the format of the frames that the kind gives.
func (k Kind) Format() frame.Format {
	switch k {
	case BeastTCP, AVRTCP:
		return frame.ModeS
	case NMEATCP, NMEAUDP:
		return frame.NMEA
	case ASTERIXUDP:
		return frame.ASTERIX
	}
	return 0
}

func (k Kind) udp() bool { return k == NMEAUDP || k == ASTERIXUDP }

// Reasons of refusals by the framing: a closed list of codes, fit for a
// metric's label. What is within a frame is refused by internal/decode.
const (
	ReasonBeast     = "beast-framing" // bytes that are no Beast message
	ReasonMLAT      = "mlat"          // computed, not received: must not be taken for a report
	ReasonAVR       = "avr-line"
	ReasonLine      = "line-too-long"
	ReasonNoTime    = "no-time-mark" // time marks are configured and none has come yet
	ReasonQueueFull = "queue-full"   // UDP: came faster than it was taken
)

// Reasons returns the closed list of reasons.
func Reasons() []string {
	return []string{ReasonBeast, ReasonMLAT, ReasonAVR, ReasonLine, ReasonNoTime, ReasonQueueFull}
}

// Refusal is one thing that the framing refused.
type Refusal struct {
	Reason string
	Offset int64 // octets from the start of the connection, or since a UDP feed's start
}

// Config sets up a Feed.
type Config struct {
	Name string
	Kind Kind
	// Addr is dialled for TCP and listened on for UDP. UDP needs a host: a
	// feed never listens on all interfaces because nobody said on which.
	Addr string
	// Marks takes Received from the stream's own time, Beast 0xE8 marks or NMEA
	// tag blocks, instead of the clock. Whoever sends the stream sets it then.
	Marks bool
	// StartSeq is the number of the last frame of earlier runs; the first one
	// gets the next.
	StartSeq uint64
	// Now is the clock that stamps Received; nil is this machine's. A node
	// whose time is stepped gives its own. It is called from several goroutines.
	Now func() time.Time
	// Retry is the first pause before connecting again, doubled each time up to
	// 60 times as much; 0 is 500 ms.
	Retry time.Duration
	// OnRefused and OnState are called for each refusal and each change between
	// up and down, from the feed's goroutines; they must not block. Nil is none.
	OnRefused func(Refusal)
	OnState   func(up bool)
	Log       *slog.Logger // nil logs nothing
}

// Validate reports the first thing that is wrong with c.
func (c Config) Validate() error {
	host, _, err := net.SplitHostPort(c.Addr)
	switch {
	case c.Name == "":
		return errors.New("feed without a name")
	case !slices.Contains(Kinds(), c.Kind):
		return fmt.Errorf("feed %s: kind %q is unknown", c.Name, c.Kind)
	case err != nil:
		return fmt.Errorf("feed %s: read address %q: %w", c.Name, c.Addr, err)
	case host == "":
		return fmt.Errorf("feed %s: address %q names no host", c.Name, c.Addr)
	case c.Marks && (c.Kind == AVRTCP || c.Kind == ASTERIXUDP):
		return fmt.Errorf("feed %s: %s has no time marks", c.Name, c.Kind)
	case c.Retry < 0:
		return fmt.Errorf("feed %s: negative pause", c.Name)
	}
	return nil
}

// Counted is how often one reason refused something.
type Counted struct {
	Reason string
	Count  uint64
	Offset int64 // of the last
	At     time.Time
}

// Health is the state of a feed at one moment.
type Health struct {
	Up         bool      // connected, or listening
	Last       time.Time // of the last frame, by the feed's clock; zero for none
	Frames     uint64    // in this run
	Ignored    uint64    // sound, but nothing for us: Mode A/C, receiver status, heartbeats
	Seq        uint64    // of the last frame
	Connects   uint64    // connections made; 1 for UDP
	Queued     int       // UDP: datagrams that wait to be sent on
	Refused    []Counted // by reason
	RemoteAddr string    // TCP: the sender while up
	LocalAddr  string    // UDP: where it listens while up
}

// Feed is one input. Run does the work; Health may be called meanwhile.
type Feed struct {
	cfg Config
	out chan<- frame.Frame // full: a TCP feed waits, a UDP feed's own queue fills
	log *slog.Logger

	seq    uint64 // owned by Run
	mark   time.Time
	queued atomic.Int64

	mu     sync.Mutex // guards health and counts
	health Health
	counts map[string]*Counted
}

// New returns a feed that sends its frames to out. The configuration must be
// valid. Out is not closed by the feed: several share it.
func New(cfg Config, out chan<- frame.Frame) *Feed {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Retry = cmp.Or(cfg.Retry, 500*time.Millisecond)
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Feed{
		cfg: cfg, out: out, seq: cfg.StartSeq, log: log.With(slog.String("feed", cfg.Name)),
		health: Health{Seq: cfg.StartSeq}, counts: make(map[string]*Counted),
	}
}

// maxRetry is the longest pause in units of Config.Retry.
const maxRetry = 60

// Run receives until ctx ends, and then returns nil. A sender that is not
// there or goes away, and an address that cannot be listened on, is tried
// again after a pause.
func (f *Feed) Run(ctx context.Context) error {
	pause := f.cfg.Retry
	for {
		before := f.Health().Frames
		err := f.session(ctx)
		f.setUp(false, "", "")
		if ctx.Err() != nil {
			return nil
		}
		if f.Health().Frames > before {
			pause = f.cfg.Retry
		}
		f.log.WarnContext(ctx, "feed down", slog.Any("err", err), slog.Duration("retry_in", pause))
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
		pause = min(2*pause, maxRetry*f.cfg.Retry)
	}
}

func (f *Feed) session(ctx context.Context) error {
	if f.cfg.Kind.udp() {
		return f.listen(ctx)
	}
	return f.dial(ctx)
}

// Health returns a copy of the feed's state.
func (f *Feed) Health() Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.health
	h.Queued = int(f.queued.Load())
	for _, c := range f.counts {
		h.Refused = append(h.Refused, *c)
	}
	slices.SortFunc(h.Refused, func(a, b Counted) int { return cmp.Compare(a.Reason, b.Reason) })
	return h
}

func (f *Feed) setUp(up bool, local, remote string) {
	f.mu.Lock()
	changed := f.health.Up != up
	f.health.Up, f.health.LocalAddr, f.health.RemoteAddr = up, local, remote
	if changed && up {
		f.health.Connects++
	}
	f.mu.Unlock()
	if !changed {
		return
	}
	if up {
		f.log.Info("feed up")
	}
	if f.cfg.OnState != nil {
		f.cfg.OnState(up)
	}
}

func (f *Feed) refuse(offset int64, reason string) {
	f.mu.Lock()
	c := f.counts[reason]
	if c == nil {
		c = &Counted{Reason: reason}
		f.counts[reason] = c
	}
	c.Count++
	c.Offset, c.At = offset, f.cfg.Now().UTC()
	f.mu.Unlock()
	if f.cfg.OnRefused != nil {
		f.cfg.OnRefused(Refusal{reason, offset})
	}
}

func (f *Feed) ignore() {
	f.mu.Lock()
	f.health.Ignored++
	f.mu.Unlock()
}

// emit numbers a frame and sends it. It waits while out is full, and reports
// false when ctx ended first; the number is then given to nothing.
func (f *Feed) emit(ctx context.Context, offset int64, received time.Time, data []byte) bool {
	fr := frame.Frame{
		Source: f.cfg.Name, Seq: f.seq + 1, Format: f.cfg.Kind.Format(),
		Received: received.UTC(), Offset: offset, Data: bytes.Clone(data),
	}
	select {
	case f.out <- fr:
	case <-ctx.Done():
		return false
	}
	f.seq++
	f.mu.Lock()
	f.health.Frames++
	f.health.Seq = f.seq
	f.health.Last = f.cfg.Now().UTC()
	f.mu.Unlock()
	return true
}
