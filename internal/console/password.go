// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// HashParams is the work of one argon2id hash (RFC 9106).
type HashParams struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// DefaultHash returns 64 MiB in two passes and two lanes.
func DefaultHash() HashParams { return HashParams{MemoryKiB: 64 << 10, Passes: 2, Lanes: 2} }

// Limits of a hash that is read: a row of the store must not make the node take
// all memory.
const (
	maxMemoryKiB = 256 << 10
	maxPasses    = 16
	maxLanes     = 16
	saltLen      = 16
	keyLen       = 32
	maxPassword  = 1024 // octets
	minPassword  = 12   // characters
)

func (p HashParams) validate() error {
	if p.Lanes < 1 || p.Lanes > maxLanes || p.Passes < 1 || p.Passes > maxPasses ||
		p.MemoryKiB < 8*uint32(p.Lanes) || p.MemoryKiB > maxMemoryKiB {
		return fmt.Errorf("argon2id %s: out of range", p.part())
	}
	return nil
}

// versionPart and part are the two parts of a PHC string that tell the work;
// the PHC form writes numbers in decimal without leading zeros, so that each
// hash has one form.
func versionPart() string { return fmt.Sprintf("v=%d", argon2.Version) }

func (p HashParams) part() string {
	return fmt.Sprintf("m=%d,t=%d,p=%d", p.MemoryKiB, p.Passes, p.Lanes)
}

// HashPassword returns the password's argon2id hash with DefaultHash as a PHC
// string. It does not judge the password: CheckPassword does.
func HashPassword(password string) (string, error) { return DefaultHash().Hash(password) }

// Hash returns the password's argon2id hash as a PHC string.
func (p HashParams) Hash(password string) (string, error) {
	if err := p.validate(); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	if password == "" || len(password) > maxPassword {
		return "", fmt.Errorf("hash password: want 1 to %d octets", maxPassword)
	}
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // it never fails
	key := argon2.IDKey([]byte(password), salt, p.Passes, p.MemoryKiB, p.Lanes, keyLen)
	return fmt.Sprintf("$argon2id$%s$%s$%s$%s", versionPart(), p.part(),
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// ErrWeakPassword is returned by CheckPassword.
var ErrWeakPassword = errors.New("password is too weak")

// CheckPassword refuses a password that is shorter than 12 characters, has
// fewer than five different ones, or holds the person's name of three or more.
func CheckPassword(name, password string) error {
	different := make(map[rune]bool)
	for _, r := range password {
		different[unicode.ToLower(r)] = true
	}
	switch {
	case len(password) > maxPassword || !utf8.ValidString(password):
		return fmt.Errorf("check password: want at most %d octets of UTF-8: %w", maxPassword, ErrWeakPassword)
	case utf8.RuneCountInString(password) < minPassword:
		return fmt.Errorf("check password: want %d characters: %w", minPassword, ErrWeakPassword)
	case len(different) < 5:
		return fmt.Errorf("check password: too few different characters: %w", ErrWeakPassword)
	case utf8.RuneCountInString(name) >= 3 && strings.Contains(strings.ToLower(password), strings.ToLower(name)):
		return fmt.Errorf("check password: it holds the name: %w", ErrWeakPassword)
	}
	return nil
}

var errHash = errors.New("stored hash is not argon2id in PHC form")

// parseHash reads a PHC string.
func parseHash(phc string) (p HashParams, salt, key []byte, err error) {
	part := strings.Split(phc, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != versionPart() {
		return p, nil, nil, errHash
	}
	if n, err := fmt.Sscanf(part[3]+"\n", "m=%d,t=%d,p=%d\n", &p.MemoryKiB, &p.Passes, &p.Lanes); n != 3 || err != nil {
		return p, nil, nil, errHash
	}
	if part[3] != p.part() { // such as a number with zeros before it
		return p, nil, nil, errHash
	}
	if err := p.validate(); err != nil {
		return p, nil, nil, err
	}
	salt, err = base64.RawStdEncoding.Strict().DecodeString(part[4])
	if err != nil || len(salt) < 8 || len(salt) > 64 {
		return p, nil, nil, errHash
	}
	key, err = base64.RawStdEncoding.Strict().DecodeString(part[5])
	if err != nil || len(key) < 16 || len(key) > 64 {
		return p, nil, nil, errHash
	}
	return p, salt, key, nil
}

// matches reports whether the password is the one of the hash, in a time that
// does not tell how near it was.
func matches(phc, password string) (bool, error) {
	if len(password) > maxPassword {
		return false, nil
	}
	p, salt, want, err := parseHash(phc)
	if err != nil {
		return false, err
	}
	got := argon2.IDKey([]byte(password), salt, p.Passes, p.MemoryKiB, p.Lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}
