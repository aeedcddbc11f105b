// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track_test

import (
	"math"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/fuse"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// motions are sums over looks at fused velocities: of their normalised squared
// errors, and of squared errors where a partner's reports were weighed with a
// track of ours.
type motions struct {
	seen, weighed, alone          int
	nees, neesAlone               float64
	ours, everybodys, neesWeighed float64
}

func (m *motions) add(o *motions) {
	m.seen, m.weighed, m.alone = m.seen+o.seen, m.weighed+o.weighed, m.alone+o.alone
	m.nees, m.neesAlone, m.neesWeighed = m.nees+o.nees, m.neesAlone+o.neesAlone, m.neesWeighed+o.neesWeighed
	m.ours, m.everybodys = m.ours+o.ours, m.everybodys+o.everybodys
}

// look compares a fused velocity with that of the object that it lies at.
func (m *motions) look(objects []object, sec float64, f, ours *track.Fused) {
	best, least := -1, 2000.0
	for i := range objects {
		if pos, ok := objects[i].at(sec); ok {
			if d, _ := geo.Inverse(pos, f.Pos); float64(d) < least {
				best, least = i, float64(d)
			}
		}
	}
	if best < 0 || !f.HasVelocity {
		return
	}
	a, before := objects[best].at(sec - 0.5)
	b, after := objects[best].at(sec + 0.5)
	if !before || !after {
		return
	}
	d, course := geo.Inverse(a, b)
	east, north := float64(d)*math.Sin(course.Radians()), float64(d)*math.Cos(course.Radians())
	off := func(e *fuse.Estimate) (de, dn float64) { return e.E - east, e.N - north }
	de, dn := off(&f.Velocity)
	nees := f.Velocity.Cov.Distance2(de, dn) / 2
	m.seen, m.nees = m.seen+1, m.nees+nees
	switch {
	case len(f.From) == 0:
	case ours.HasVelocity:
		oe, on := off(&ours.Velocity)
		m.weighed, m.neesWeighed = m.weighed+1, m.neesWeighed+nees
		m.ours, m.everybodys = m.ours+oe*oe+on*on, m.everybodys+de*de+dn*dn
	default:
		m.alone, m.neesAlone = m.alone+1, m.neesAlone+nees
	}
}

// check holds that velocities of objects of which partners' reports count are as
// good as their covariances say, and that ours stand. Those of our own tracks
// without a partner's are the tracker's, and cautious.
func (m *motions) check(t *testing.T, grid uint32) {
	t.Helper()
	all, counted := m.nees/float64(m.seen), (m.neesWeighed+m.neesAlone)/float64(m.weighed+m.alone)
	a, b := math.Sqrt(m.ours/float64(m.weighed)), math.Sqrt(m.everybodys/float64(m.weighed))
	t.Logf("grid %3d m: ANEES of velocities %.2f (%d), beside a partner's place %.2f (%d), of partners alone %.2f (%d); RMS %.1f → %.1f m/s",
		grid, all, m.seen, m.neesWeighed/float64(m.weighed), m.weighed, m.neesAlone/float64(m.alone), m.alone, a, b)
	if counted < 0.8 || counted > 1.5 {
		t.Errorf("grid %d m: ANEES of the fused velocities %.2f, want 0.8 to 1.5", grid, counted)
	}
	if m.weighed < 100 || m.alone < 100 || b > 1.01*a {
		t.Errorf("grid %d m: RMS of velocities beside a partner's %.2f m/s, of ours %.2f m/s", grid, b, a)
	}
}

// A partner's object of which we have nothing flies as its reports show, and as
// high as the narrowest band says.
func TestPartnersTellVelocityAndHeight(t *testing.T) {
	tb := track.NewTable(track.DefaultConfig())
	at := geo.Point{LatDeg: 24.5, LonDeg: 123}
	wide, narrow := track.PartnerKey{Party: "jp", Object: record.ID{1}}, track.PartnerKey{Party: "us", Object: record.ID{2}}
	heights := map[track.PartnerKey]*record.Band{wide: {BaseFt: 20_000, SizeFt: 10_000}, narrow: {BaseFt: 26_000, SizeFt: 2_000}}
	tell := func(sec float64) {
		for k, h := range heights {
			body := record.Track{
				Domain: "air", Cell: cell(geo.Direct(at, 90, geo.Metres(200*sec)), 10), Height: h,
				Bin: record.Bin{Start: stamp(sec - 1), Width: 2 * time.Second},
			}
			tb.PartnerUpdate(k.Party, k.Object, &body, false, stamp(sec+1))
		}
	}
	both := track.Object{Partners: []track.PartnerKey{wide, narrow}}
	tell(0)
	if f, ok := tb.Fuse(both, stamp(1)); !ok || f.HasVelocity || !f.HasHeight {
		t.Errorf("of one report: %+v, %v", f, ok)
	}
	for sec := 2.0; sec <= 20; sec += 2 {
		tell(sec)
	}
	one, _ := tb.Fuse(track.Object{Partners: []track.PartnerKey{wide}}, stamp(21))
	two, ok := tb.Fuse(both, stamp(21))
	if !ok || !two.HasVelocity || math.Abs(two.Velocity.E-200) > 5 || math.Abs(two.Velocity.N) > 5 || !two.Velocity.Cov.Valid() {
		t.Errorf("velocity %+v, want 200 m/s eastward", two.Velocity)
	}
	// What policies rounded is joined so that nothing is counted twice.
	if two.Velocity.Cov.Trace() < 0.99*one.Velocity.Cov.Trace() {
		t.Errorf("two parties that rounded know more than one: %v, %v", two.Velocity.Cov, one.Velocity.Cov)
	}
	if !two.HasHeight || two.Height != 27_000 || two.HeightWide != 2_000 || one.Height != 25_000 {
		t.Errorf("heights %v ± %v and %v", two.Height, two.HeightWide/2, one.Height)
	}
	if later, _ := tb.Fuse(both, stamp(60)); later.Velocity.Cov.Trace() < 4*two.Velocity.Cov.Trace() {
		t.Errorf("velocity of a minute ago is as good as a new one: %v, %v", later.Velocity.Cov, two.Velocity.Cov)
	}
}
