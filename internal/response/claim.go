// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package response

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Claim is what we last told a partner of our own lead.
type Claim struct {
	Party party.ID  `json:"party"`
	Leads bool      `json:"leads"`
	Seq   uint32    `json:"seq"`
	Acked bool      `json:"acked"`
	Last  time.Time `json:"last"`
	Tries uint8     `json:"tries"`
}

// Heard is the newest claim that came from a partner.
type Heard struct {
	Party party.ID `json:"party"`
	Seq   uint32   `json:"seq"`
}

// Case is what a tick needs of an incident that is open.
type Case struct {
	Incident uint32
	Sector   string
	Partners []party.ID // that hold it, sorted
}

// Line tells that the line to a partner is up or down. A line that comes back
// makes both sides say again who leads and what was not answered.
func (d *Desk) Line(partner party.ID, up bool, now time.Time) {
	_, down := d.down[partner]
	if up != down {
		return
	}
	if !up {
		d.down[partner] = now
		return
	}
	delete(d.down, partner)
	for _, l := range d.leads {
		if s := &l.Sent; s.To == partner && s.Word != "withheld" && (s.Word != "receipt" || l.waitsForConfirm()) {
			s.Tries, s.Last, s.Word = 0, time.Time{}, ""
		}
		if c := l.claim(partner); c != nil {
			c.Acked, c.Tries, c.Last = false, 0, time.Time{}
		}
	}
}

func (d *Desk) up(p party.ID) bool {
	_, down := d.down[p]
	return !down
}

func (l *Lead) claim(p party.ID) *Claim {
	for i := range l.Claims {
		if l.Claims[i].Party == p {
			return &l.Claims[i]
		}
	}
	return nil
}

func (l *Lead) forget(p party.ID) {
	l.Claims = slices.DeleteFunc(l.Claims, func(c Claim) bool { return c.Party == p })
}

// settle notes what a partner knows from the dialogue: no NOTIFY is needed.
func (l *Lead) settle(p party.ID, leads bool) {
	l.forget(p)
	if leads {
		l.Claimed++
		l.put(Claim{Party: p, Leads: true, Seq: l.Claimed, Acked: true})
	}
}

func (l *Lead) put(c Claim) {
	l.forget(c.Party)
	l.Claims = append(l.Claims, c)
	slices.SortFunc(l.Claims, func(a, b Claim) int { return cmp.Compare(a.Party, b.Party) })
}

// Notify tells a partner at once, by a person's act, that we lead, or, where we
// don't, that we mean to. No answer is asked.
func (d *Desk) Notify(incident uint32, to party.ID, by string, now time.Time) (Out, error) {
	l := d.lead(incident)
	if l.open() || to == d.cfg.Self {
		return Out{}, ErrNotNow
	}
	l.By = by
	if l.Holder == d.cfg.Self {
		return d.tell(incident, l, to, "leads", now), nil
	}
	l.Claimed++
	return d.notify(incident, l, to, "means", l.Claimed), nil
}

func (d *Desk) tell(incident uint32, l *Lead, to party.ID, claim string, now time.Time) Out {
	l.Claimed++
	l.put(Claim{Party: to, Leads: claim == "leads", Seq: l.Claimed, Last: now})
	return d.notify(incident, l, to, claim, l.Claimed)
}

func (d *Desk) notify(incident uint32, l *Lead, to party.ID, claim string, seq uint32) Out {
	epoch := l.Epoch
	if claim != "released" && l.State != Confirmed {
		epoch = 0 // not agreed with anybody
	}
	return Out{To: to, Incident: incident, Number: l.Number, Dialogue: &record.Dialogue{
		Step: "notify", Epoch: epoch, Base: l.Epoch, Lead: d.cfg.Self, Giver: to, Claim: claim, Seq: seq,
	}}
}

// claims tells each partner of an incident that we lead it, or no longer do.
func (d *Desk) claims(c *Case, l *Lead, now time.Time) []Out {
	if l.open() {
		return nil // the partner learns the rest from the dialogue
	}
	var outs []Out
	leads := l.Holder == d.cfg.Self
	for _, p := range c.Partners {
		told := l.claim(p)
		switch {
		case leads && (told == nil || !told.Leads):
			outs = append(outs, d.tell(c.Incident, l, p, "leads", now))
		case !leads && told != nil && told.Leads:
			outs = append(outs, d.tell(c.Incident, l, p, "released", now))
		case told != nil && !told.Acked && told.Tries < d.cfg.Tries && d.up(p) && now.Sub(told.Last) >= d.wait(p):
			told.Tries++
			told.Last = now
			word := map[bool]string{true: "leads", false: "released"}[told.Leads]
			outs = append(outs, d.notify(c.Incident, l, p, word, told.Seq))
		}
	}
	return outs
}

// notified takes a NOTIFY. It never touches a lead that was confirmed, but that
// its holder may say that it no longer leads.
func (d *Desk) notified(from party.ID, incident uint32, sector string, l *Lead, m *record.Dialogue, now time.Time) []Notice {
	if !l.hears(from, m.Seq) || (l.Peer == from && m.Base < l.Epoch) {
		return nil // older than what we know
	}
	n := Notice{Incident: incident, From: from, Lead: from}
	switch m.Claim {
	case "means":
		if l.Means == from {
			return nil
		}
		l.Means, n.Kind = from, "lead-means"
	case "leads":
		n.Kind = d.claimed(from, sector, l, m, now)
	default: // "released": the codec knows no others
		n.Kind = l.released(from, m, now)
	}
	if n.Kind == "" {
		return nil
	}
	return []Notice{n}
}

// hears notes the number of a claim and reports whether it is not older than
// one that came before.
func (l *Lead) hears(from party.ID, seq uint32) bool {
	i := slices.IndexFunc(l.Heard, func(h Heard) bool { return h.Party == from })
	if i < 0 {
		l.Heard = append(l.Heard, Heard{from, seq})
		slices.SortFunc(l.Heard, func(a, b Heard) int { return cmp.Compare(a.Party, b.Party) })
		return true
	}
	newest := l.Heard[i].Seq
	l.Heard[i].Seq = max(newest, seq)
	return seq >= newest
}

// claimed takes a partner's word that it leads. Where two lead, that of the
// joint record stands, or else the sector's party's: the other yields.
func (d *Desk) claimed(from party.ID, sector string, l *Lead, m *record.Dialogue, now time.Time) string {
	base := l.base()
	if l.Table == d.cfg.Self && *base == None && d.wins(from, sector) {
		*base, l.Holder, l.Since = Local, d.cfg.Self, l.TableSince // we lead by the table: say so
	}
	if l.Table == from {
		l.endTable()
	}
	switch {
	case l.Holder == from:
		l.Rival = drop(l.Rival, from)
		return ""
	case *base == None:
		*base, l.Holder, l.Since, l.Means = Told, from, now, ""
		return "lead-told"
	case *base == Local && (m.Epoch > 0 || !d.wins(from, sector)):
		*base, l.Holder, l.Since, l.Rival = Told, from, now, drop(l.Rival, from)
		return "lead-yielded"
	case l.Rival == from:
		return ""
	}
	l.Rival = from
	if c := l.claim(from); c != nil && l.Holder == d.cfg.Self {
		c.Acked, c.Tries, c.Last = false, 0, time.Time{} // it may not know of ours
	}
	return "lead-two"
}

func drop(p, which party.ID) party.ID {
	if p == which {
		return ""
	}
	return p
}

// released takes a partner's word that it no longer leads.
func (l *Lead) released(from party.ID, m *record.Dialogue, now time.Time) string {
	if l.Rival == from {
		l.Rival = ""
		return "lead-released"
	}
	base := l.base()
	if l.Holder != from || (*base == Confirmed && m.Epoch <= l.Epoch) {
		return ""
	}
	if m.Epoch > l.known() && m.Epoch-l.known() <= maxAhead {
		l.Closed = m.Epoch
	}
	*base, l.Holder, l.Since = None, "", now
	if l.Rival != "" {
		*base, l.Holder, l.Rival = Told, l.Rival, ""
	}
	return "lead-released"
}

// table applies the agreed sector table to what no confirmed lead and no voice
// agreement decides, while the line to the sector's party is down; at the
// sector's party, while that to any partner of the incident is. It goes on for
// T1 after the line is back, until the sector's party has spoken.
func (d *Desk) table(c *Case, l *Lead, now time.Time) []Notice {
	owner := d.owner(c)
	free := *l.base() != Confirmed && !(l.open() && l.Voice)
	if owner != "" && free {
		l.TableEnd = time.Time{}
		if l.Table == owner {
			return nil
		}
		l.Table, l.TableSince = owner, now
		return []Notice{{Incident: c.Incident, Kind: "lead-table", Lead: owner}}
	}
	if l.Table == "" {
		return nil
	}
	if free && l.Table == d.cfg.Self && *l.base() == None {
		*l.base(), l.Holder, l.Since = Local, d.cfg.Self, l.TableSince // NOTIFY tells the others
	} else if free && l.Table != d.cfg.Self && l.Holder == "" {
		if l.TableEnd.IsZero() {
			l.TableEnd = now
		}
		if now.Sub(l.TableEnd) < d.cfg.t1(l.Table) {
			return nil
		}
	}
	l.endTable()
	return []Notice{{Incident: c.Incident, Kind: "lead-table-ended"}}
}

// owner returns who leads by the table that is agreed with a partner whose line
// is down; "" where no such table names one of the two.
func (d *Desk) owner(c *Case) party.ID {
	for _, p := range c.Partners {
		if o := d.cfg.broken(p)[c.Sector]; !d.up(p) && (o == d.cfg.Self || o == p) {
			return o
		}
	}
	return ""
}

func (l *Lead) endTable() { l.Table, l.TableSince, l.TableEnd = "", time.Time{}, time.Time{} }

// Believes returns whom a partner may hold for the lead, sorted; "" is nobody.
// More than one means that we can't know.
func (d *Desk) Believes(incident uint32, partner party.ID) []party.ID {
	l := d.Lead(incident)
	who := make(map[party.ID]bool)
	confirming := l.Sent.Body.Step == "confirm" && l.Sent.To == partner && l.Sent.Word != "receipt" && l.Sent.Body.Epoch == l.Epoch
	told := l.claim(partner)
	switch {
	case *l.base() == Confirmed && l.Peer == partner:
		who[l.Holder] = true
		if confirming {
			who[d.cfg.Self] = true // it may still wait for our CONFIRM
		}
	case l.Holder == partner:
		who[partner] = true
	case told != nil && told.Acked && told.Leads:
		who[d.cfg.Self] = true
	case told != nil:
		who[d.cfg.Self], who[""] = true, true
	default:
		who[""] = true
	}
	if l.Assumed && l.With == partner {
		who[l.Proposed] = true // it may hold our ASSUME
	}
	if l.Table != "" {
		delete(who, "")
		who[l.Table] = true
	}
	return slices.Sorted(maps.Keys(who))
}
