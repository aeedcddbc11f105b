// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"cmp"
	"errors"
	"io"
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// merger gives the frames of several recordings in order of time, those of one
// time in the order of the feeds. It holds one frame of each. Within a
// recording its own order stands.
type merger struct {
	readers []*Reader
	heads   []frame.Frame
	has     []bool
	bad     func(feed string, b *Bad) error
	last    int // whose head was given out
}

func newMerger(feeds []Feed, bad func(string, *Bad) error) (*merger, error) {
	m := &merger{heads: make([]frame.Frame, len(feeds)), has: make([]bool, len(feeds)), bad: bad, last: -1}
	for i := range feeds {
		r, err := Open(&feeds[i])
		if err != nil {
			m.close()
			return nil, err
		}
		m.readers = append(m.readers, r)
	}
	for i := range feeds {
		if err := m.advance(i); err != nil {
			m.close()
			return nil, err
		}
	}
	return m, nil
}

func (m *merger) close() {
	for _, r := range m.readers {
		_ = r.Close() // only read
	}
}

// next returns the next frame, good until the call after it.
func (m *merger) next() (*frame.Frame, error) {
	if m.last >= 0 {
		if err := m.advance(m.last); err != nil {
			return nil, err
		}
	}
	m.last = -1
	for i := range m.heads {
		if m.has[i] && (m.last < 0 || m.heads[i].Received.Before(m.heads[m.last].Received)) {
			m.last = i
		}
	}
	if m.last < 0 {
		return nil, io.EOF
	}
	return &m.heads[m.last], nil
}

// advance reads the next frame of a recording.
func (m *merger) advance(i int) error {
	for {
		err := m.readers[i].Next(&m.heads[i])
		var b *Bad
		switch {
		case errors.As(err, &b):
			if err := m.bad(m.readers[i].feed.Name, b); err != nil {
				return err
			}
			continue
		case errors.Is(err, io.EOF):
			m.has[i] = false
			return nil
		case err != nil:
			return err
		}
		m.has[i] = true
		return nil
	}
}

func (p *player) sortedCounts() []Count {
	list := []Count{}
	for _, c := range p.counts {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Feed, b.Feed), cmp.Compare(a.Reason, b.Reason))
	})
	return list
}
