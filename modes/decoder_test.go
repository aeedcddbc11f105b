// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// session sends frames to a decoder at a time that the test moves.
type session struct {
	t   *testing.T
	d   *modes.Decoder
	now time.Time
	r   modes.Report
}

func start(t *testing.T, change func(*modes.Config)) *session {
	t.Helper()
	cfg := modes.DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return &session{t: t, d: modes.NewDecoder(cfg), now: epoch}
}

func (s *session) wait(d time.Duration) { s.now = s.now.Add(d) }

func (s *session) long(msg [14]byte) error { return s.d.Decode(s.now, msg[:], &s.r) }
func (s *session) short(msg [7]byte) error { return s.d.Decode(s.now, msg[:], &s.r) }
func (s *session) bytes(msg []byte) error  { return s.d.Decode(s.now, msg, &s.r) }

// at sends an airborne position, and wants it found or refused.
func (s *session) at(p geo.Point, odd bool, want modes.Refusal) {
	s.t.Helper()
	s.position(modes.EncodeAirbornePosition(own, p, 10000, odd), p, want)
}

func (s *session) surface(p geo.Point, odd bool, want modes.Refusal) {
	s.t.Helper()
	s.position(modes.EncodeSurfacePosition(own, p, 10, 90, odd), p, want)
}

func (s *session) position(msg [14]byte, p geo.Point, want modes.Refusal) {
	s.t.Helper()
	if err := s.long(msg); err != nil {
		s.t.Fatal(err)
	}
	if s.r.Refusal != want || s.r.HasPosition != (want == modes.RefusedNot) {
		s.t.Fatalf("position %v: %v (found %v), want %v", p, s.r.Refusal, s.r.HasPosition, want)
	}
	if s.r.HasPosition && apart(s.r.Position, p) > 5 {
		s.t.Fatalf("position %v is found at %v", p, s.r.Position)
	}
}

var (
	taoyuan = geo.Point{LatDeg: 25.0777, LonDeg: 121.2328}
	naha    = geo.Point{LatDeg: 26.1958, LonDeg: 127.6459}
)

func TestAddressFilter(t *testing.T) {
	s := start(t, nil)
	reply := modes.EncodeAltitudeReply(own, 10000)
	want := func(step string, got, want error) {
		t.Helper()
		if !errors.Is(got, want) {
			t.Fatalf("%s: %v, want %v", step, got, want)
		}
	}
	toInterrogator := short(0x2A, 11<<3|5, byte(own>>16), byte(own>>8&0xFF), byte(own&0xFF))
	want("reply of an unheard address", s.short(reply), modes.ErrUnknownAddress)
	want("DF11 to an interrogator", s.bytes(toInterrogator), modes.ErrUnknownAddress)
	want("anonymous squitter", s.bytes(me(18<<3|5, field(5, 4))), nil)
	want("reply after an anonymous squitter", s.short(reply), modes.ErrUnknownAddress)
	mlat := modes.EncodeVelocity(own, 300, 90, 0)
	want("MLAT frame", s.d.DecodeMLAT(s.now, mlat[:], &s.r), nil)
	want("reply after an MLAT frame", s.short(reply), modes.ErrUnknownAddress)
	want("all-call", s.short(modes.EncodeAllCall(own)), nil)
	want("reply at once", s.short(reply), nil)
	want("DF11 to an interrogator", s.bytes(toInterrogator), nil)
	s.wait(90 * time.Second)
	want("reply after 90 s", s.short(reply), nil)
	s.wait(time.Millisecond)
	want("reply after more than 90 s", s.short(reply), modes.ErrUnknownAddress)
	want("squitter", s.long(modes.EncodeIdentification(own, "KRS1", 0xA3)), nil)
	s.wait(-200 * time.Millisecond)
	want("reply a little out of order", s.short(reply), nil)
	want("TIS-B of an ICAO address", s.bytes(me(18<<3|2, field(5, 4))), nil)
	s.d.Reset()
	want("reply after a reset", s.short(reply), modes.ErrUnknownAddress)
	want("TIS-B of an ICAO address", s.bytes(me(18<<3|2, field(5, 4))), nil)
	want("reply after TIS-B", s.short(reply), nil)
}

func TestPairWindow(t *testing.T) {
	s := start(t, nil)
	s.at(taoyuan, false, modes.RefusedUnpaired)
	s.at(taoyuan, false, modes.RefusedUnpaired)
	s.wait(10*time.Second + time.Millisecond)
	s.at(taoyuan, true, modes.RefusedUnpaired) // too late for the even one
	s.wait(10 * time.Second)
	s.at(taoyuan, false, modes.RefusedNot)
	if s.r.PositionKind != modes.PositionPair || s.r.Trust != 1 {
		t.Errorf("kind %v, trust %d, want a pair and 1", s.r.PositionKind, s.r.Trust)
	}
	s.wait(9 * time.Minute)
	s.at(taoyuan, true, modes.RefusedNot)
	if s.r.PositionKind != modes.PositionRelative {
		t.Errorf("kind %v, want relative", s.r.PositionKind)
	}
	s.wait(10*time.Minute + time.Millisecond)
	s.at(taoyuan, false, modes.RefusedUnpaired) // the position before is too old
}

// TestLatePosition does not move an aircraft back.
func TestLatePosition(t *testing.T) {
	s := start(t, nil)
	s.at(taoyuan, false, modes.RefusedUnpaired)
	s.at(taoyuan, true, modes.RefusedNot)
	s.wait(-300 * time.Millisecond)
	s.at(taoyuan, false, modes.RefusedNot)
	if got := s.d.Snapshot().Aircraft[0].Position.TimeMS; got != epoch.UnixMilli() {
		t.Errorf("position is of %d ms, want %d", got, epoch.UnixMilli())
	}
}

func TestZeroIsRefused(t *testing.T) {
	s := start(t, nil)
	s.at(geo.Point{}, false, modes.RefusedZero)
	s.at(geo.Point{}, true, modes.RefusedZero)
}

func TestSurfaceNeedsItsOwnReference(t *testing.T) {
	t.Run("it handles no receiver", func(t *testing.T) {
		s := start(t, nil)
		s.surface(taoyuan, false, modes.RefusedUnpaired)
		s.surface(taoyuan, true, modes.RefusedNoReference)
	})
	t.Run("it handles a receiver near", func(t *testing.T) {
		s := start(t, func(c *modes.Config) { c.HasReceiver, c.Receiver.Pos = true, taoyuan })
		s.surface(taoyuan, false, modes.RefusedUnpaired)
		s.wait(40 * time.Second) // slow, so 50 s are allowed
		s.surface(taoyuan, true, modes.RefusedNot)
	})
	t.Run("it handles a receiver far away", func(t *testing.T) {
		s := start(t, func(c *modes.Config) { c.HasReceiver, c.Receiver.Pos = true, taoyuan })
		s.surface(naha, false, modes.RefusedUnpaired)
		s.surface(naha, true, modes.RefusedRange)
	})
	t.Run("it handles a landing far from the receiver", func(t *testing.T) {
		s := start(t, func(c *modes.Config) { c.HasReceiver, c.Receiver.Pos = true, taoyuan })
		s.at(naha, false, modes.RefusedUnpaired)
		s.at(naha, true, modes.RefusedNot)
		s.wait(5 * time.Second)
		s.surface(naha, false, modes.RefusedNot)
		s.wait(time.Second)
		s.surface(naha, true, modes.RefusedNot)
	})
	t.Run("it handles a landing in another quarter of the globe", func(t *testing.T) {
		heathrow := geo.Point{LatDeg: 51.477, LonDeg: -0.461}
		s := start(t, func(c *modes.Config) { c.HasReceiver, c.Receiver.Pos = true, taoyuan })
		s.at(heathrow, false, modes.RefusedUnpaired)
		s.at(heathrow, true, modes.RefusedNot)
		s.wait(time.Second)
		s.surface(heathrow, false, modes.RefusedNot)
		s.surface(heathrow, true, modes.RefusedNot)
	})
	t.Run("it handles a fast one late", func(t *testing.T) {
		s := start(t, func(c *modes.Config) { c.HasReceiver, c.Receiver.Pos = true, taoyuan })
		s.position(modes.EncodeSurfacePosition(own, taoyuan, 100, 90, false), taoyuan, modes.RefusedUnpaired)
		s.wait(26 * time.Second)
		s.position(modes.EncodeSurfacePosition(own, taoyuan, 100, 90, true), taoyuan, modes.RefusedUnpaired)
	})
}

func TestRange(t *testing.T) {
	s := start(t, func(c *modes.Config) {
		c.HasReceiver, c.Receiver = true, modes.Receiver{Pos: taoyuan, RangeNM: 300}
	})
	s.at(naha, false, modes.RefusedUnpaired)
	s.at(naha, true, modes.RefusedRange) // 350 NM
	near := geo.Point{LatDeg: 25.5, LonDeg: 126}
	s.wait(11 * time.Second)
	s.at(near, false, modes.RefusedUnpaired)
	s.at(near, true, modes.RefusedNot)
}

// TestJump keeps an aircraft where it was when frames place it elsewhere, and
// believes them when they insist.
func TestJump(t *testing.T) {
	s := start(t, nil)
	if err := s.long(modes.EncodeVelocity(own, 450, 90, 0)); err != nil {
		t.Fatal(err)
	}
	s.at(taoyuan, false, modes.RefusedUnpaired)
	s.at(taoyuan, true, modes.RefusedNot)
	s.at(taoyuan, false, modes.RefusedNot)
	if s.r.Trust != 2 {
		t.Fatalf("trust %d, want 2", s.r.Trust)
	}
	s.wait(11 * time.Second) // no pair with what was before
	elsewhere := geo.Point{LatDeg: taoyuan.LatDeg + 0.5, LonDeg: taoyuan.LonDeg}
	s.at(elsewhere, true, modes.RefusedSpeed) // relative, takes no trust
	s.wait(time.Second)
	s.at(elsewhere, false, modes.RefusedSpeed) // trust 1
	s.wait(time.Second)
	s.at(elsewhere, true, modes.RefusedSpeed) // trust 0: given up
	s.wait(time.Second)
	s.at(elsewhere, false, modes.RefusedNot)
	if s.r.Trust != 1 {
		t.Errorf("trust %d after the jump, want 1", s.r.Trust)
	}
}

func TestReach(t *testing.T) {
	tests := map[string]struct {
		gs    geo.Knots // 0 is not sent
		after time.Duration
		moved float64 // metres
		want  modes.Refusal
	}{
		"an airliner's way":              {450, 10 * time.Second, 2315, modes.RefusedNot},
		"a third more than that":         {450, 10 * time.Second, 3000, modes.RefusedNot},
		"twice that":                     {450, 10 * time.Second, 4630, modes.RefusedSpeed},
		"900 kt if the speed is unknown": {0, 10 * time.Second, 4630, modes.RefusedNot},
		"1,400 kt if it is unknown":      {0, 10 * time.Second, 7200, modes.RefusedSpeed},
		"a slow one that jumps a little": {60, time.Second, 600, modes.RefusedNot},
		"a slow one that jumps a lot":    {60, time.Second, 1200, modes.RefusedSpeed},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			s := start(t, nil)
			s.at(taoyuan, false, modes.RefusedUnpaired)
			s.at(taoyuan, true, modes.RefusedNot)
			if tt.gs > 0 {
				if err := s.long(modes.EncodeVelocity(own, tt.gs, 0, 0)); err != nil {
					t.Fatal(err)
				}
			}
			s.wait(tt.after)
			s.at(geo.Point{LatDeg: taoyuan.LatDeg + tt.moved/111195, LonDeg: taoyuan.LonDeg}, false, tt.want)
		})
	}
}

// TestOriginsAreKeptApart sends one number from four origins at four places.
func TestOriginsAreKeptApart(t *testing.T) {
	s := start(t, nil)
	places := map[string]geo.Point{
		"own": taoyuan, "anonymous": naha,
		"tis-b": {LatDeg: 24, LonDeg: 123}, "mlat": {LatDeg: 23, LonDeg: 119},
	}
	wrap := func(first byte, msg [14]byte) []byte {
		msg[0] = first
		return sealWith(0, msg[:]...)
	}
	for range 3 {
		for _, odd := range []bool{false, true} {
			for _, name := range []string{"own", "anonymous", "tis-b", "mlat"} {
				msg := modes.EncodeAirbornePosition(own, places[name], 0, odd)
				var err error
				switch name {
				case "own":
					err = s.long(msg)
				case "anonymous":
					err = s.bytes(wrap(18<<3|1, msg))
				case "tis-b":
					err = s.bytes(wrap(18<<3|2, msg))
				case "mlat":
					err = s.d.DecodeMLAT(s.now, msg[:], &s.r)
				}
				if err != nil {
					t.Fatal(err)
				}
				if s.r.HasPosition && apart(s.r.Position, places[name]) > 5 {
					t.Errorf("%s is found at %v, want %v", name, s.r.Position, places[name])
				}
				if !s.r.HasPosition && s.r.Refusal != modes.RefusedUnpaired {
					t.Errorf("%s: %v", name, s.r.Refusal)
				}
			}
			s.wait(time.Second)
		}
	}
	if s.d.Len() != 4 {
		t.Errorf("%d aircraft are remembered, want 4", s.d.Len())
	}
}

func TestIntegrity(t *testing.T) {
	type expect struct {
		nic    uint8
		radius geo.Metres
	}
	status := func(version, supplA, supplC uint64, subtype uint64) []byte {
		return me(17<<3|5, field(5, 31)|field(8, subtype)|field(20, supplC)|field(43, version)|field(44, supplA))
	}
	position := func(tc, supplB uint64) []byte {
		return me(17<<3|5, field(5, tc)|field(8, supplB)|field(39, 1)|field(56, 1))
	}
	tests := map[string]struct {
		frames [][]byte
		want   expect
	}{
		"TC9 of version 0":                 {[][]byte{position(9, 0)}, expect{11, 7.5}},
		"TC10 of version 0":                {[][]byte{position(10, 0)}, expect{10, 25}},
		"TC11 of version 0":                {[][]byte{position(11, 0)}, expect{8, 185.2}},
		"TC13 of version 0, B not in use":  {[][]byte{position(13, 1)}, expect{6, 926}},
		"TC16 of version 0":                {[][]byte{position(16, 0)}, expect{1, 18520}},
		"TC18, nothing known":              {[][]byte{position(18, 0)}, expect{0, 0}},
		"TC11 of version 2":                {[][]byte{status(2, 0, 0, 0), position(11, 0)}, expect{8, 185.2}},
		"TC11 of version 2 with A and B":   {[][]byte{status(2, 1, 0, 0), position(11, 1)}, expect{9, 75}},
		"TC11 of version 1 with A":         {[][]byte{status(1, 1, 0, 0), position(11, 0)}, expect{9, 75}},
		"TC13 of version 2":                {[][]byte{status(2, 0, 0, 0), position(13, 0)}, expect{6, 926}},
		"TC13 of version 2 with B":         {[][]byte{status(2, 0, 0, 0), position(13, 1)}, expect{6, 555.6}},
		"TC13 of version 2 with A and B":   {[][]byte{status(2, 1, 0, 0), position(13, 1)}, expect{6, 1111.2}},
		"TC14 of version 2":                {[][]byte{status(2, 0, 0, 0), position(14, 0)}, expect{5, 1852}},
		"TC15 of version 2":                {[][]byte{status(2, 0, 0, 0), position(15, 0)}, expect{4, 3704}},
		"TC16 of version 2":                {[][]byte{status(2, 0, 0, 0), position(16, 0)}, expect{2, 14816}},
		"TC16 of version 2 with A and B":   {[][]byte{status(2, 1, 0, 0), position(16, 1)}, expect{3, 7408}},
		"TC17 of version 2":                {[][]byte{status(2, 0, 0, 0), position(17, 0)}, expect{1, 37040}},
		"TC7 of version 2 with A, surface": {[][]byte{status(2, 1, 0, 1), position(7, 0)}, expect{9, 75}},
		"TC8 of version 2, surface":        {[][]byte{status(2, 0, 0, 1), position(8, 0)}, expect{0, 0}},
		"TC8 of version 2 with A and C":    {[][]byte{status(2, 1, 1, 1), position(8, 0)}, expect{7, 370.4}},
		"TC8 of version 2 with A":          {[][]byte{status(2, 1, 0, 1), position(8, 0)}, expect{6, 555.6}},
		"TC8 of version 2 with C":          {[][]byte{status(2, 0, 1, 1), position(8, 0)}, expect{6, 1111.2}},
		"TC20 of version 2":                {[][]byte{status(2, 0, 0, 0), position(20, 0)}, expect{11, 7.5}},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			s := start(t, nil)
			for _, msg := range tt.frames {
				if err := s.bytes(msg); err != nil {
					t.Fatal(err)
				}
			}
			got := expect{s.r.NIC, s.r.ContainmentRadius}
			if !s.r.Has(modes.FieldNIC) || s.r.Has(modes.FieldRadius) != (tt.want.radius > 0) ||
				got.nic != tt.want.nic || math.Abs(float64(got.radius-tt.want.radius)) > 0.01 {
				t.Errorf("integrity %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestDecoderIsBounded(t *testing.T) {
	s := start(t, func(c *modes.Config) { c.MaxAircraft = 100 })
	for i := range modes.ICAO(1000) {
		if err := s.short(modes.EncodeAllCall(1 + i)); err != nil {
			t.Fatal(err)
		}
		// The first one is heard again and again, so others give way.
		if err := s.short(modes.EncodeAllCall(1)); err != nil {
			t.Fatal(err)
		}
	}
	if s.d.Len() != 100 {
		t.Errorf("%d aircraft are remembered, want 100", s.d.Len())
	}
	if err := s.short(modes.EncodeAltitudeReply(1, 1000)); err != nil {
		t.Errorf("the aircraft heard last was forgotten: %v", err)
	}
	if err := s.short(modes.EncodeAltitudeReply(2, 1000)); !errors.Is(err, modes.ErrUnknownAddress) {
		t.Errorf("the aircraft heard longest ago is remembered: %v", err)
	}
	for range 200 {
		s.wait(10 * time.Second)
		if err := s.short(modes.EncodeAllCall(1)); err != nil {
			t.Fatal(err)
		}
	}
	if s.d.Len() != 1 {
		t.Errorf("%d aircraft are remembered after 2,000 s, want 1", s.d.Len())
	}
}

func TestConfig(t *testing.T) {
	tests := map[string]func(*modes.Config){
		"a receiver off the globe": func(c *modes.Config) { c.HasReceiver, c.Receiver.Pos.LatDeg = true, 91 },
		"a receiver at NaN":        func(c *modes.Config) { c.HasReceiver, c.Receiver.Pos.LonDeg = true, math.NaN() },
		"a negative range":         func(c *modes.Config) { c.HasReceiver, c.Receiver.RangeNM = true, -1 },
		"a range of NaN":           func(c *modes.Config) { c.HasReceiver, c.Receiver.RangeNM = true, math.NaN() },
		"negative aircraft":        func(c *modes.Config) { c.MaxAircraft = -1 },
		"too many aircraft":        func(c *modes.Config) { c.MaxAircraft = 1 << 30 },
		"a negative TTL":           func(c *modes.Config) { c.AddressTTL = -1 },
		"a negative expiry":        func(c *modes.Config) { c.ForgetAfter = -1 },
	}
	for name, change := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			cfg := modes.DefaultConfig()
			change(&cfg)
			if cfg.Validate() == nil {
				t.Errorf("Validate(%+v) = nil, want an error", cfg)
			}
			s := session{t: t, d: modes.NewDecoder(cfg), now: epoch} // works all the same
			s.at(taoyuan, false, modes.RefusedUnpaired)
			s.at(taoyuan, true, modes.RefusedNot)
		})
	}
}

// TestAccuracyOfVersion0 follows an aircraft whose type codes alone speak of
// quality until it says that it is of version 2.
func TestAccuracyOfVersion0(t *testing.T) {
	s := start(t, nil)
	want := func(step string, known, fromTC bool, nacp, sil uint8) {
		t.Helper()
		if s.r.Has(modes.FieldNACp|modes.FieldSIL) != known || s.r.QualityFromTC != fromTC || s.r.NACp != nacp || s.r.SIL != sil {
			t.Errorf("%s: NACp %d, SIL %d, known %v, from the type code %v", step, s.r.NACp, s.r.SIL, s.r.Has(modes.FieldNACp), s.r.QualityFromTC)
		}
	}
	s.at(taoyuan, false, modes.RefusedUnpaired)
	want("position without a version", true, true, 8, 2)
	if err := s.long(modes.EncodeVelocity(own, 300, 90, 0)); err != nil {
		t.Fatal(err)
	}
	want("velocity", false, false, 0, 0)
	if err := s.long(modes.EncodeStatus(own, 10, 3, false)); err != nil {
		t.Fatal(err)
	}
	want("status", true, false, 10, 3)
	s.at(taoyuan, true, modes.RefusedNot)
	want("position of version 2", false, false, 0, 0)
	mlat := modes.EncodeAirbornePosition(0x890002, taoyuan, 10000, false)
	if err := s.d.DecodeMLAT(s.now, mlat[:], &s.r); err != nil {
		t.Fatal(err)
	}
	want("MLAT position", false, false, 0, 0)
}

// TestNearOthers lets an aircraft on the ground be where others are airborne.
func TestNearOthers(t *testing.T) {
	ground := func(s *session, p geo.Point, want modes.Refusal) {
		t.Helper()
		for i, odd := range []bool{false, true} {
			msg := modes.EncodeSurfacePosition(0x899001, p, 10, 90, odd)
			if err := s.long(msg); err != nil {
				t.Fatal(err)
			}
			if i == 1 && (s.r.Refusal != want || want == modes.RefusedNot && apart(s.r.Position, p) > 5) {
				t.Errorf("on the ground at %v: %v at %v, want %v", p, s.r.Refusal, s.r.Position, want)
			}
		}
	}
	alone := start(t, nil)
	alone.d.HeardNear(taoyuan)
	ground(alone, taoyuan, modes.RefusedNoReference)

	s := start(t, func(c *modes.Config) { c.NearOthers = true })
	ground(s, taoyuan, modes.RefusedNoReference)
	s.at(naha, false, modes.RefusedUnpaired)
	s.at(naha, true, modes.RefusedNot)
	ground(s, taoyuan, modes.RefusedNoReference) // a single pair is not enough
	s.at(naha, false, modes.RefusedNot)
	st := s.d.Snapshot()
	ground(s, taoyuan, modes.RefusedNot)

	back := start(t, func(c *modes.Config) { c.NearOthers = true })
	if err := back.d.Restore(st); err != nil {
		t.Fatal(err)
	}
	ground(back, taoyuan, modes.RefusedNot)
	st.Near = &geo.Point{LatDeg: 91}
	if err := back.d.Restore(st); err == nil {
		t.Error("a place beyond the pole was restored")
	}

	hinted := start(t, func(c *modes.Config) { c.NearOthers = true })
	hinted.d.HeardNear(geo.Point{LatDeg: 35.5, LonDeg: 139.8})
	ground(hinted, taoyuan, modes.RefusedRange)
	hinted.d.HeardNear(naha)
	ground(hinted, taoyuan, modes.RefusedNot)
}
