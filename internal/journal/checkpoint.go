// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// maxNote is the size of the largest signed checkpoint that is looked at.
const maxNote = 2 << 10

var (
	// ErrSignature is wrapped when a checkpoint or attestation does not bear the
	// signatures that it must, and no others.
	ErrSignature = errors.New("journal signature")
	// ErrRoot is wrapped when a checkpoint or attestation is not of the log at hand.
	ErrRoot = errors.New("what is signed does not match the log")
)

// Checkpoint is the head of a log as its sender signs it. On the wire it is a
// note (C2SP signed-note) with the text of a C2SP tlog-checkpoint: origin, size
// and root, then two lines of our own, "epoch N" and "time N". The origin is
// the name of the sender's key: the two logs of a pair cannot be taken for each
// other.
type Checkpoint struct {
	Origin string
	LogState
	Time time.Time // the signer's claim, UTC, whole milliseconds
}

// text returns the one text that stands for c.
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\nepoch %d\ntime %d\n", c.Origin, c.Size,
		base64.StdEncoding.EncodeToString(c.Root[:]), c.Epoch, c.Time.UnixMilli())
}

// ParseCheckpoint reads the text of a checkpoint. Each checkpoint has one text;
// whatever differs from it is refused.
func ParseCheckpoint(text string) (Checkpoint, error) {
	c, err := parseCheckpoint(text)
	if err == nil && c.text() != text {
		err = errOneForm
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint: %w", ErrMalformed, err)
	}
	return c, nil
}

var errOneForm = errors.New("not in its one form")

func parseCheckpoint(text string) (Checkpoint, error) {
	h, err := parseHead(text)
	if err != nil {
		return Checkpoint{}, err
	}
	size, err := strconv.ParseUint(h.what, 10, 64)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("size: %w", err)
	}
	return Checkpoint{Origin: h.origin, LogState: LogState{Epoch: h.epoch, Size: size, Root: h.root}, Time: h.time}, nil
}

// noteHead is what the texts of checkpoints and attestations have in common.
type noteHead struct {
	origin string
	what   string // the second line
	root   Hash
	epoch  uint32
	time   time.Time
}

func parseHead(text string) (h noteHead, err error) {
	if len(text) > maxNote {
		return h, fmt.Errorf("%d octets, at most %d", len(text), maxNote)
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 6 || lines[0] == "" {
		return h, errors.New("want five lines")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(h.root) {
		return h, errors.New("root is not 32 octets in base64")
	}
	epochText, epochFound := strings.CutPrefix(lines[3], "epoch ")
	timeText, timeFound := strings.CutPrefix(lines[4], "time ")
	if !epochFound || !timeFound {
		return h, errors.New("no epoch or time")
	}
	epoch, err := strconv.ParseUint(epochText, 10, 32)
	if err != nil {
		return h, fmt.Errorf("epoch: %w", err)
	}
	milli, err := strconv.ParseInt(timeText, 10, 64)
	if err != nil {
		return h, fmt.Errorf("time: %w", err)
	}
	return noteHead{lines[0], lines[1], Hash(root), uint32(epoch), time.UnixMilli(milli).UTC()}, nil
}

// Sign returns the sender's signed checkpoint of its log.
func Sign(s LogState, now time.Time, sender note.Signer) ([]byte, error) {
	c := Checkpoint{Origin: sender.Name(), LogState: s, Time: now}
	b, err := note.Sign(&note.Note{Text: c.text()}, sender)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return b, nil
}

// Open returns the checkpoint in a note that bears the sender's signature and
// no other.
func Open(signed []byte, sender note.Verifiers) (Checkpoint, error) {
	_, c, err := openSender(signed, sender, 0, ParseCheckpoint)
	return c, err
}

// Cosign checks that signed is the sender's checkpoint of exactly the log state
// that the receiver holds and returns it with the receiver's signature added:
// the receipt for everything up to its size.
func Cosign(signed []byte, sender note.Verifiers, held LogState, receiver note.Signer) ([]byte, error) {
	n, c, err := openSender(signed, sender, 0, ParseCheckpoint)
	if err != nil {
		return nil, err
	}
	if c.LogState != held {
		return nil, fmt.Errorf("%w: signed for size %d of epoch %d, held %d of %d", ErrRoot, c.Size, c.Epoch, held.Size, held.Epoch)
	}
	b, err := note.Sign(n, receiver)
	if err != nil {
		return nil, fmt.Errorf("cosign checkpoint: %w", err)
	}
	return b, nil
}

// OpenCosigned returns the checkpoint in a note that bears the signatures of
// sender and receiver and no other.
func OpenCosigned(cosigned []byte, sender, receiver note.Verifiers) (Checkpoint, error) {
	return openBoth(cosigned, sender, receiver, ParseCheckpoint)
}

// Unverified returns the checkpoint in a note whose signatures someone else has
// checked or will check.
func Unverified(signed []byte) (Checkpoint, error) {
	text, err := noteText(signed)
	if err != nil {
		return Checkpoint{}, err
	}
	return ParseCheckpoint(text)
}

// noteText returns the text of a note.
func noteText(signed []byte) (string, error) {
	if len(signed) > maxNote {
		return "", fmt.Errorf("%w: note of %d octets", ErrMalformed, len(signed))
	}
	text, _, found := strings.Cut(string(signed), "\n\n")
	if !found {
		return "", fmt.Errorf("%w: note without signature", ErrMalformed)
	}
	return text + "\n", nil
}

func openNote(signed []byte, known note.Verifiers) (*note.Note, error) {
	if len(signed) > maxNote {
		return nil, fmt.Errorf("%w: note of %d octets", ErrMalformed, len(signed))
	}
	n, err := note.Open(signed, known)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return n, nil
}

// signed is what a note says: of which log it is.
type signed interface{ origin() string }

func (c Checkpoint) origin() string  { return c.Origin }
func (a Attestation) origin() string { return a.Origin }

// openSender opens a note that bears the sender's signature and others beside
// it.
func openSender[T signed](b []byte, sender note.Verifiers, others int, parse func(string) (T, error)) (*note.Note, T, error) {
	var none T
	n, err := openNote(b, sender)
	if err != nil {
		return nil, none, err
	}
	c, err := parse(n.Text)
	if err != nil {
		return nil, none, err
	}
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != others || n.Sigs[0].Name != c.origin() {
		return nil, none, fmt.Errorf("%w: not that of its origin", ErrSignature)
	}
	return n, c, nil
}

// openBoth opens a note that bears the signatures of sender and receiver and no
// other.
func openBoth[T signed](cosigned []byte, sender, receiver note.Verifiers, parse func(string) (T, error)) (T, error) {
	var none T
	n, c, err := openSender(cosigned, sender, 1, parse)
	if err != nil {
		return none, err
	}
	r, err := openNote(cosigned, receiver)
	if err != nil {
		return none, fmt.Errorf("receipt: %w", err)
	}
	if len(r.Sigs) != 1 || len(r.UnverifiedSigs) != 1 || r.Sigs[0] == n.Sigs[0] {
		return none, fmt.Errorf("%w: not that of the receiver", ErrSignature)
	}
	return c, nil
}
