// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/packs"
)

// Engine is a Stepper that owns an engine without partners: nothing leaves it.
type Engine struct {
	eng *engine.Engine
	seq uint64
}

// NewEngine returns an engine that knows the feeds, with zones and rules of a
// shipped data pack, "" for the default.
func NewEngine(self party.ID, pack string, feeds []Feed) (*Engine, error) {
	if pack == "" {
		pack = packs.Default
	}
	p, err := packs.Load(pack)
	if err != nil {
		return nil, err
	}
	cfg := &engine.Config{
		Pack: p.Zones, Rules: engine.Text{Name: "rules.json", Data: p.Rules},
		Feeds: EngineFeeds(feeds), Sensors: Sensors(feeds), T1: 2 * time.Minute, T2: 5 * time.Minute,
	}
	if err := cfg.Check(self); err != nil {
		return nil, fmt.Errorf("set up replay: %w", err)
	}
	e := &Engine{eng: engine.New(self, func(party.ID, record.Kind, uint64) record.ID { return record.ID{} })}
	out := e.step(&engine.Input{Config: cfg})
	if out.Reply.Code != "" {
		return nil, errors.New("set up replay: configuration refused")
	}
	return e, nil
}

// EngineFeeds returns what an engine needs to know of the feeds.
func EngineFeeds(feeds []Feed) []engine.FeedConfig {
	var list []engine.FeedConfig
	for i := range feeds {
		list = append(list, engine.FeedConfig{Name: feeds[i].Name, Kind: feeds[i].Kind + "-file", Source: feeds[i].Source})
	}
	return list
}

func (e *Engine) step(in *engine.Input) engine.Outputs {
	e.seq++
	return e.eng.Step(e.seq, in)
}

// Frame steps the engine by a frame.
func (e *Engine) Frame(_ context.Context, now time.Time, f *frame.Frame) error {
	e.step(&engine.Input{At: now, Frame: f})
	return nil
}

// Tick steps the engine by a tick.
func (e *Engine) Tick(_ context.Context, now time.Time) error {
	e.step(&engine.Input{At: now, Tick: &engine.Tick{}})
	return nil
}

// Tracks returns the tracks of the engine's picture.
func (e *Engine) Tracks() []engine.TrackView { return e.eng.View().Tracks }

// View returns the engine's picture.
func (e *Engine) View() *engine.View { return e.eng.View() }
