// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package keystore

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Wrap encrypts a record's key under the key of that partner and day (UTC,
// "2006-01-02"), AES-256-GCM with a random nonce in front. The day's key is
// made, and durable, at its first use.
func (s *Store) Wrap(partner party.ID, day string, recordKey []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	aead, err := s.dayKey(partner, day, true)
	if err != nil {
		return nil, err
	}
	nonce := random(aead.NonceSize())
	return aead.Seal(nonce, nonce, recordKey, []byte(day)), nil
}

// Unwrap opens what Wrap made. The error wraps ErrDayForgotten when the key of
// that day was destroyed and ErrNotPaired when all of the partner's were.
func (s *Store) Unwrap(partner party.ID, day string, wrapped []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	aead, err := s.dayKey(partner, day, false)
	if err != nil {
		return nil, err
	}
	if len(wrapped) < aead.NonceSize() {
		return nil, errors.New("unwrap record key: too short")
	}
	n := aead.NonceSize()
	key, err := aead.Open(nil, wrapped[:n], wrapped[n:], []byte(day))
	if err != nil {
		return nil, errors.New("unwrap record key: not of this partner and day, or damaged")
	}
	return key, nil
}

// Days returns the days for which a partner has keys, in order.
func (s *Store) Days(partner party.ID) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pairs[partner]
	if p == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(p.body.DayKeys))
}

// ForgetDay destroys the key of a partner and day: record keys wrapped under
// it cannot be opened again. Forgetting twice is no error.
func (s *Store) ForgetDay(partner party.ID, day string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return err
	}
	key, ok := p.body.DayKeys[day]
	if !ok {
		return nil
	}
	changed := p.body
	changed.DayKeys = maps.Clone(p.body.DayKeys)
	delete(changed.DayKeys, day)
	if err := s.save(p.file, &changed); err != nil {
		return err
	}
	p.body = changed
	delete(p.days, day)
	clear(key)
	return nil
}

// dayKey returns the cipher of a day. The caller holds mu.
func (s *Store) dayKey(partner party.ID, day string, create bool) (cipher.AEAD, error) {
	p, err := s.pair(partner)
	if err != nil {
		return nil, err
	}
	if aead := p.days[day]; aead != nil {
		return aead, nil
	}
	key, ok := p.body.DayKeys[day]
	if !ok {
		if !create {
			return nil, fmt.Errorf("key of %s for %s: %w", day, partner, ErrDayForgotten)
		}
		if key, err = s.newDay(p, day); err != nil {
			return nil, err
		}
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use day key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("use day key: %w", err)
	}
	p.days[day] = aead
	return aead, nil
}

func (s *Store) newDay(p *pairing, day string) ([]byte, error) {
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return nil, fmt.Errorf("day %q: want YYYY-MM-DD", day)
	}
	key := random(32)
	changed := p.body
	changed.DayKeys = maps.Clone(p.body.DayKeys)
	if changed.DayKeys == nil {
		changed.DayKeys = make(map[string][]byte)
	}
	changed.DayKeys[day] = key
	if err := s.save(p.file, &changed); err != nil {
		return nil, err
	}
	p.body = changed
	return key, nil
}
