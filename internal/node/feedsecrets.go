// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

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

// secretFile names a file; rev is how often the feed's secrets were changed. No
// name of a feed has a dot in it.
func secretFile(dir, feed string, rev uint64, kind string) string {
	if rev > 0 {
		feed += "." + strconv.FormatUint(rev, 10)
	}
	return filepath.Join(dir, feed+"."+kind)
}

// secrets returns the feed's secrets with those that are given in their place.
func (k *keptFeed) secrets(dir string, given *console.FeedSecrets) (*console.FeedSecrets, error) {
	all := *given
	for _, kind := range k.Secrets {
		if secret(given, kind) != "" {
			continue
		}
		b, err := os.ReadFile(secretFile(dir, k.Name, k.SecretsRev, kind))
		if err != nil {
			return nil, fmt.Errorf("read %s of feed %s: %w", kind, k.Name, err)
		}
		switch kind {
		case "password":
			all.Password = string(b)
		case "ca":
			all.CA = string(b)
		case "cert":
			all.Cert = string(b)
		default:
			all.Key = string(b)
		}
	}
	return &all, nil
}

// into names the files in a feed's configuration.
func (n secretNames) into(f *config.Feed, dir string, rev uint64) {
	for _, kind := range n {
		path := secretFile(dir, f.Name, rev, kind)
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
func writeSecrets(dir, feed string, rev uint64, s *console.FeedSecrets) error {
	if err := removeSecrets(dir, feed, rev); err != nil {
		return err
	}
	for _, kind := range namesOf(s) {
		if err := writeSecret(dir, secretFile(dir, feed, rev, kind), secret(s, kind)); err != nil {
			return errors.Join(fmt.Errorf("keep %s of feed %s: %w", kind, feed, err), removeSecrets(dir, feed, rev))
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

func removeSecrets(dir, feed string, rev uint64) error {
	var errs []error
	for _, kind := range secretKinds {
		if err := os.Remove(secretFile(dir, feed, rev, kind)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove %s of feed %s: %w", kind, feed, err))
		}
	}
	return errors.Join(errs...)
}

// trialSecrets is the pattern of the folders that hold the secrets of a test.
const trialSecrets = "feed-trial-*"

// sweepSecrets removes what no added feed names: a node that died in the middle
// of an act left it.
func (k keptFeeds) sweepSecrets(data string) error {
	dir := secretsPath(data)
	var named []string
	for i := range k.Added {
		for _, kind := range k.Added[i].Secrets {
			named = append(named, secretFile(dir, k.Added[i].Name, k.Added[i].SecretsRev, kind))
		}
	}
	var errs []error
	for _, kind := range secretKinds {
		files, err := filepath.Glob(filepath.Join(dir, "*."+kind))
		errs = append(errs, err)
		for _, path := range files {
			if !slices.Contains(named, path) {
				errs = append(errs, os.Remove(path))
			}
		}
	}
	trials, err := filepath.Glob(filepath.Join(data, trialSecrets))
	errs = append(errs, err)
	for _, path := range trials {
		errs = append(errs, os.RemoveAll(path))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove secrets of no feed: %w", err)
	}
	return nil
}
