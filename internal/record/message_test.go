// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// goodMessage fills the kinds of communications.
func goodMessage(r *record.Record) {
	ref := record.Ref{Originator: "tw", ID: record.ID{9}}
	switch r.Kind {
	case record.KindMessage:
		r.Message = &record.Message{
			To: "tw", Precedence: "flash", Incident: []record.Ref{ref}, Answers: &ref, Corrects: &record.Ref{Originator: "jp", ID: record.ID{8}}, NoDuff: true,
			Phrase: &record.Phrase{Edition: "2026.1", Code: "101", Params: allParams()},
		}
	case record.KindMessageState:
		r.MessageState = &record.MessageState{Message: ref, State: "read", Desk: "air"}
	case record.KindHotline:
		r.Hotline = &record.Hotline{Step: "answer", Test: &ref, Asked: at, Received: ptr(at.Add(time.Millisecond)), Answered: ptr(at.Add(time.Second))}
	}
}

// allParams returns one parameter of each type.
func allParams() []record.Param {
	return []record.Param{
		{Name: "named", Place: &record.Place{Name: "gap_c"}},
		{Name: "cell", Place: &record.Place{Cell: &record.Cell{LatE5: 24_50000, LonE5: 122_50000, GridM: 5000}}},
		{Name: "track", Track: &record.Ref{Originator: "jp", ID: record.ID{1}}},
		{Name: "time", Time: ptr(at)},
		{Name: "count", Number: ptr(4.0), Measure: "persons"},
		{Name: "unit", Unit: "PL 玉山"},
		{Name: "frequency", Frequency: ptr(uint32(121_500))},
		{Name: "bearing", Bearing: ptr(uint16(359))},
	}
}

func drawnMessage(t *rapid.T, r *record.Record) {
	switch {
	case r.Message != nil:
		r.Message.Precedence = rapid.SampledFrom(record.Precedences()).Draw(t, "precedence")
		if rapid.Bool().Draw(t, "free") {
			r.Message.Text, r.Message.Phrase = "x"+rapid.StringMatching(`[ -~一-龥ぁ-ん\n]{0,999}`).Draw(t, "text"), nil
			return
		}
		r.Message.Phrase.Params = slices.DeleteFunc(allParams(), func(record.Param) bool { return rapid.Bool().Draw(t, "without") })
		if len(r.Message.Phrase.Params) == 0 {
			r.Message.Phrase.Params = nil
		}
	case r.MessageState != nil:
		if rapid.Bool().Draw(t, "received") {
			r.MessageState.State, r.MessageState.Desk = "received", ""
		}
	case r.Hotline != nil:
		r.Hotline.Asked = at.Add(time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "asked")) * time.Microsecond)
	}
}

func TestCommunicationsAreRefusedUnlessSound(t *testing.T) {
	param := func(q record.Param) func(*record.Record) {
		return func(r *record.Record) { r.Message.Phrase.Params = []record.Param{q} }
	}
	const message, state, hotline = record.KindMessage, record.KindMessageState, record.KindHotline
	tests := map[string]struct {
		kind  record.Kind
		spoil func(*record.Record)
	}{
		"a message to nobody":                {message, func(r *record.Record) { r.Message.To = "" }},
		"a precedence that is none":          {message, func(r *record.Record) { r.Message.Precedence = "asap" }},
		"text beside a phrase":               {message, func(r *record.Record) { r.Message.Text = "x" }},
		"a message without content":          {message, func(r *record.Record) { r.Message.Phrase = nil }},
		"a text of 1001 characters":          {message, func(r *record.Record) { r.Message.Phrase, r.Message.Text = nil, strings.Repeat("長", 1001) }},
		"a text with a bell":                 {message, func(r *record.Record) { r.Message.Phrase, r.Message.Text = nil, "a\ab" }},
		"a text that turns round far behind": {message, func(r *record.Record) { r.Message.Phrase, r.Message.Text = nil, strings.Repeat("a", 900)+"\u202e" }},
		"a text that is not UTF-8":           {message, func(r *record.Record) { r.Message.Phrase, r.Message.Text = nil, "a\xff" }},
		"an incident of nobody's":            {message, func(r *record.Record) { r.Message.Incident[0].Originator = "" }},
		"too many incidents":                 {message, func(r *record.Record) { r.Message.Incident = make([]record.Ref, 65) }},
		"an answer to nothing":               {message, func(r *record.Record) { r.Message.Answers.ID = record.ID{} }},
		"a correction of nobody's":           {message, func(r *record.Record) { r.Message.Corrects.Originator = party.ID("J P") }},
		"an edition that is none":            {message, func(r *record.Record) { r.Message.Phrase.Edition = "" }},
		"a code that is none":                {message, func(r *record.Record) { r.Message.Phrase.Code = "roger" }},
		"too many parameters": {message, func(r *record.Record) {
			r.Message.Phrase.Params = append(allParams(), record.Param{Name: "z", Unit: "x"})
		}},
		"a parameter twice":                 {message, func(r *record.Record) { r.Message.Phrase.Params[1].Name = "named" }},
		"a parameter without name":          {message, param(record.Param{Unit: "x"})},
		"a parameter without value":         {message, param(record.Param{Name: "a"})},
		"a parameter with two values":       {message, param(record.Param{Name: "a", Unit: "x", Bearing: ptr(uint16(1))})},
		"a measure without number":          {message, param(record.Param{Name: "a", Unit: "x", Measure: "nm"})},
		"a measure that is none":            {message, param(record.Param{Name: "a", Number: ptr(1.0), Measure: "league"})},
		"a number that is none":             {message, param(record.Param{Name: "a", Number: ptr(math.NaN())})},
		"a number beyond reason":            {message, param(record.Param{Name: "a", Number: ptr(math.Inf(1))})},
		"a time beyond reason":              {message, param(record.Param{Name: "a", Time: ptr(at.AddDate(400, 0, 0))})},
		"a frequency of nothing":            {message, param(record.Param{Name: "a", Frequency: ptr(uint32(0))})},
		"a frequency beyond radio":          {message, param(record.Param{Name: "a", Frequency: ptr(uint32(400_000_001))})},
		"a bearing of 360":                  {message, param(record.Param{Name: "a", Bearing: ptr(uint16(360))})},
		"a track of nobody's":               {message, param(record.Param{Name: "a", Track: &record.Ref{ID: record.ID{1}}})},
		"a place without place":             {message, param(record.Param{Name: "a", Place: &record.Place{}})},
		"a place with two":                  {message, param(record.Param{Name: "a", Place: &record.Place{Name: "x", Cell: &record.Cell{GridM: 1}}})},
		"a place with a text for a name":    {message, param(record.Param{Name: "a", Place: &record.Place{Name: "near Yonaguni"}})},
		"a cell without grid":               {message, param(record.Param{Name: "a", Place: &record.Place{Cell: &record.Cell{}}})},
		"a unit with a line end":            {message, param(record.Param{Name: "a", Unit: "a\nb"})},
		"a state that is none":              {state, func(r *record.Record) { r.MessageState.State = "burnt" }},
		"a state of nothing":                {state, func(r *record.Record) { r.MessageState.Message.ID = record.ID{} }},
		"read by a person's name":           {state, func(r *record.Record) { r.MessageState.Desk = "wang" }},
		"read by no desk":                   {state, func(r *record.Record) { r.MessageState.Desk = "" }},
		"received by a desk":                {state, func(r *record.Record) { r.MessageState.State = "received" }},
		"a test of no step":                 {hotline, func(r *record.Record) { r.Hotline.Step = "ping" }},
		"an answer without request":         {hotline, func(r *record.Record) { r.Hotline.Test = nil }},
		"an answer without times":           {hotline, func(r *record.Record) { r.Hotline.Received, r.Hotline.Answered = nil, nil }},
		"an answer before the request came": {hotline, func(r *record.Record) { r.Hotline.Answered = ptr(at) }},
		"a request with times":              {hotline, func(r *record.Record) { r.Hotline.Step, r.Hotline.Test = "request", nil }},
		"a test without time":               {hotline, func(r *record.Record) { r.Hotline.Asked = time.Time{} }},
		"an answer by a person":             {hotline, func(r *record.Record) { r.Hotline.Desk = "air" }},
		"an acknowledgement by no desk": {hotline, func(r *record.Record) {
			r.Hotline.Step, r.Hotline.Received, r.Hotline.Answered = "acknowledge", nil, nil
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := good(tt.kind)
			tt.spoil(r)
			if err := r.Validate(); !errors.Is(err, record.ErrMalformed) {
				t.Errorf("Validate = %v, want ErrMalformed", err)
			}
		})
	}
}

func TestLongestMessageTravels(t *testing.T) {
	r := good(record.KindMessage)
	r.Message.Phrase, r.Message.Text = nil, strings.Repeat("長", 500)+"\n"+strings.Repeat("𠀀", 499)
	if _, err := record.Encode(r); err != nil {
		t.Errorf("Encode of %d characters: %v", record.MaxMessage, err)
	}
}
