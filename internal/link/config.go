// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Keys gives the keys made for each partner. The keystore implements it.
type Keys interface {
	// Certificates returns the transport keys made for the partner, by any of which
	// it may know us, the one to call with first.
	Certificates(partner party.ID) ([]tls.Certificate, error)
	// Pins returns the SHA-256 of the SubjectPublicKeyInfo of the partner's
	// transport keys, the one to ask for first; none when it is not paired.
	Pins(partner party.ID) [][32]byte
	// JournalSigner returns the key that signs and cosigns attestations, and
	// checkpoints in version 1.
	JournalSigner(partner party.ID) (note.Signer, error)
	// Current returns our own and the partner's journal keys that count today.
	Current(partner party.ID) (own, theirs note.Verifiers, err error)
	// ReceiptSigner returns the key that makes and cosigns checkpoints such that they
	// convince the two parties alone.
	ReceiptSigner(partner party.ID) (note.Signer, error)
	// CurrentReceipts returns what checks our own and the partner's of today.
	CurrentReceipts(partner party.ID) (own, theirs note.Verifiers, err error)
	// Verifiers returns what checks either form, of earlier days besides.
	Verifiers(partner party.ID) (own, theirs note.Verifiers, err error)

	// Settle notes with which transport keys a session was opened, by their pins.
	Settle(partner party.ID, own, theirs [32]byte) error
	// Offer returns our signed rollover that the partner must be told, nil when
	// there is none.
	Offer(partner party.ID) ([]byte, error)
	// TakeRoll keeps the partner's new keys and returns the rollover's number.
	TakeRoll(partner party.ID, signed []byte) (uint64, error)
	// Promote goes over to our keys of rollover n, which the partner has.
	Promote(partner party.ID, n uint64) error
	// Forget destroys all of them.
	Forget(partner party.ID) error
}

// Config is what a Link needs.
type Config struct {
	Self, Partner party.ID
	Dial          string  // host:port of the partner's server; empty when only the partner dials
	Stopped       bool    // begin stopped, as it was left
	Problem       Problem // why, where a person must know of it; until Resume
	Keys          Keys
	Outbox        Outbox
	Inbox         Inbox
	Now           func() time.Time // for checkpoints and Status; never for a timer
	Timing        Timing
	Versions      Versions // of the protocol; the zero value is all that this program speaks

	// OnReceived is called after each commit to the inbox, before the partner
	// is told. It must not block. Optional.
	OnReceived func(partner party.ID)
	// OnStatus is called after each change of State or Problem. Optional.
	OnStatus func(partner party.ID, s Status)
	// OnProblem is called for each problem that a person must know of. Optional.
	OnProblem func(partner party.ID, p Problem)
}

// Validate reports what is missing or wrong.
func (c *Config) Validate() error {
	for _, p := range []party.ID{c.Self, c.Partner} {
		if _, err := party.Parse(string(p)); err != nil {
			return fmt.Errorf("configure link: %w", err)
		}
	}
	switch {
	case c.Self == c.Partner:
		return errors.New("configure link: a party cannot be its own partner")
	case c.Keys == nil || c.Outbox == nil || c.Inbox == nil || c.Now == nil:
		return errors.New("configure link: keys, outbox, inbox and clock are needed")
	}
	if c.Dial != "" {
		if _, _, err := net.SplitHostPort(c.Dial); err != nil {
			return fmt.Errorf("configure link: %w", err)
		}
	}
	if v := c.Versions; v.Lowest > v.Highest {
		return errors.New("configure link: no version of the protocol is left")
	}
	return c.Timing.Validate()
}

// Versions is a range of versions of the link's protocol. No session is held
// below Lowest, whatever the partner speaks.
type Versions struct {
	Lowest  uint16 `json:"lowest"`
	Highest uint16 `json:"highest"`
}

// common returns the highest version that both sides speak, and whether neither
// would go below its floor with it.
func (v Versions) common(theirs Versions) (uint16, bool) {
	highest := min(v.Highest, theirs.Highest)
	return highest, highest >= v.Lowest && highest >= theirs.Lowest
}

// Timing holds the times of a Link.
type Timing struct {
	Ping      time.Duration // between pings
	Dead      time.Duration // without a sign of the partner, after which a session is given up
	Send      time.Duration // for one frame
	Connect   time.Duration // for one attempt to connect, TLS included
	Hello     time.Duration // for the opening of a session
	Retry     time.Duration // between attempts to connect while the line is down
	RetryLate time.Duration // between attempts when the partner refuses
}

// DefaultTiming returns the times of a live node: caught up within one second
// of the line's return.
func DefaultTiming() Timing {
	return Timing{
		Ping: 5 * time.Second, Dead: 10 * time.Second, Send: 10 * time.Second,
		Connect: 2 * time.Second, Hello: 3 * time.Second,
		Retry: 200 * time.Millisecond, RetryLate: 5 * time.Second,
	}
}

// Validate reports what is wrong with t.
func (t Timing) Validate() error {
	for _, d := range []time.Duration{t.Ping, t.Dead, t.Send, t.Connect, t.Hello, t.Retry, t.RetryLate} {
		if d <= 0 {
			return errors.New("configure link: every time must be positive")
		}
	}
	if t.Dead <= t.Ping {
		return errors.New("configure link: dead must be longer than ping")
	}
	return nil
}

// State says how a link is.
type State string

// The states.
const (
	Up       State = "up"
	Degraded State = "degraded" // connected, but nothing heard for longer than a ping
	Down     State = "down"
	Stopped  State = "stopped" // by an officer, or by a Problem that a person must clear
)

// Problem is what a person must know of, from a closed set.
type Problem string

// The problems. Those of the journal stop the link until Resume: there is no
// silent reset.
const (
	ProblemLogBehind  Problem = "log-behind"  // the partner holds more of our log than we do: an old backup
	ProblemLogDiffers Problem = "log-differs" // the partner holds another log than ours
	ProblemRoot       Problem = "root"        // the partner's checkpoint does not match its records
	ProblemSignature  Problem = "signature"   // a checkpoint or receipt is not signed as it must be
	ProblemPartner    Problem = "partner"     // the partner found a problem of the journal
	ProblemProtocol   Problem = "protocol"    // the partner has another version of the protocol
	ProblemStore      Problem = "store"       // our inbox or outbox does not work; tried again
	ProblemKeys       Problem = "keys"        // our own keys cannot be used
	ProblemPin        Problem = "pin"         // somebody else answers at the partner's address
	ProblemClock      Problem = "clock"       // the clocks of the two sides are far apart
	ProblemQuota      Problem = "quota"       // the partner has used up its share of the day; its records wait there
	ProblemRoll       Problem = "roll"        // the partner's new keys are not signed by its present one
	ProblemBackup     Problem = "backup"      // our journal is behind its witness: an old backup was restored; found before the link begins
	ProblemReopen     Problem = "reopen"      // the partner begins its log anew, which a person must agree to
)

// Refusal is why something of the partner's was refused, from a closed set.
type Refusal string

// The refusals.
const (
	RefusedMalformed Refusal = "malformed" // not a frame, or out of range
	RefusedOversize  Refusal = "oversize"
	RefusedOrder     Refusal = "order" // a gap, or a frame out of place
	RefusedVersion   Refusal = "version"
	RefusedQuota     Refusal = "quota" // records or states beyond the day's share
	RefusedKeys      Refusal = "keys"  // a rollover that is not signed as it must be
)

// Status is how a link is now.
type Status struct {
	State     State
	Since     time.Time     // of State
	RTT       time.Duration // of the last ping; 0 when there was none
	LastHeard time.Time     // zero when nothing was heard yet
	Queued    uint64        // records sent, but not receipted
	Sent      uint64        // records since New
	Received  uint64        // records since New
	Batches   uint64        // batches of states received since New
	Refused   uint64        // frames since New
	Refusal   Refusal       // the last one
	Problem   Problem       // empty when there is none
	Through   uint64        // number of the last record sent in this session; 0 without one

	Version  uint16        // of the protocol in the last session; 0 before the first
	Partner  Versions      // that the partner last said it speaks; zero before
	Clock    time.Duration // how far the partner's clock is ahead of ours, by its last checkpoint
	HasClock bool          // there was one
}

// ErrStopped is returned while a link is stopped.
var ErrStopped = errors.New("link is stopped")
