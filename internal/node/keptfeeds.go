// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/console"
)

// keptFeeds is what was changed of the feeds while the node ran, and outlives a
// restart. It stands in the data folder.
type keptFeeds struct {
	Added  []keptFeed `json:"added"`
	Paused []string   `json:"paused"`
	// Numbered is the highest number of a frame of any feed that was removed.
	// What is added goes on from there, since its name may have been used.
	Numbered uint64 `json:"numbered,omitempty"`
}

type keptFeed struct {
	Name string `json:"name"`
	console.FeedSettings
	Secrets    secretNames `json:"secrets,omitempty"`
	SecretsRev uint64      `json:"secrets_rev,omitempty"` // how often they were changed
}

// settings returns the feed as it would stand in the configuration file.
func (k *keptFeed) settings(dir string) config.Feed {
	f := configured(k.Name, &k.FeedSettings)
	k.Secrets.into(&f, dir, k.SecretsRev)
	return f
}

func keptPath(data string) string { return filepath.Join(data, "feeds.json") }

func readKept(data string) (k keptFeeds, err error) {
	b, err := os.ReadFile(keptPath(data))
	if errors.Is(err, os.ErrNotExist) {
		return k, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &k)
	}
	if err != nil {
		return k, fmt.Errorf("read added feeds: %w", err)
	}
	return k, nil
}

// write replaces the file whole.
func (k keptFeeds) write(data string) error {
	b, err := json.MarshalIndent(k, "", " ")
	if err != nil {
		return fmt.Errorf("write added feeds: %w", err)
	}
	f, err := os.CreateTemp(data, "feeds-*")
	if err != nil {
		return fmt.Errorf("write added feeds: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), keptPath(data))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write added feeds: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// find returns the index of an added feed, -1 where there is none.
func (k keptFeeds) find(name string) int {
	return slices.IndexFunc(k.Added, func(f keptFeed) bool { return f.Name == name })
}

// without returns what is kept when a feed is removed, which has stopped.
func (k keptFeeds) without(w *watched) keptFeeds {
	name := w.settings.Name
	return keptFeeds{
		Added:    slices.DeleteFunc(slices.Clone(k.Added), func(f keptFeed) bool { return f.Name == name }),
		Paused:   slices.DeleteFunc(slices.Clone(k.Paused), func(s string) bool { return s == name }),
		Numbered: max(k.Numbered, w.feed.Health().Seq),
	}
}

// into returns the configuration with the added feeds. One of the file's that
// has the name of an added one stops the node: nobody could tell them apart.
func (k keptFeeds) into(c *config.Config) (*config.Config, error) {
	if len(k.Added) == 0 {
		return c, nil
	}
	all := *c
	all.Feeds = slices.Clone(c.Feeds)
	for i := range k.Added {
		a := &k.Added[i]
		f := a.settings(secretsPath(c.Node.Data))
		sensors := sensorsOf(a.Name, &a.FeedSettings)
		if key, what := addable(&f, sensors); what != "" {
			return nil, fmt.Errorf("%s: feed %s: %s: %s", keptPath(c.Node.Data), a.Name, key, what)
		}
		if slices.ContainsFunc(all.Feeds, func(other config.Feed) bool { return other.Name == a.Name }) {
			return nil, fmt.Errorf("%s: feed %s stands in the configuration file too", keptPath(c.Node.Data), a.Name)
		}
		all.Feeds = append(all.Feeds, f)
		all.Sensors = slices.Concat(all.Sensors, sensors)
	}
	return &all, nil
}
