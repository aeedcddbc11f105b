// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package response

import (
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Terms are what two parties have agreed between them.
type Terms struct {
	Sectors map[string]party.ID // who leads by default; nil: not agreed
	Broken  map[string]party.ID // who leads while the line is down; nil: as Sectors
	T1, T2  time.Duration       // 0: not agreed
}

// sectors returns who leads by default where the other party is with.
func (c *Config) sectors(with party.ID) map[string]party.ID {
	if t := c.Agreed[with].Sectors; t != nil {
		return t
	}
	return c.Sectors
}

// broken returns who leads while the line to with is down.
func (c *Config) broken(with party.ID) map[string]party.ID {
	if t := c.Agreed[with].Broken; t != nil {
		return t
	}
	return c.sectors(with)
}

func (c *Config) t1(with party.ID) time.Duration {
	if t := c.Agreed[with]; t.T1 > 0 {
		return t.T1
	}
	return c.T1
}

func (c *Config) t2(with party.ID) time.Duration {
	if t := c.Agreed[with]; t.T2 > 0 {
		return t.T2
	}
	return c.T2
}
