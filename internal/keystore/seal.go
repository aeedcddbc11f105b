// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package keystore

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

// KDF is the cost of turning the passphrase into a key (Argon2id, RFC 9106).
type KDF struct {
	Passes    uint32 `cbor:"1,keyasint"`
	MemoryKiB uint32 `cbor:"2,keyasint"`
	Lanes     uint8  `cbor:"3,keyasint"`
}

// DefaultKDF returns the second recommended option of RFC 9106 §4: 64 MiB,
// three passes, four lanes.
func DefaultKDF() KDF { return KDF{Passes: 3, MemoryKiB: 64 << 10, Lanes: 4} }

func (k KDF) validate() error {
	if k.Passes < 1 || k.Passes > 64 || k.MemoryKiB < 8*uint32(k.Lanes) || k.MemoryKiB > 1<<20 || k.Lanes < 1 {
		return errors.New("cost of the passphrase out of range")
	}
	return nil
}

const (
	headerVersion = 1
	maxFile       = 4 << 20
)

// header is the one file that is not sealed as a whole: it holds the master
// key sealed under the passphrase.
type header struct {
	Version uint8  `cbor:"1,keyasint"`
	KDF     KDF    `cbor:"2,keyasint"`
	Salt    []byte `cbor:"3,keyasint"`
	Master  []byte `cbor:"4,keyasint"`
}

var (
	encMode = strict.Encoding()
	decMode = strict.Decoding(strict.Limits{})
)

// openHeader returns the master key's cipher and the key of the witness files,
// after creating the header where there is none.
func openHeader(path string, passphrase []byte, kdf KDF) (cipher.AEAD, []byte, error) {
	b, err := readFile(path)
	if errors.Is(err, os.ErrNotExist) {
		b, err = createHeader(path, passphrase, kdf)
	}
	if err != nil {
		return nil, nil, err
	}
	var h header
	if err := decMode.Unmarshal(b, &h); err != nil || h.Version != headerVersion {
		return nil, nil, fmt.Errorf("%w: header", ErrPassphrase)
	}
	if err := h.KDF.validate(); err != nil {
		return nil, nil, err
	}
	wrap, err := chacha20poly1305.NewX(derive(passphrase, h.Salt, h.KDF))
	if err != nil {
		return nil, nil, err
	}
	master, err := open(wrap, h.Master, headerFile)
	if err != nil {
		return nil, nil, err
	}
	defer clear(master)
	macKey, err := hkdf.Key(sha256.New, master, nil, "kuroshio witness 1", 32)
	if err != nil {
		return nil, nil, fmt.Errorf("derive key: %w", err)
	}
	aead, err := chacha20poly1305.NewX(master)
	return aead, macKey, err
}

func createHeader(path string, passphrase []byte, kdf KDF) ([]byte, error) {
	if err := kdf.validate(); err != nil {
		return nil, err
	}
	if len(passphrase) == 0 {
		return nil, errors.New("empty passphrase")
	}
	h := header{Version: headerVersion, KDF: kdf, Salt: random(16)}
	wrap, err := chacha20poly1305.NewX(derive(passphrase, h.Salt, kdf))
	if err != nil {
		return nil, err
	}
	master := random(chacha20poly1305.KeySize)
	defer clear(master)
	h.Master = seal(wrap, master, headerFile)
	b, err := encMode.Marshal(&h)
	if err != nil {
		return nil, fmt.Errorf("encode keystore header: %w", err)
	}
	return b, writeFile(path, b)
}

func derive(passphrase, salt []byte, k KDF) []byte {
	return argon2.IDKey(passphrase, salt, k.Passes, k.MemoryKiB, k.Lanes, chacha20poly1305.KeySize)
}

// seal encrypts b for the file of that name: a file moved to another name does
// not open.
func seal(aead cipher.AEAD, b []byte, name string) []byte {
	nonce := random(aead.NonceSize())
	return aead.Seal(nonce, nonce, b, []byte("kuroshio keystore 1 "+name))
}

func open(aead cipher.AEAD, b []byte, name string) ([]byte, error) {
	if len(b) < aead.NonceSize() {
		return nil, fmt.Errorf("open keystore file %s: %w", name, ErrPassphrase)
	}
	n := aead.NonceSize()
	plain, err := aead.Open(nil, b[:n], b[n:], []byte("kuroshio keystore 1 "+name))
	if err != nil {
		return nil, fmt.Errorf("open keystore file %s: %w", name, ErrPassphrase)
	}
	return plain, nil
}

// random returns n random octets; crypto/rand.Read never returns an error.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// save seals v into the file of that name. The caller holds mu.
func (s *Store) save(name string, v any) error {
	if s.master == nil {
		return fmt.Errorf("write keystore file %s: %w", name, os.ErrClosed)
	}
	b, err := encMode.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode keystore file %s: %w", name, err)
	}
	defer clear(b)
	return writeFile(filepath.Join(s.dir, name), seal(s.master, b, name))
}

// load opens the file of that name into v. The caller holds mu.
func (s *Store) load(name string, v any) error {
	b, err := readFile(filepath.Join(s.dir, name))
	if err != nil {
		return err
	}
	plain, err := open(s.master, b, name)
	if err != nil {
		return err
	}
	defer clear(plain)
	if err := decMode.Unmarshal(plain, v); err != nil {
		return fmt.Errorf("decode keystore file %s: %w", name, err)
	}
	return nil
}

// readFile reads a file that another process may replace meanwhile. It is read
// again until it still is at the path afterwards: only then was it not overwritten
// while it was read.
func readFile(path string) ([]byte, error) {
	for {
		b, still, err := readOnce(path)
		if err != nil || still {
			return b, err
		}
	}
}

func readOnce(path string) (b []byte, still bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if b, err = io.ReadAll(io.LimitReader(f, maxFile+1)); err != nil {
		return nil, false, fmt.Errorf("read keystore file: %w", err)
	}
	if len(b) > maxFile {
		return nil, false, fmt.Errorf("read keystore file %s: too large", filepath.Base(path))
	}
	read, err := f.Stat()
	if err != nil {
		return nil, false, fmt.Errorf("read keystore file: %w", err)
	}
	there, err := os.Stat(path)
	return b, err == nil && os.SameFile(read, there), err
}

// writeFile puts b in the place of the file at path, durably and at once, and
// overwrites what was there.
func writeFile(path string, b []byte) error {
	old, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("open keystore file: %w", err)
	}
	if old != nil {
		defer old.Close() //nolint:errcheck // wipe syncs it
	}
	if err := replaceFile(path, b); err != nil {
		return err
	}
	if old != nil {
		if err := wipe(old); err != nil {
			return err
		}
	}
	return syncDir(filepath.Dir(path))
}

// replaceFile puts b in the place of the file at path at once: after a crash
// the file holds all of b or all of what it held before.
func replaceFile(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return fmt.Errorf("create keystore file: %w", err)
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write keystore file: %w", err), os.Remove(tmp.Name()))
	}
	return nil
}

// removeFile overwrites the file at path and removes it.
func removeFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open keystore file: %w", err)
	}
	err = errors.Join(wipe(f), f.Close(), os.Remove(path))
	return errors.Join(err, syncDir(filepath.Dir(path)))
}

func wipe(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("overwrite keystore file: %w", err)
	}
	if _, err := f.WriteAt(make([]byte, info.Size()), 0); err != nil {
		return fmt.Errorf("overwrite keystore file: %w", err)
	}
	return f.Sync()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync keystore: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
