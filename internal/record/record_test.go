// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

var at = time.Date(2026, 3, 1, 4, 30, 0, 0, time.UTC)

func ptr[T any](v T) *T { return &v }

// good returns a whole record of a kind.
func good(k record.Kind) *record.Record {
	r := &record.Record{Envelope: record.Envelope{
		Version: record.Protocol, Kind: k, ID: record.ID{1}, Object: record.ID{2}, Epoch: 3, Originator: "jp",
		Label: record.Label{Policy: "p", Classification: "c", Purpose: "u", Retention: time.Hour}, Time: at,
	}}
	bin := record.Bin{Start: at, Width: time.Minute}
	refs := []record.Ref{{Originator: "tw", ID: record.ID{4}}}
	switch k {
	case record.KindTrack:
		r.Track = &record.Track{
			Domain: "air", Cell: record.Cell{LatE5: 24_50000, LonE5: 122_50000, GridM: 5000}, Bin: bin,
			Height: &record.Band{BaseFt: 15000, SizeFt: 1000}, SpeedKt: ptr(uint16(100)), Course: ptr(uint16(359)),
			Identity: &record.Identity{Standard: "suspect", Type: "BZK-005", Presumed: true}, Callsign: "EXR901",
			Address: ptr(uint32(0xFFFFFF)), MMSI: ptr(uint32(416999103)), Name: "漁船 EXERCISE", Ended: true,
			Near: &record.Near{Place: "與那國島", Bearing: ptr(uint16(225)), DistanceM: 90_000},
		}
	case record.KindIncident:
		r.Incident = &record.Incident{
			State: "closed", Outcome: "identified", Opened: bin, Sector: "gap_c", Domain: "air", Count: ptr(uint16(2)),
			Events: []record.Event{{Rule: "A06", Zone: "gate", ZoneVersion: "1", Direction: "out", Bin: bin, Cleared: true}},
			Tracks: []record.ID{{7}}, Identity: &record.Identity{Standard: "unknown"}, Last: &bin, Near: &record.Near{Place: "Keelung"},
		}
	case record.KindLink:
		r.Link = &record.Link{Ours: record.ID{5}, Theirs: record.ID{6}, Apart: true}
	case record.KindDialogue:
		r.Dialogue = &record.Dialogue{Incident: refs, Step: "propose", Epoch: 1, Lead: "tw", Giver: "jp", Reason: "closer"}
	case record.KindPosture:
		r.Posture = &record.Posture{Incident: refs, Posture: "going-to-look"}
	case record.KindDistress:
		r.Distress = &record.Distress{LatDeg: 24.5, LonDeg: -122.5, Nature: "fire", Contact: "channel 16", Persons: ptr(uint16(4))}
	case record.KindActivity:
		r.Activity = goodActivity()
	case record.KindSearchArea:
		r.SearchArea = goodSearchArea(refs)
	case record.KindPlan:
		r.Plan = goodPlan(record.PlanDeclare)
	case record.KindRecall:
		r.Recall = &record.Recall{Records: []record.ID{{8}, {9}}, Objects: []record.Past{{Object: record.ID{7}, Epoch: 4}}, All: true}
	case record.KindRecallReceipt:
		r.RecallReceipt = &record.RecallReceipt{
			Recall: record.ID{10}, Gone: []record.ID{{8}}, Objects: []record.ID{{7}}, Unknown: []record.ID{{11}}, Others: 2,
			Kept: []record.KeptRecord{{ID: record.ID{9}, Reason: "accept"}},
		}
	case record.KindSupport:
		r.Support = goodSupport()
	case record.KindFacility:
		r.Facility = goodFacility()
	default:
		goodMessage(r)
	}
	return r
}

// dialogueOf returns a whole step with all that it may carry.
func dialogueOf(step string) *record.Dialogue {
	d := &record.Dialogue{
		Incident: []record.Ref{{Originator: "tw", ID: record.ID{4}}}, Step: step, Epoch: 7, Base: 6, Lead: "tw", Giver: "jp", Reason: "closer",
	}
	switch step {
	case "propose":
		d.At, d.Cell = ptr(at), &record.Cell{LatE5: 24_50000, LonE5: 122_50000, GridM: 5000}
	case "counter":
		d.Answers, d.At, d.Place = 6, ptr(at), "hualien"
	case "voice":
		d.Spoken = ptr(at)
	case "receipt", "refuse":
		d.Of, d.Known, d.Seq = "notify", 8, 2
	case "notify":
		d.Claim, d.Seq = "leads", 2
	}
	return d
}

func kinds() []record.Kind { return record.Kinds() }
func TestEveryKindComesBackAsItWas(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.String(), func(t *testing.T) {
			r := good(k)
			b, err := record.Encode(r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := record.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(r, got); d != "" {
				t.Errorf("Decode(Encode(r)) differs: %s", d)
			}
			if again, err := record.Encode(got); err != nil || !bytes.Equal(b, again) {
				t.Errorf("encodes to other bytes the second time (%v)", err)
			}
			for i := range b {
				if r, err := record.Decode(b[:i]); err == nil {
					t.Errorf("Decode took the first %d of %d octets: %+v", i, len(b), r)
				}
			}
			if _, err := record.Decode(append(bytes.Clone(b), 0)); !errors.Is(err, record.ErrMalformed) {
				t.Errorf("Decode with an octet more = %v, want ErrMalformed", err)
			}
		})
	}
}

func TestKindsHaveOneLaneAndName(t *testing.T) {
	seen := make(map[string]bool)
	for _, k := range kinds() {
		if want := map[bool]record.Lane{true: record.LaneState, false: record.LaneRecord}[k == record.KindTrack]; k.Lane() != want {
			t.Errorf("%s goes by lane %d, want %d", k, k.Lane(), want)
		}
		if seen[k.String()] || k.String() == "invalid" {
			t.Errorf("kind %d is called %q", k, k)
		}
		seen[k.String()] = true
	}
	if record.Kind(0).String() != "invalid" || record.Kind(99).String() != "invalid" {
		t.Error("an unknown kind has a name")
	}
}

// No word of the wire is about force, and none is a name that we never set.
func TestNoWordOfForceStandsInARecord(t *testing.T) {
	for _, list := range [][]string{
		record.Standards(), record.Steps(), record.Postures(), record.SupportSteps(), record.SupportCategories(),
		record.SupportUnits(), record.SupportSettlements(), record.FacilityKinds(), record.FacilityCapacities(),
		record.ActivityKinds(), record.ActivityStates(), record.SearchObjects(), record.SearchPatterns(), record.SearchStates(),
	} {
		for _, w := range list {
			for _, bad := range []string{"hostile", "enemy", "target", "engage", "fire", "weapon", "intercept", "ammunition", "munition"} {
				if strings.Contains(w, bad) {
					t.Errorf("%q holds %q", w, bad)
				}
			}
		}
	}
}

func TestValidateRefuses(t *testing.T) {
	long := strings.Repeat("長", 201)
	tests := map[string]struct {
		kind  record.Kind
		spoil func(*record.Record)
	}{
		"another version":                    {record.KindLink, func(r *record.Record) { r.Version = 2 }},
		"no id":                              {record.KindLink, func(r *record.Record) { r.ID = record.ID{} }},
		"no object":                          {record.KindLink, func(r *record.Record) { r.Object = record.ID{} }},
		"no policy on the label":             {record.KindLink, func(r *record.Record) { r.Label.Policy = "" }},
		"no classification on the label":     {record.KindLink, func(r *record.Record) { r.Label.Classification = "" }},
		"no purpose on the label":            {record.KindLink, func(r *record.Record) { r.Label.Purpose = "" }},
		"no retention on the label":          {record.KindLink, func(r *record.Record) { r.Label.Retention = 0 }},
		"a retention below zero":             {record.KindLink, func(r *record.Record) { r.Label.Retention = -1 }},
		"a label with a line end":            {record.KindLink, func(r *record.Record) { r.Label.Purpose = "a\nb" }},
		"no time":                            {record.KindLink, func(r *record.Record) { r.Time = time.Time{} }},
		"a time before the century":          {record.KindLink, func(r *record.Record) { r.Time = at.AddDate(-40, 0, 0) }},
		"a time beyond reason":               {record.KindLink, func(r *record.Record) { r.Time = at.AddDate(400, 0, 0) }},
		"no originator":                      {record.KindLink, func(r *record.Record) { r.Originator = "" }},
		"an originator that is no party":     {record.KindLink, func(r *record.Record) { r.Originator = "J P" }},
		"an onward mark that is no party":    {record.KindLink, func(r *record.Record) { r.Onward = []party.ID{"tw", "!"} }},
		"too many onward marks":              {record.KindLink, func(r *record.Record) { r.Onward = make([]party.ID, 65) }},
		"no body":                            {record.KindLink, func(r *record.Record) { r.Link = nil }},
		"another kind's body":                {record.KindLink, func(r *record.Record) { r.Kind = record.KindPosture }},
		"two bodies":                         {record.KindLink, func(r *record.Record) { r.Posture = good(record.KindPosture).Posture }},
		"an unknown kind":                    {record.KindLink, func(r *record.Record) { r.Kind, r.Link = 77, nil }},
		"kind zero":                          {record.KindLink, func(r *record.Record) { r.Kind, r.Link = 0, nil }},
		"a link to nothing":                  {record.KindLink, func(r *record.Record) { r.Link.Theirs = record.ID{} }},
		"a link from nothing":                {record.KindLink, func(r *record.Record) { r.Link.Ours = record.ID{} }},
		"a domain that is none":              {record.KindTrack, func(r *record.Record) { r.Track.Domain = "space" }},
		"no domain":                          {record.KindTrack, func(r *record.Record) { r.Track.Domain = "" }},
		"a course of 360":                    {record.KindTrack, func(r *record.Record) { r.Track.Course = ptr(uint16(360)) }},
		"an address of 25 bits":              {record.KindTrack, func(r *record.Record) { r.Track.Address = ptr(uint32(1 << 24)) }},
		"a height without band":              {record.KindTrack, func(r *record.Record) { r.Track.Height.SizeFt = 0 }},
		"a cell without grid":                {record.KindTrack, func(r *record.Record) { r.Track.Cell.GridM = 0 }},
		"a cell wider than a country":        {record.KindTrack, func(r *record.Record) { r.Track.Cell.GridM = 1_000_001 }},
		"a cell beyond the pole":             {record.KindTrack, func(r *record.Record) { r.Track.Cell.LatE5 = 90_00001 }},
		"a cell beyond the other pole":       {record.KindTrack, func(r *record.Record) { r.Track.Cell.LatE5 = -90_00001 }},
		"a cell beyond the date line":        {record.KindTrack, func(r *record.Record) { r.Track.Cell.LonE5 = 180_00001 }},
		"a cell beyond it to the west":       {record.KindTrack, func(r *record.Record) { r.Track.Cell.LonE5 = -180_00001 }},
		"a bin without width":                {record.KindTrack, func(r *record.Record) { r.Track.Bin.Width = 0 }},
		"a bin of more than two days":        {record.KindTrack, func(r *record.Record) { r.Track.Bin.Width = 49 * time.Hour }},
		"a bin without start":                {record.KindTrack, func(r *record.Record) { r.Track.Bin.Start = time.Time{} }},
		"hostile":                            {record.KindTrack, func(r *record.Record) { r.Track.Identity.Standard = "hostile" }},
		"an identity without standard":       {record.KindTrack, func(r *record.Record) { r.Track.Identity.Standard = "" }},
		"a type that is too long":            {record.KindTrack, func(r *record.Record) { r.Track.Identity.Type = long }},
		"a name that is too long":            {record.KindTrack, func(r *record.Record) { r.Track.Name = long }},
		"a name that is not UTF-8":           {record.KindTrack, func(r *record.Record) { r.Track.Name = "a\xff" }},
		"a name that turns round":            {record.KindTrack, func(r *record.Record) { r.Track.Name = "a\u202eb" }},
		"a callsign with a bell":             {record.KindTrack, func(r *record.Record) { r.Track.Callsign = "A\a" }},
		"near no place":                      {record.KindTrack, func(r *record.Record) { r.Track.Near.Place = "" }},
		"near a long name":                   {record.KindTrack, func(r *record.Record) { r.Track.Near.Place = long }},
		"near on another planet":             {record.KindTrack, func(r *record.Record) { r.Track.Near.DistanceM = 99_000_000 }},
		"a ninth point":                      {record.KindTrack, func(r *record.Record) { r.Track.Near.Bearing = ptr(uint16(30)) }},
		"a bearing past the circle":          {record.KindTrack, func(r *record.Record) { r.Track.Near.Bearing = ptr(uint16(360)) }},
		"an incident near no place":          {record.KindIncident, func(r *record.Record) { r.Incident.Near.Place = "" }},
		"an incident with a bad last bin":    {record.KindIncident, func(r *record.Record) { r.Incident.Last = &record.Bin{} }},
		"an incident that is half open":      {record.KindIncident, func(r *record.Record) { r.Incident.State = "ajar" }},
		"an incident without state":          {record.KindIncident, func(r *record.Record) { r.Incident.State = "" }},
		"an incident without opening":        {record.KindIncident, func(r *record.Record) { r.Incident.Opened = record.Bin{} }},
		"an event without rule":              {record.KindIncident, func(r *record.Record) { r.Incident.Events[0].Rule = "" }},
		"an event without bin":               {record.KindIncident, func(r *record.Record) { r.Incident.Events[0].Bin = record.Bin{} }},
		"an event with a long zone":          {record.KindIncident, func(r *record.Record) { r.Incident.Events[0].Zone = long }},
		"too many events":                    {record.KindIncident, func(r *record.Record) { r.Incident.Events = make([]record.Event, 65) }},
		"too many tracks":                    {record.KindIncident, func(r *record.Record) { r.Incident.Tracks = make([]record.ID, 65) }},
		"an incident of no domain's":         {record.KindIncident, func(r *record.Record) { r.Incident.Domain = "land" }},
		"an incident with a hostile":         {record.KindIncident, func(r *record.Record) { r.Incident.Identity.Standard = "hostile" }},
		"an outcome that is too long":        {record.KindIncident, func(r *record.Record) { r.Incident.Outcome = long }},
		"a step that is none":                {record.KindDialogue, func(r *record.Record) { r.Dialogue.Step = "order" }},
		"a lead that is no party":            {record.KindDialogue, func(r *record.Record) { r.Dialogue.Lead = "" }},
		"a giver that is no party":           {record.KindDialogue, func(r *record.Record) { r.Dialogue.Giver = "J P" }},
		"a dialogue about nothing":           {record.KindDialogue, func(r *record.Record) { r.Dialogue.Incident = nil }},
		"a dialogue about too much":          {record.KindDialogue, func(r *record.Record) { r.Dialogue.Incident = make([]record.Ref, 65) }},
		"a dialogue about nobody's incident": {record.KindDialogue, func(r *record.Record) { r.Dialogue.Incident[0].Originator = "" }},
		"a dialogue about an empty id":       {record.KindDialogue, func(r *record.Record) { r.Dialogue.Incident[0].ID = record.ID{} }},
		"a receipt of no step":               {record.KindDialogue, func(r *record.Record) { r.Dialogue.Step = "receipt" }},
		"a receipt of a receipt":             {record.KindDialogue, func(r *record.Record) { r.Dialogue.Step, r.Dialogue.Of = "receipt", "receipt" }},
		"a proposal of a step":               {record.KindDialogue, func(r *record.Record) { r.Dialogue.Of = "accept" }},
		"a claim that is none":               {record.KindDialogue, func(r *record.Record) { r.Dialogue.Step, r.Dialogue.Claim = "notify", "rules" }},
		"a claim without NOTIFY":             {record.KindDialogue, func(r *record.Record) { r.Dialogue.Claim = "leads" }},
		"a counter to nothing":               {record.KindDialogue, func(r *record.Record) { r.Dialogue.Step = "counter" }},
		"a voice agreement of no time":       {record.KindDialogue, func(r *record.Record) { r.Dialogue.Step = "voice" }},
		"a place without a time":             {record.KindDialogue, func(r *record.Record) { r.Dialogue.Place = "x" }},
		"an acceptance with a time":          {record.KindDialogue, func(r *record.Record) { r.Dialogue.Step, r.Dialogue.At = "accept", &at }},
		"two places": {record.KindDialogue, func(r *record.Record) {
			r.Dialogue.At, r.Dialogue.Place, r.Dialogue.Cell = &at, "x", &record.Cell{GridM: 1}
		}},
		"a cell of no grid":             {record.KindDialogue, func(r *record.Record) { r.Dialogue.At, r.Dialogue.Cell = &at, &record.Cell{} }},
		"a hand-over before our time":   {record.KindDialogue, func(r *record.Record) { r.Dialogue.At = ptr(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)) }},
		"a reason that is too long":     {record.KindDialogue, func(r *record.Record) { r.Dialogue.Reason = long }},
		"a posture that is none":        {record.KindPosture, func(r *record.Record) { r.Posture.Posture = "attacking" }},
		"a posture about nothing":       {record.KindPosture, func(r *record.Record) { r.Posture.Incident = nil }},
		"distress beyond the pole":      {record.KindDistress, func(r *record.Record) { r.Distress.LatDeg = 90.1 }},
		"distress beyond the date line": {record.KindDistress, func(r *record.Record) { r.Distress.LonDeg = -180.1 }},
		"distress nowhere":              {record.KindDistress, func(r *record.Record) { r.Distress.LatDeg = math.NaN() }},
		"distress without nature":       {record.KindDistress, func(r *record.Record) { r.Distress.Nature = "" }},
		"distress with a long contact":  {record.KindDistress, func(r *record.Record) { r.Distress.Contact = long }},
		"a recall of nothing":           {record.KindRecall, func(r *record.Record) { *r.Recall = record.Recall{} }},
		"a recall of an empty id":       {record.KindRecall, func(r *record.Record) { r.Recall.Records[0] = record.ID{} }},
		"a recall of an id twice":       {record.KindRecall, func(r *record.Record) { r.Recall.Records[0] = r.Recall.Records[1] }},
		"a recall of too much":          {record.KindRecall, func(r *record.Record) { r.Recall.Records = manyIDs(65) }},
		"a recall of an object twice":   {record.KindRecall, func(r *record.Record) { r.Recall.Objects = append(r.Recall.Objects, r.Recall.Objects[0]) }},
		"a recall of too many objects":  {record.KindRecall, func(r *record.Record) { r.Recall.Objects = make([]record.Past, 65) }},
		"a receipt of nothing":          {record.KindRecallReceipt, func(r *record.Record) { r.RecallReceipt.Recall = record.ID{} }},
		"a receipt with another reason": {record.KindRecallReceipt, func(r *record.Record) { r.RecallReceipt.Kept[0].Reason = "we like it" }},
		"a receipt that says both":      {record.KindRecallReceipt, func(r *record.Record) { r.RecallReceipt.Kept[0].ID = r.RecallReceipt.Gone[0] }},
		"a receipt of too much":         {record.KindRecallReceipt, func(r *record.Record) { r.RecallReceipt.Gone = manyIDs(65) }},
		"a receipt of too many kept":    {record.KindRecallReceipt, func(r *record.Record) { r.RecallReceipt.Kept = make([]record.KeptRecord, 65) }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := good(tt.kind)
			tt.spoil(r)
			if err := r.Validate(); !errors.Is(err, record.ErrMalformed) {
				t.Errorf("Validate = %v, want ErrMalformed", err)
			}
			if b, err := record.Encode(r); err == nil {
				t.Errorf("Encode took it: %x", b)
			}
		})
	}
}

// What a decoder of CBOR may take and we do not.
func TestDecodeRefuses(t *testing.T) {
	b, err := record.Encode(good(record.KindLink))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string][]byte{
		"nothing":                  {},
		"another type":             {0x01},
		"an empty map":             {0xa0},
		"a map without end":        append([]byte{0xbf}, b[1:]...),
		"a tag":                    append([]byte{0xc1}, b...),
		"an unknown field":         append(append([]byte{b[0] + 1}, b[1:]...), 0x18, 99, 0x00),
		"a field twice":            append(append([]byte{b[0] + 1}, b[1:]...), 0x01, 0x01),
		"more octets than allowed": append(bytes.Clone(b), make([]byte, record.MaxBytes)...),
		"a list that says it is longer than the world": {0xa1, 0x09, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"a text that says so":                          {0xa1, 0x06, 0x7b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"nesting without end":                          append([]byte{0xa1, 0x09}, bytes.Repeat([]byte{0x81}, 4000)...),
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			if r, err := record.Decode(in); !errors.Is(err, record.ErrMalformed) {
				t.Errorf("Decode(%.20x) = %+v, %v; want ErrMalformed", in, r, err)
			}
		})
	}
}

func TestIDsReadWhatTheyWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var id record.ID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		text, err := id.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back record.ID
		if err := back.UnmarshalText(text); err != nil || back != id {
			t.Errorf("UnmarshalText(%s) = %v, %v", text, back, err)
		}
		if id.IsZero() != (id == record.ID{}) {
			t.Errorf("IsZero(%s) = %t", id, id.IsZero())
		}
	})
	for _, bad := range []string{"", "00", strings.Repeat("0", 31), strings.Repeat("0", 33), strings.Repeat("x", 32)} {
		if err := new(record.ID).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("UnmarshalText(%q) took it", bad)
		}
	}
}

// Equal records give equal bytes, other records give others, and what is
// encoded decodes to itself.
func TestEncodingIsOneToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawn(t)
		b, err := record.Encode(r)
		if err != nil {
			t.Fatalf("Encode(%+v): %v", r, err)
		}
		got, err := record.Decode(b)
		if err != nil {
			t.Fatalf("Decode: %v", err)
		}
		if d := cmp.Diff(r, got); d != "" {
			t.Errorf("differs: %s", d)
		}
		r.Epoch++
		if other, err := record.Encode(r); err != nil || bytes.Equal(other, b) {
			t.Errorf("another record has the same bytes (%v)", err)
		}
	})
}

func manyIDs(n int) []record.ID {
	list := make([]record.ID, n)
	for i := range list {
		list[i] = record.ID{1, byte(i)}
	}
	return list
}

func drawn(t *rapid.T) *record.Record {
	r := good(rapid.SampledFrom(kinds()).Draw(t, "kind"))
	text := rapid.StringMatching(`[ -~一-龥ぁ-ん]{0,50}`)
	r.Epoch = rapid.Uint32Max(math.MaxUint32-1).Draw(t, "epoch")
	r.Exercise = rapid.Bool().Draw(t, "exercise")
	r.Time = at.Add(time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "time")) * time.Microsecond)
	r.Onward = rapid.SliceOfN(rapid.SampledFrom([]party.ID{"tw", "jp", "cell"}), 0, 3).Draw(t, "onward")
	if len(r.Onward) == 0 {
		r.Onward = nil
	}
	switch {
	case r.Track != nil:
		r.Track.Cell.LatE5 = rapid.Int32Range(-90_00000, 90_00000).Draw(t, "lat")
		r.Track.Cell.LonE5 = rapid.Int32Range(-180_00000, 180_00000).Draw(t, "lon")
		r.Track.Name = text.Draw(t, "name")
		if rapid.Bool().Draw(t, "bare") {
			r.Track.Height, r.Track.SpeedKt, r.Track.Course, r.Track.Identity, r.Track.Address, r.Track.MMSI = nil, nil, nil, nil, nil, nil
		}
	case r.Dialogue != nil:
		r.Dialogue = dialogueOf(rapid.SampledFrom(record.Steps()).Draw(t, "step"))
		r.Dialogue.Reason = text.Draw(t, "reason")
	case r.Plan != nil:
		r.Plan = goodPlan(rapid.SampledFrom([]string{record.PlanDeclare, record.PlanText, record.PlanEnd}).Draw(t, "act"))
		r.Plan.Number = rapid.Uint32Min(1).Draw(t, "number")
	case r.Recall != nil:
		r.Recall.Records = manyIDs(rapid.IntRange(1, 64).Draw(t, "records"))
		r.Recall.All = rapid.Bool().Draw(t, "all")
	case r.RecallReceipt != nil:
		r.RecallReceipt.Kept[0].Reason = rapid.SampledFrom(record.KeptReasons()).Draw(t, "reason")
		r.RecallReceipt.Others = rapid.Uint32().Draw(t, "others")
	case r.Activity != nil:
		drawActivity(t, r.Activity)
	case r.SearchArea != nil:
		drawSearchArea(t, r.SearchArea)
	case r.Distress != nil:
		r.Distress.LatDeg = rapid.Float64Range(-90, 90).Draw(t, "lat")
		r.Distress.Nature = "x" + text.Draw(t, "nature")
	case r.Support != nil:
		drawSupport(t, r.Support, text)
	case r.Facility != nil:
		r.Facility.Kind = rapid.SampledFrom(record.FacilityKinds()).Draw(t, "facility")
		r.Facility.Name = text.Draw(t, "name")
	default:
		drawnMessage(t, r)
	}
	return r
}

func TestHeadersAndItems(t *testing.T) {
	h := record.Header{Version: record.Protocol, Lane: record.LaneRecord, Kind: record.KindLink, Object: record.ID{2}, LogEpoch: 1, Seq: 9}
	b, err := record.EncodeHeader(h)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := record.DecodeHeader(b); err != nil || got != h {
		t.Errorf("DecodeHeader = %+v, %v; want %+v", got, err, h)
	}
	if _, err := record.DecodeHeader(append(b, 0)); err == nil {
		t.Error("DecodeHeader took an octet more")
	}
	// Where header and ciphertext meet is part of the leaf.
	one := record.Item{Header: []byte{1, 2}, Ciphertext: []byte{3}}
	two := record.Item{Header: []byte{1}, Ciphertext: []byte{2, 3}}
	if bytes.Equal(one.Leaf(), two.Leaf()) {
		t.Error("two items have the same leaf")
	}
	keyed := one
	keyed.Key = []byte{9}
	if !bytes.Equal(one.Leaf(), keyed.Leaf()) {
		t.Error("the leaf depends on the key: destroying it would break the journal")
	}
	// The format of the leaf is frozen: journals of all versions rest on it.
	if got := hex.EncodeToString(one.Leaf()); got != frozenLeaf {
		t.Errorf("leaf = %s, want %s", got, frozenLeaf)
	}
}

// frozenLeaf is SHA-256 of 00000002 0102 00000001 03.
const frozenLeaf = "763caab21946e35fa4a801b47c23015576f9947e4b2451f44960808d84629aac"

func FuzzDecode(f *testing.F) {
	for _, k := range kinds() {
		b, err := record.Encode(good(k))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	for _, step := range record.Steps() {
		r := good(record.KindDialogue)
		r.Dialogue = dialogueOf(step)
		b, err := record.Encode(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := record.Decode(b)
		if err != nil {
			if !errors.Is(err, record.ErrMalformed) {
				t.Errorf("Decode = %v, want ErrMalformed", err)
			}
			return
		}
		again, err := record.Encode(r)
		if err != nil {
			t.Fatalf("Encode of what was decoded: %v", err)
		}
		back, err := record.Decode(again)
		if err != nil {
			t.Fatalf("Decode of what was encoded: %v", err)
		}
		if d := cmp.Diff(r, back); d != "" {
			t.Errorf("differs the second time: %s", d)
		}
	})
}

func FuzzDecodeHeader(f *testing.F) {
	b, err := record.EncodeHeader(record.Header{Version: 1, Lane: 1, Kind: 1, Object: record.ID{1}, LogEpoch: 1, Seq: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := record.DecodeHeader(b)
		if err != nil {
			return
		}
		again, err := record.EncodeHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := record.DecodeHeader(again); err != nil || back != h {
			t.Errorf("header changes: %+v, then %+v (%v)", h, back, err)
		}
	})
}
