// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/console"
)

// What an added feed needs in secret rests in files of its own in the data
// folder, which its owner alone can read. It goes into no list, log or tape, and
// nothing gives it out again.

func secretsPath(data string) string { return filepath.Join(data, "feed-secrets") }

// secretKinds are the keys of a request and what the files end with.
var secretKinds = []string{"password", "ca", "cert", "key"}

// secretNames are the secrets that a feed has, of secretKinds.
type secretNames []string

func namesOf(s *console.FeedSecrets) (names secretNames) {
	for _, kind := range secretKinds {
		if secret(s, kind) != "" {
			names = append(names, kind)
		}
	}
	return names
}

func secret(s *console.FeedSecrets, kind string) string {
	if s == nil {
		return ""
	}
	switch kind {
	case "password":
		return s.Password
	case "ca":
		return s.CA
	case "cert":
		return s.Cert
	}
	return s.Key
}

func secretFile(dir, feed, kind string) string { return filepath.Join(dir, feed+"."+kind) }

// into names the files in a feed's configuration.
func (n secretNames) into(f *config.Feed, dir string) {
	for _, kind := range n {
		path := secretFile(dir, f.Name, kind)
		switch kind {
		case "password":
			f.PasswordFile = path
		case "ca":
			f.CA = path
		case "cert":
			f.Cert = path
		case "key":
			f.Key = path
		}
	}
}

// apiKey returns the key of a request for that of a configuration file.
func apiKey(key string) string {
	if key == "password_file" {
		return "password"
	}
	return key
}

// writeSecrets writes the files anew: what is left of a feed of that name goes.
func writeSecrets(dir, feed string, s *console.FeedSecrets) error {
	if err := removeSecrets(dir, feed); err != nil {
		return err
	}
	for _, kind := range namesOf(s) {
		if err := writeSecret(dir, secretFile(dir, feed, kind), secret(s, kind)); err != nil {
			return errors.Join(fmt.Errorf("keep %s of feed %s: %w", kind, feed, err), removeSecrets(dir, feed))
		}
	}
	return nil
}

func writeSecret(dir, path, text string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func removeSecrets(dir, feed string) error {
	var errs []error
	for _, kind := range secretKinds {
		if err := os.Remove(secretFile(dir, feed, kind)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove %s of feed %s: %w", kind, feed, err))
		}
	}
	return errors.Join(errs...)
}
