// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// RegistrationView is what is known of the bias of one radar: what it measures,
// less what is so.
type RegistrationView struct {
	Source  string             `json:"source"`           // the feed
	Sensor  string             `json:"sensor,omitempty"` // within the feed, SAC/SIC; absent where the feed has one entry
	Bias    *BiasView          `json:"bias,omitempty"`   // absent of one that is left out
	Sigma   *BiasView          `json:"sigma,omitempty"`  // one standard deviation of each
	Sights  uint64             `json:"sights"`           // comparisons that it was learnt from; 0: nothing is known yet
	Jumps   uint32             `json:"jumps"`            // how often it changed at once
	Jumped  *time.Time         `json:"jumped,omitempty"`
	History []RegistrationPast `json:"history"`            // oldest first, every quarter of an hour and at each jump
	LeftOut bool               `json:"left_out,omitempty"` // beyond the 16 radars that are registered
}

// BiasView is a bias in range, azimuth and time.
type BiasView struct {
	RangeM     float64 `json:"range_m"`
	Gain       float64 `json:"gain"` // metres in a metre of range
	AzimuthDeg float64 `json:"azimuth_deg"`
	TimeS      float64 `json:"time_s"` // above zero: its stamps are late
}

// RegistrationPast is a bias as it was estimated at a time.
type RegistrationPast struct {
	At    time.Time `json:"at"`
	Bias  BiasView  `json:"bias"`
	Sigma BiasView  `json:"sigma"`
	Jump  bool      `json:"jump,omitempty"` // noted because it changed at once
}

// Registration returns what is known of the bias of each radar, by feed and
// sensor; of those that are left out, that they are.
func (e *Engine) Registration() []RegistrationView {
	list := []RegistrationView{}
	if !e.up {
		return list
	}
	for _, r := range e.tracks.Registrations() {
		v := RegistrationView{
			Source: r.Source, Sensor: r.ID, Sights: r.Sights, Jumps: r.Jumps, History: []RegistrationPast{}, LeftOut: r.LeftOut,
		}
		if !r.LeftOut {
			bias, sigma := biasView(r.Bias), biasView(r.Sigma)
			v.Bias, v.Sigma = &bias, &sigma
		}
		if !r.Jumped.IsZero() {
			jumped := r.Jumped
			v.Jumped = &jumped
		}
		for _, p := range r.History {
			v.History = append(v.History, RegistrationPast{p.At, biasView(p.Bias), biasView(p.Sigma), p.Jump})
		}
		list = append(list, v)
	}
	return list
}

func biasView(b mtt.Bias) BiasView {
	return BiasView{round(float64(b.Range), 1), round(b.Gain, 7), round(float64(b.Azimuth), 4), round(b.Time.Seconds(), 3)}
}

const (
	biasAlarm = "registration"
	// jumpStands is how long a jump of a bias is an active alarm: until a new
	// value is learnt, what the radar alone holds may stand off.
	jumpStands = 10 * time.Minute
)

// lookAtBiases alarms for each radar whose bias changed at once, and ends the
// alarm when it is registered anew or no longer configured.
func (e *Engine) lookAtBiases() {
	radars := make(map[string]bool)
	for _, r := range e.tracks.Registrations() {
		name := radarName(&r)
		radars[name] = true
		e.system(biasAlarm+"/"+name, biasAlarm, name, 2, !r.Jumped.IsZero() && e.now.Sub(r.Jumped) < jumpStands)
	}
	for _, a := range slices.Clone(e.book.Alarms()) {
		if a.Rule == biasAlarm && !radars[a.Subject] {
			e.system(a.Key, biasAlarm, a.Subject, a.Priority, false)
		}
	}
}

func radarName(r *track.Radar) string {
	if r.ID == "" {
		return r.Source
	}
	return r.Source + " " + r.ID
}
