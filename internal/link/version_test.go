// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
)

// TestVersionsAreNegotiatedAndNeverBelowTheFloor lets a node that speaks 2 to 3
// meet partners of other versions.
func TestVersionsAreNegotiatedAndNeverBelowTheFloor(t *testing.T) {
	for name, test := range map[string]struct {
		theirs link.Versions
		want   uint16 // 0: refused
	}{
		"the same":                     {link.Versions{Lowest: 2, Highest: 3}, 3},
		"an older partner":             {link.Versions{Lowest: 1, Highest: 2}, 2},
		"a newer partner":              {link.Versions{Lowest: 3, Highest: 9}, 3},
		"a partner below our floor":    {link.Versions{Lowest: 1, Highest: 1}, 0},
		"a partner whose floor is 4":   {link.Versions{Lowest: 4, Highest: 4}, 0},
		"one that tells no floor":      {link.Versions{Lowest: 0, Highest: 3}, 3},
		"one that tells none and is 9": {link.Versions{Lowest: 0, Highest: 9}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			ka, kb := linktest.Paired(t, "tw", "jp")
			b := run(t, sideConfig{
				self: "jp", partner: "tw", keys: kb, memory: linktest.NewMemory(1), listener: listen(t),
				timing: link.DefaultTiming(), versions: link.Versions{Lowest: 2, Highest: 3},
			})
			h := attack(t, ka, b)
			h.frame(link.Frame{Hello: &link.Hello{Protocol: test.theirs.Highest, Lowest: test.theirs.Lowest, Session: 1, Root: make([]byte, 32)}})
			go h.collect()
			f := <-h.frames
			if test.want != 0 {
				if f.Hello == nil || f.Hello.Protocol != 3 || f.Hello.Lowest != 2 {
					t.Fatalf("answer %+v, want a Hello of 2 to 3", f)
				}
				eventually(t, "the session", func() bool { return b.link.Status().State == link.Up })
				if st := b.link.Status(); st.Version != test.want || st.Problem != "" {
					t.Errorf("version %d, problem %q; want %d", st.Version, st.Problem, test.want)
				}
				return
			}
			if f.Stop == nil || f.Stop.Reason != link.StopProtocol || f.Stop.Lowest != 2 || f.Stop.Highest != 3 {
				t.Fatalf("answer %+v, want a stop that tells 2 to 3", f)
			}
			h.stopped()
			eventually(t, "the problem", func() bool { return slices.Equal(b.Problems(), []link.Problem{link.ProblemProtocol}) })
			theirs := test.theirs
			if theirs.Lowest == 0 {
				theirs.Lowest = theirs.Highest
			}
			if st := b.link.Status(); st.Partner != theirs || st.Refusal != link.RefusedVersion || st.Refused != 1 || st.State != link.Down {
				t.Errorf("status %+v, want to know of the partner's %v", st, theirs)
			}
		})
	}
}

// TestARefusedVersionIsToldAtBothSides lets two real links meet whose ranges do
// not overlap: each knows what the other speaks.
func TestARefusedVersionIsToldAtBothSides(t *testing.T) {
	ka, kb := linktest.Paired(t, "tw", "jp")
	lb := listen(t)
	b := run(t, sideConfig{self: "jp", partner: "tw", keys: kb, memory: linktest.NewMemory(1), listener: lb, versions: link.Versions{Lowest: 2, Highest: 3}})
	a := run(t, sideConfig{self: "tw", partner: "jp", keys: ka, memory: linktest.NewMemory(1), listener: listen(t), dial: b.addr, versions: link.Versions{Lowest: 1, Highest: 1}})
	for _, n := range []*node{a, b} {
		eventually(t, "the problem", func() bool { return slices.Contains(n.Problems(), link.ProblemProtocol) })
	}
	if got, want := a.link.Status().Partner, (link.Versions{Lowest: 2, Highest: 3}); got != want {
		t.Errorf("tw knows of jp %v, want %v", got, want)
	}
	if got, want := b.link.Status().Partner, (link.Versions{Lowest: 1, Highest: 1}); got != want {
		t.Errorf("jp knows of tw %v, want %v", got, want)
	}
	a.memory.AddRecord(linktest.Body(1, 20))
	a.link.Notify()
	if n := len(b.memory.Taken()); n != 0 {
		t.Errorf("%d records passed without a version", n)
	}
}

// TestAHelloMayHoldWhatANewerVersionAdds holds the one leniency of the wire.
func TestAHelloMayHoldWhatANewerVersionAdds(t *testing.T) {
	hello := link.Frame{Hello: &link.Hello{Protocol: 9, Lowest: 1, Session: 3, Root: make([]byte, 32)}}
	b, err := link.EncodeFrame(&hello)
	if err != nil {
		t.Fatal(err)
	}
	// One pair more: key 99, the text "x".
	grown := append([]byte{0xa1, 0x01, b[2] + 1}, b[3:]...)
	grown = append(grown, 0x18, 99, 0x61, 'x')
	got, err := link.DecodeFrame(grown)
	if err != nil || got.Hello == nil || got.Hello.Protocol != 9 {
		t.Errorf("DecodeFrame(%s) = %+v, %v; want the Hello", hex.EncodeToString(grown), got, err)
	}
	ping, err := link.EncodeFrame(&link.Frame{Ping: &link.Ping{N: 1}})
	if err != nil {
		t.Fatal(err)
	}
	grown = append([]byte{0xa1, 0x06, ping[2] + 1}, ping[3:]...)
	grown = append(grown, 0x18, 99, 0x61, 'x')
	if _, err := link.DecodeFrame(grown); err == nil {
		t.Error("a Ping with an unknown key was taken")
	}
}
