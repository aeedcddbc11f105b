// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
)

// attest asks the partner to sign the next leaves that may be attested. It waits
// for the answer to the last asking, not for the line.
func (w *writer) attest(ctx context.Context) error {
	w.mu.Lock()
	due := w.attestDue && w.asked == nil && w.version >= versionPaired
	if due {
		w.attestDue = false
	}
	w.mu.Unlock()
	if !due {
		return nil
	}
	cfg := &w.link.cfg
	next, err := cfg.Outbox.Unattested(ctx, cfg.Partner)
	if err != nil {
		return w.link.storeError(ctx, "read leaves to attest", err)
	}
	if next == nil {
		return nil
	}
	signed, err := journal.SignAttestation(*next, cfg.Now(), w.keys.proof.signer)
	if err != nil {
		return &haltError{problem: ProblemKeys}
	}
	w.mu.Lock()
	w.asked = next // before the line: an answer may be faster than the return of send
	w.mu.Unlock()
	return w.send(&Frame{Attest: &Attest{Signed: signed}})
}

// attestations answers the partner's asking and takes its answer to ours.
func (c *committer) attestations(ctx context.Context, asked *Attest, answer *Attested) error {
	if asked != nil {
		if err := c.cosign(ctx, asked); err != nil {
			return err
		}
	}
	if answer != nil {
		return c.answered(ctx, answer)
	}
	return nil
}

// cosign signs the leaves of the partner's log that we hold, where the joint
// plan lets it.
func (c *committer) cosign(ctx context.Context, asked *Attest) error {
	cfg := &c.link.cfg
	a, err := journal.OpenAttestation(asked.Signed, c.keys.proof.theirs)
	if err != nil {
		return &haltError{problem: ProblemSignature, reason: StopJournal}
	}
	var answer Attested
	held, first, err := cfg.Inbox.Attestable(ctx, cfg.Partner, a.First, a.Last)
	switch {
	case errors.Is(err, journal.ErrRoot):
		return errOrder // it asks for what we have not receipted
	case err != nil:
		return c.link.storeError(ctx, "read leaves to attest", err)
	case held == nil:
		answer.First = first
	default:
		if answer.Cosigned, err = journal.CosignAttestation(asked.Signed, c.keys.proof.theirs, *held, c.keys.proof.signer); err != nil {
			return &haltError{problem: ProblemRoot, reason: StopJournal}
		}
		if err := c.stubborn(ctx, "keep attestation", func() error {
			return cfg.Inbox.KeepAttested(ctx, cfg.Partner, answer.Cosigned)
		}); err != nil {
			return err
		}
	}
	c.mu.Lock()
	c.gotAttest, c.attested = nil, &answer
	c.mu.Unlock()
	c.wake()
	return nil
}

// answered keeps what the partner signed, or where it would begin.
func (c *committer) answered(ctx context.Context, answer *Attested) error {
	cfg := &c.link.cfg
	c.mu.Lock()
	asked := c.asked
	c.mu.Unlock()
	var keep func() error
	switch {
	case len(answer.Cosigned) > 0:
		a, err := journal.OpenCosignedAttestation(answer.Cosigned, c.keys.proof.own, c.keys.proof.theirs)
		if err != nil {
			return &haltError{problem: ProblemSignature, reason: StopJournal}
		}
		if asked == nil || !a.Same(asked) {
			return errOrder
		}
		keep = func() error { return cfg.Outbox.Attested(ctx, cfg.Partner, answer.Cosigned) }
	case answer.First != 0:
		if asked == nil || answer.First <= asked.First {
			return errOrder // it would be asked for the same again
		}
		keep = func() error { return cfg.Outbox.AttestFrom(ctx, cfg.Partner, answer.First) }
	}
	if keep != nil {
		if err := c.stubborn(ctx, "keep attestation", keep); err != nil {
			return err
		}
	}
	c.mu.Lock()
	c.asked = nil
	c.attestDue = c.attestDue || keep != nil
	c.mu.Unlock()
	return nil
}
