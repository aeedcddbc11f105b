// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package pairing

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Roles in an exchange. A role is part of each commitment, so that a message
// cannot be sent back as the other side's.
const (
	inviter = byte('i')
	joiner  = byte('j')
)

func other(role byte) byte {
	if role == inviter {
		return joiner
	}
	return inviter
}

// peer is the other side.
type peer struct {
	conn   *tls.Conn
	commit *Commit // its commitment, when it was read already
}

func (p *peer) close() { _ = p.conn.Close() } // over

// read reads one message; it is given up when ctx ends.
func (p *peer) read(ctx context.Context) (*Message, error) {
	stop := context.AfterFunc(ctx, func() { _ = p.conn.NetConn().Close() }) // the read reports it
	defer stop()
	var head [4]byte
	if _, err := io.ReadFull(p.conn, head[:]); err != nil {
		return nil, p.lost(ctx, err)
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxMessage {
		return nil, fmt.Errorf("%w: message of %d octets", ErrProtocol, n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(p.conn, b); err != nil {
		return nil, p.lost(ctx, err)
	}
	m, err := DecodeMessage(b)
	if err != nil {
		return nil, err
	}
	if m.End {
		return nil, ErrEnded
	}
	return m, nil
}

func (p *peer) lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w: %w", ErrEnded, err)
}

func (p *peer) write(ctx context.Context, m *Message) error {
	stop := context.AfterFunc(ctx, func() { _ = p.conn.NetConn().Close() }) // the write reports it
	defer stop()
	b, err := encodeMessage(m)
	if err != nil {
		return err
	}
	if _, err := p.conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)); err != nil {
		return p.lost(ctx, err)
	}
	return nil
}

// end tells the other side that the pairing is over.
func (p *peer) end() {
	_ = p.conn.SetWriteDeadline(time.Now().Add(time.Second)) // best effort
	ctx := context.Background()
	_ = p.write(ctx, &Message{End: true}) // best effort
}

// exchange does the ceremony with the peer and keeps the result.
func exchange(ctx context.Context, cfg *Config, own *keystore.Pair, p *peer, role byte) error {
	transcript, theirs, err := reveal(ctx, cfg, own, p, role)
	if err == nil {
		err = confirm(ctx, cfg, p, role, transcript)
	}
	if err == nil {
		err = share(own, p, transcript)
	}
	if err == nil {
		err = keep(cfg, own, theirs)
	}
	if err != nil {
		p.end()
		return fmt.Errorf("pair with %s: %w", cfg.Partner, err)
	}
	return nil
}

// reveal exchanges commitments, then what they commit to, and returns the hash
// of the whole transcript.
func reveal(ctx context.Context, cfg *Config, own *keystore.Pair, p *peer, role byte) (transcript []byte, theirs *Reveal, err error) {
	pin, err := own.Pin()
	if err != nil {
		return nil, nil, err
	}
	ours := &Reveal{
		Nonce: make([]byte, 32), Pin: pin[:], Journal: own.Journal(),
		Party: string(cfg.Self), Partner: string(cfg.Partner), Address: cfg.LinkAddr,
	}
	_, _ = rand.Read(ours.Nonce) // never fails
	ourCommit := &Commit{Protocol: protocol, Hash: ours.commitment(role)}

	if role == joiner {
		if err := p.write(ctx, &Message{Commit: ourCommit}); err != nil {
			return nil, nil, err
		}
		m, err := p.read(ctx)
		if err != nil {
			return nil, nil, err
		}
		if m.Commit == nil {
			return nil, nil, ErrProtocol
		}
		p.commit = m.Commit
		if err := p.write(ctx, &Message{Reveal: ours}); err != nil {
			return nil, nil, err
		}
	} else if err := p.write(ctx, &Message{Commit: ourCommit}); err != nil {
		return nil, nil, err
	}
	m, err := p.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := checkReveal(cfg, p, m.Reveal, other(role)); err != nil {
		return nil, nil, err
	}
	if role == inviter {
		if err := p.write(ctx, &Message{Reveal: ours}); err != nil {
			return nil, nil, err
		}
	}
	return transcriptOf(role, ours, m.Reveal), m.Reveal, nil
}

// checkReveal compares what the peer revealed with its commitment, with the key
// that it holds on this connection, and with whom the officer expects.
func checkReveal(cfg *Config, p *peer, r *Reveal, role byte) error {
	if r == nil || p.commit.Protocol != protocol {
		return ErrProtocol
	}
	if subtle.ConstantTimeCompare(r.commitment(role), p.commit.Hash) != 1 {
		return fmt.Errorf("%w: not what it committed to", ErrProtocol)
	}
	certs := p.conn.ConnectionState().PeerCertificates
	if len(certs) != 1 {
		return ErrProtocol
	}
	if pin := keystore.PinOf(certs[0]); !bytes.Equal(pin[:], r.Pin) {
		return fmt.Errorf("%w: not its own key", ErrProtocol)
	}
	if r.Party != string(cfg.Partner) || r.Partner != string(cfg.Self) {
		return fmt.Errorf("%w: it is another party, or expects one", ErrProtocol)
	}
	return nil
}

// transcriptOf hashes both reveals, the inviter's first. The commitments follow
// from them.
func transcriptOf(role byte, ours, theirs *Reveal) []byte {
	i, j := ours, theirs
	if role == joiner {
		i, j = theirs, ours
	}
	h := sha256.New()
	h.Write([]byte("kuroshio pairing 1 transcript"))
	h.Write(i.commitment(inviter))
	h.Write(j.commitment(joiner))
	return h.Sum(nil)
}

// codeOf returns the code of ten digits, 33 bits, in two groups.
func codeOf(transcript []byte) string {
	h := sha256.Sum256(append([]byte("kuroshio pairing 1 code"), transcript...))
	n := binary.BigEndian.Uint64(h[:8]) % 1e10
	return fmt.Sprintf("%05d %05d", n/1e5, n%1e5)
}

// sameCode compares codes by their digits alone: officers type spaces as they
// like.
func sameCode(a, b string) bool {
	digits := func(s string) []byte {
		return []byte(strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || r == '-' {
				return -1
			}
			return r
		}, s))
	}
	return subtle.ConstantTimeCompare(digits(a), digits(b)) == 1
}

// confirm asks the officer, tells the peer, and waits for its officer.
func confirm(ctx context.Context, cfg *Config, p *peer, role byte, transcript []byte) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type answer struct {
		m   *Message
		err error
	}
	answers := make(chan answer, 1) // one answer comes
	go func() {
		m, err := p.read(ctx)
		if err != nil {
			cancel(err) // the officer need not type on
		}
		answers <- answer{m, err}
	}()
	code := codeOf(transcript)
	typed, err := cfg.Confirm(ctx, code)
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case err == nil && !sameCode(typed, code):
		err = ErrMismatch
	case err == nil:
		err = p.write(ctx, &Message{Confirm: confirmation(transcript, role)})
	}
	if err != nil {
		p.end()
		cancel(err)
		<-answers
		return err
	}
	a := <-answers
	if a.err != nil {
		return a.err
	}
	if !hmac.Equal(a.m.Confirm, confirmation(transcript, other(role))) {
		return ErrProtocol
	}
	return nil
}

func confirmation(transcript []byte, role byte) []byte {
	h := hmac.New(sha256.New, transcript)
	h.Write([]byte("kuroshio pairing 1 confirmed"))
	h.Write([]byte{role})
	return h.Sum(nil)
}

// share derives the secret of the fallback card: by the exporter of TLS 1.3
// (RFC 8446 §7.5, HKDF) over the transcript, so that only the two ends of this
// connection have it, and only for this pairing.
func share(own *keystore.Pair, p *peer, transcript []byte) error {
	state := p.conn.ConnectionState()
	secret, err := state.ExportKeyingMaterial("EXPORTER-kuroshio-pairing-1-card", transcript, sha256.Size)
	if err != nil {
		return fmt.Errorf("derive secret of the card: %w", err)
	}
	own.Share(secret)
	clear(secret)
	return nil
}

// keep puts the result into the keystore.
func keep(cfg *Config, own *keystore.Pair, r *Reveal) error {
	peer := keystore.Peer{Pin: [32]byte(r.Pin), Journal: r.Journal, Address: r.Address}
	return cfg.Keys.Add(cfg.Partner, own, peer)
}

func (r *Reveal) validate() error {
	if len(r.Nonce) != 32 || len(r.Pin) != 32 {
		return errors.New("nonce or key out of range")
	}
	for _, p := range []string{r.Party, r.Partner} {
		if _, err := party.Parse(p); err != nil {
			return err
		}
	}
	if len(r.Journal) > maxJournalKey {
		return errors.New("journal key out of range")
	}
	if _, err := note.NewVerifier(r.Journal); err != nil {
		return errors.New("journal key malformed")
	}
	return validAddress(r.Address)
}
