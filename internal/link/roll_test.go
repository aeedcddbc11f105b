// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// rolled reports whether the pair is on keys other than before, with nothing of
// the old ones left that a line could use.
func rolled(t testing.TB, roller, other *keystore.Store, rollerID, otherID party.ID, old [32]byte) bool {
	t.Helper()
	pins := other.Pins(rollerID)
	certs, err := roller.Certificates(otherID)
	if err != nil {
		t.Fatal(err)
	}
	return len(pins) == 1 && pins[0] != old && len(certs) == 1 && !roller.Rolling(otherID)
}

func TestKeysRollOverTheLiveLinkWhoeverDials(t *testing.T) {
	for name, twDials := range map[string]bool{"the roller dials": true, "the other dials": false} {
		t.Run(name, func(t *testing.T) {
			ka, kb := linktest.Paired(t, "tw", "jp")
			la, lb := listen(t), listen(t)
			ca := sideConfig{self: "tw", partner: "jp", keys: ka, memory: linktest.NewMemory(1), listener: la}
			cb := sideConfig{self: "jp", partner: "tw", keys: kb, memory: linktest.NewMemory(1), listener: lb}
			if twDials {
				ca.dial = lb.Addr().String()
			} else {
				cb.dial = la.Addr().String()
			}
			a, b := run(t, ca), run(t, cb)
			put(a, 1, 10)
			waitQuiet(t, a)
			old := kb.Pins("tw")[0]
			if err := ka.Roll("jp"); err != nil {
				t.Fatal(err)
			}
			if err := ka.Roll("jp"); !errors.Is(err, keystore.ErrRolling) {
				t.Errorf("a second Roll = %v, want ErrRolling", err)
			}
			a.link.KeysChanged()
			eventually(t, "the new keys alone", func() bool { return rolled(t, ka, kb, "tw", "jp", old) })
			put(a, 11, 20)
			put(b, 1, 5)
			waitQuiet(t, a, b)
			checkTaken(t, b.memory, 20)
			checkTaken(t, a.memory, 5)
			if p := slices.Concat(a.Problems(), b.Problems()); len(p) != 0 {
				t.Errorf("problems %v", p)
			}
		})
	}
}

func put(n *node, from, to uint64) {
	for i := from; i <= to; i++ {
		n.memory.AddRecord(linktest.Body(i, 20))
	}
	n.link.Notify()
}

func TestAllKeysOfBothSidesRollTogether(t *testing.T) {
	a, b, _ := twoNodes(t, 0, quick())
	put(a, 1, 10)
	waitQuiet(t, a)
	oldTW, oldJP := b.keys.Pins("tw")[0], a.keys.Pins("jp")[0]
	for _, err := range []error{a.keys.Roll("jp"), b.keys.Roll("tw")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	a.link.KeysChanged()
	b.link.KeysChanged()
	eventually(t, "the new keys alone", func() bool {
		return rolled(t, a.keys, b.keys, "tw", "jp", oldTW) && rolled(t, b.keys, a.keys, "jp", "tw", oldJP)
	})
	put(a, 11, 20)
	waitQuiet(t, a)
	checkTaken(t, b.memory, 20)
}

// dying is a keystore whose node dies at a step of a rollover: the step is done
// or not, and nothing after it is.
type dying struct {
	*keystore.Store
	mu   sync.Mutex
	at   string // "offer", "take", "promote", "settle"; with "+" behind it the step is done first
	dead bool
}

var errDead = errors.New("the node died")

func (d *dying) step(name string, do func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead || d.at == name {
		d.dead = true
		return errDead
	}
	err := do()
	if d.at == name+"+" {
		d.dead = true
		return errDead
	}
	return err
}

func (d *dying) died() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

func (d *dying) Offer(p party.ID) (b []byte, err error) {
	err = d.step("offer", func() error { b, err = d.Store.Offer(p); return err })
	return b, err
}

func (d *dying) TakeRoll(p party.ID, signed []byte) (n uint64, err error) {
	err = d.step("take", func() error { n, err = d.Store.TakeRoll(p, signed); return err })
	return n, err
}

func (d *dying) Promote(p party.ID, n uint64) error {
	return d.step("promote", func() error { return d.Store.Promote(p, n) })
}

func (d *dying) Settle(p party.ID, own, theirs [32]byte) error {
	if !d.Rolling(p) && d.at != "settle" && d.at != "settle+" {
		return d.Store.Settle(p, own, theirs)
	}
	return d.step("settle", func() error { return d.Store.Settle(p, own, theirs) })
}

// TestARolloverThatIsInterruptedEndsInAWorkingLink kills one side before and
// after each step, restarts both, and looks that they end on the new keys.
func TestARolloverThatIsInterruptedEndsInAWorkingLink(t *testing.T) {
	for _, who := range []string{"tw", "jp"} {
		for _, dials := range []string{"tw", "jp"} {
			for _, at := range []string{"offer", "take", "promote", "settle"} {
				for _, after := range []string{"", "+"} {
					t.Run(who+" dies at "+at+after+", "+dials+" dials", func(t *testing.T) {
						interrupt(t, who, dials, at+after)
					})
				}
			}
		}
	}
}

func interrupt(t *testing.T, who, dials, at string) {
	ka, kb := linktest.Paired(t, "tw", "jp")
	ma, mb := linktest.NewMemory(1), linktest.NewMemory(1)
	old := kb.Pins("tw")[0]
	da, db := &dying{Store: ka}, &dying{Store: kb}
	start := func() (a, b *node) {
		la, lb := listen(t), listen(t)
		ca := sideConfig{self: "tw", partner: "jp", keys: ka, linkKeys: da, memory: ma, listener: la}
		cb := sideConfig{self: "jp", partner: "tw", keys: kb, linkKeys: db, memory: mb, listener: lb}
		if dials == "tw" {
			ca.dial = lb.Addr().String()
		} else {
			cb.dial = la.Addr().String()
		}
		return run(t, ca), run(t, cb)
	}
	a, b := start()
	put(a, 1, 5)
	waitQuiet(t, a)
	victim := da
	if who == "jp" {
		victim = db
	}
	victim.mu.Lock()
	victim.at = at
	victim.mu.Unlock()
	if err := ka.Roll("jp"); err != nil {
		t.Fatal(err)
	}
	a.link.KeysChanged()
	eventually(t, "the death, or the end of the rollover", func() bool {
		return victim.died() || rolled(t, ka, kb, "tw", "jp", old)
	})
	a.end()
	b.end()
	for _, k := range []*keystore.Store{ka, kb} { // what the disk has
		if err := k.Reload(); err != nil {
			t.Fatal(err)
		}
	}
	da, db = &dying{Store: ka}, &dying{Store: kb}
	a, _ = start()
	put(a, 6, 10)
	waitQuiet(t, a)
	eventually(t, "the new keys alone", func() bool { return rolled(t, ka, kb, "tw", "jp", old) })
	checkTaken(t, mb, 10)
}

// TestARolloverThatIsNotSignedIsRefused lets a partner send new keys signed by
// somebody else: the link stays, with the keys that it had.
func TestARolloverThatIsNotSignedIsRefused(t *testing.T) {
	b, keys := victim(t)
	other, _ := linktest.Paired(t, "tw", "jp")
	if err := errors.Join(other.Roll("jp"), keys.Roll("jp")); err != nil {
		t.Fatal(err)
	}
	forged, err := other.Offer("jp")
	if err != nil {
		t.Fatal(err)
	}
	good, err := keys.Offer("jp")
	if err != nil {
		t.Fatal(err)
	}
	changed := slices.Clone(good)
	changed[len("kuroshio roll 1\n1\n")] ^= 1 // a digit of the new key
	h := attack(t, keys, b)
	h.open(link.Hello{})
	for i, bad := range [][]byte{forged, changed, []byte("x"), good[:len(good)/2]} {
		h.frame(link.Frame{Roll: &link.Roll{Signed: bad}})
		eventually(t, "the refusal", func() bool { return b.link.Status().Refused == uint64(i)+1 })
	}
	if st := b.link.Status(); st.Refusal != link.RefusedKeys || st.Problem != link.ProblemRoll || st.State != link.Up {
		t.Errorf("status %+v", st)
	}
	if n := len(b.keys.Pins("tw")); n != 1 {
		t.Errorf("%d keys of the partner are known, want the old one", n)
	}
	h.frame(link.Frame{Roll: &link.Roll{Signed: good}})
	eventually(t, "the good one", func() bool { return len(b.keys.Pins("tw")) == 2 })
	h.frame(h.records(1, 3, nil))
	eventually(t, "records after it", func() bool { return len(b.memory.Taken()) == 3 })
}
