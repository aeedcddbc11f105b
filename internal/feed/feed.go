// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package feed receives frames: over the network, from brokers and files, and what is
// piped in (Kinds). It cuts the streams into frames, numbers
// and times them, counts what it refuses and connects again when the sender goes.
//
// It does not decode, store or judge frames, and does not play recordings by
// their own clock (see internal/replay).
package feed

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// Reasons of refusals by the framing: a closed list of codes, fit for a
// metric's label. What is within a frame is refused by internal/decode.
const (
	ReasonBeast     = "beast-framing" // bytes that are no Beast message
	ReasonMLAT      = "mlat"          // computed, not received: must not be taken for a report
	ReasonAVR       = "avr-line"
	ReasonLine      = "line-too-long"
	ReasonNoTime    = "no-time-mark" // time marks are configured and none has come yet
	ReasonQueueFull = "queue-full"   // UDP: came faster than it was taken

	ReasonASTERIX = "asterix-framing"  // a stream's block of impossible length: the rest is lost
	ReasonCoT     = "cot-framing"      // octets between events, or an event over 64 KiB
	ReasonPCAP    = "pcap-damaged"     // a recording that ends in the middle or is none
	ReasonShorter = "file-shorter"     // a file with fewer frames than were taken of it before
	ReasonTLS     = "tls-handshake"    // a peer that the certificates do not admit
	ReasonSenders = "too-many-senders" // a listening feed has all its senders
	ReasonHTTP    = "http-answer"      // not 200, or over 16 MiB
	ReasonRate    = "rate-limit"       // above the feed's max_rate

	ReasonJSON     = "json-framing"  // octets that are no JSON object, or a document of no records
	ReasonJSONLong = "json-too-long" // an object or a record that is longer than is taken

	ReasonMQTT         = "mqtt-packet"   // a broker that does not keep to the protocol
	ReasonMQTTRefused  = "mqtt-refused"  // a broker that refuses us, or a topic
	ReasonMQTTLong     = "mqtt-too-long" // a message over 1 MiB
	ReasonMQTTRetained = "mqtt-retained" // a message that the broker kept: of unknown age
)

// Reasons returns the closed list of reasons.
func Reasons() []string {
	return []string{
		ReasonBeast, ReasonMLAT, ReasonAVR, ReasonLine, ReasonNoTime, ReasonQueueFull,
		ReasonASTERIX, ReasonCoT, ReasonPCAP, ReasonShorter, ReasonTLS, ReasonSenders, ReasonHTTP, ReasonRate,
		ReasonJSON, ReasonJSONLong,
		ReasonMQTT, ReasonMQTTRefused, ReasonMQTTLong, ReasonMQTTRetained,
	}
}

// Refusal is one thing that the framing refused.
type Refusal struct {
	Reason string
	Offset int64 // octets from the start of the connection or file, else since the feed's start
}

// Config sets up a Feed.
type Config struct {
	Name string
	Kind Kind
	// Addr is dialled or listened on, by the transport; of a multicast the group.
	// Who listens needs a host: a feed never listens on all interfaces because
	// nobody said on which. Of http it is a URL.
	Addr      string
	Interface string // multicast: the network interface; "" is the system's choice
	// Path is the file, the recording or the serial line's device.
	Path   string
	Baud   uint32 // serial: one of Bauds; 8 bits, no parity, one stop bit
	Follow bool   // file: goes on with what is appended, for ever
	Port   uint16 // pcap: datagrams to this port only; 0 takes all
	// Every is how often http asks.
	Every time.Duration
	// Topics are what mqtt subscribes to, and QoS how: 0 takes what comes, 1 has
	// the broker keep for ClientID what it has not acknowledged.
	Topics   []string
	QoS      byte
	ClientID string
	// KeepAlive is how long a broker may hear nothing of us; 0 is a minute.
	KeepAlive time.Duration
	// User and Password are sent to whom http asks or mqtt connects; to http a
	// password alone is a bearer token.
	User, Password string
	// TLS is for tls, tls-server and https. It needs certificates for tls-server.
	TLS   *tls.Config
	Stdin io.Reader // of stdin

	// Marks takes Received from the stream's own time, Beast 0xE8 marks, NMEA tag
	// blocks or a pcap's packets, instead of the clock. Whoever sends the stream
	// sets it then.
	Marks bool
	// MaxRate drops what comes faster, in frames a second; 0 takes all.
	MaxRate float64
	// Stale is after how long without a frame the feed says that it is silent. A
	// connection on which no octet came for so long is closed: a sender that was
	// dialled is dialled again, one that came may come again. 0 is never.
	Stale time.Duration
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
	Rate       float64   // frames a second, a mean over about the last minute
	Ignored    uint64    // sound, but nothing for us: Mode A/C, receiver status, heartbeats
	Seq        uint64    // of the last frame
	Connects   uint64    // connections made; 1 for UDP
	Queued     int       // UDP: datagrams that wait to be sent on
	Refused    []Counted // by reason
	RemoteAddr string    // TCP: the sender while up
	LocalAddr  string    // where it listens while up
	Senders    int       // who sends to a feed that listens for senders
	Ended      bool      // a file that was read to its end
	Silent     bool      // nothing came for Config.Stale
}

// Feed is one input. Run does the work; Health may be called meanwhile.
type Feed struct {
	cfg Config
	out chan<- frame.Frame // full: a TCP feed waits, a UDP feed's own queue fills
	log *slog.Logger

	content   Content
	transport Transport
	queued    atomic.Int64
	asking    time.Duration     // limit of one answer to http
	idle      time.Duration     // how long a sender that came may be silent
	answered  [sha256.Size]byte // hash of the last answer to http, over failures; owned by Run

	sending sync.Mutex // guards what follows; held while a frame waits for out
	seq     uint64
	skip    uint64 // frames of a file that are still to be passed over
	before  uint64 // frames that were of another file
	rate    bucket
	kept    slab // the octets of frames

	mu     sync.Mutex // guards what follows
	health Health
	counts map[string]*Counted
	since  time.Time // of the last frame, or of the start
	pace   pace
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
	content, transport, _ := cfg.Kind.Split()
	return &Feed{
		content: content, transport: transport, asking: pollTimeout, idle: cmp.Or(cfg.Stale, idleSender), rate: bucket{rate: cfg.MaxRate}, since: cfg.Now(),
		cfg: cfg, out: out, seq: cfg.StartSeq, log: log.With(slog.String("feed", cfg.Name)),
		health: Health{Seq: cfg.StartSeq}, counts: make(map[string]*Counted),
	}
}

// Use has later runs send and trust other secrets. The feed must not run
// meanwhile; it goes on counting.
func (f *Feed) Use(password string, secure *tls.Config) { f.cfg.Password, f.cfg.TLS = password, secure }

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
		if errors.Is(err, errDone) {
			f.ended()
			<-ctx.Done()
		}
		if ctx.Err() != nil {
			return nil
		}
		if f.Health().Frames > before {
			pause = f.cfg.Retry
		}
		if f.transport == HTTP {
			pause = max(pause, f.cfg.Every) // who fails is asked no oftener than who answers
		}
		f.log.WarnContext(ctx, "feed down", slog.Any("err", err), slog.Duration("retry_in", pause))
		if !sleep(ctx, pause) {
			return nil
		}
		pause = min(2*pause, max(maxRetry*f.cfg.Retry, f.cfg.Every))
	}
}

func (f *Feed) session(ctx context.Context) error {
	switch f.transport { // the rest dials
	case UDP, Multicast:
		return f.listen(ctx)
	case TCPServer, TLSServer:
		return f.serve(ctx)
	case File, PCAP:
		return f.file(ctx)
	case HTTP:
		return f.poll(ctx)
	case MQTT:
		return f.subscribe(ctx)
	case Stdin:
		return f.stdin(ctx)
	case Serial:
		return f.serial(ctx)
	}
	return f.dial(ctx)
}

// begin makes a file's frames be counted from its first, and passes over those
// that were taken before, unless the file is another one than then.
func (f *Feed) begin() {
	f.sending.Lock()
	defer f.sending.Unlock()
	f.skip = f.seq - f.before
}

// passed reports whether all frames that were taken before have been passed
// over.
func (f *Feed) passed() bool {
	f.sending.Lock()
	defer f.sending.Unlock()
	return f.skip == 0
}

// another makes all frames of the file, which is another one now, be taken.
func (f *Feed) another() {
	f.sending.Lock()
	defer f.sending.Unlock()
	f.before = f.seq
}

func (f *Feed) ended() {
	f.log.Info("feed has come to its end")
	f.mu.Lock()
	f.health.Ended = true
	f.mu.Unlock()
}

// Health returns a copy of the feed's state.
func (f *Feed) Health() Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.health
	h.Queued = int(f.queued.Load())
	h.Rate = f.pace.now(f.cfg.Now())
	h.Silent = f.cfg.Stale > 0 && !h.Ended && f.cfg.Now().Sub(f.since) > f.cfg.Stale
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
	return f.emitOf(ctx, 0, offset, received, data)
}

// emitOf is emit for a frame of one receiver of several.
func (f *Feed) emitOf(ctx context.Context, receiver uint64, offset int64, received time.Time, data []byte) bool {
	f.sending.Lock()
	defer f.sending.Unlock()
	if f.skip > 0 {
		f.skip--
		return true
	}
	if !f.rate.take(f.cfg.Now()) {
		f.refuse(offset, ReasonRate)
		return ctx.Err() == nil
	}
	fr := frame.Frame{
		Source: f.cfg.Name, Seq: f.seq + 1, Format: f.content.Format(),
		Received: received.UTC(), Offset: offset, Data: f.kept.keep(data), Receiver: receiver,
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
	f.since = f.health.Last
	f.pace.add(f.since)
	f.mu.Unlock()
	return true
}
