// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/record"
)

func goodPlan(act string) *record.Plan {
	p := &record.Plan{Act: act, Number: 3}
	switch act {
	case record.PlanDeclare:
		p.Preamble, p.Comment = record.PlanPreamble, "as agreed by telephone"
		p.Parts = []record.PlanPart{{Name: "sectors", Digest: record.Digest{1}}, {Name: "proof", Digest: record.Digest{2}}}
	case record.PlanText:
		p.Name, p.Text = "timers", []byte{0xa0}
	case record.PlanEnd:
		ends := at.Add(time.Hour)
		p.Ends = &ends
	}
	return p
}

func TestEachActOfAPlanComesBackAsItWas(t *testing.T) {
	for _, act := range []string{record.PlanDeclare, record.PlanText, record.PlanEnd} {
		r := good(record.KindPlan)
		r.Plan = goodPlan(act)
		b, err := record.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := record.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := record.Encode(got)
		if err != nil || string(again) != string(b) {
			t.Errorf("%s: came back as %x, %v; want %x", act, again, err, b)
		}
	}
	r := good(record.KindPlan)
	r.Plan = goodPlan(record.PlanText)
	r.Plan.Text = make([]byte, record.MaxPlanText)
	if _, err := record.Encode(r); err != nil {
		t.Errorf("the largest part does not fit a record: %v", err)
	}
}

func TestPlansAreRefused(t *testing.T) {
	far := time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		act   string
		spoil func(*record.Plan)
	}{
		"no number":                {record.PlanEnd, func(p *record.Plan) { p.Number = 0 }},
		"another act":              {record.PlanEnd, func(p *record.Plan) { p.Act = "void" }},
		"no preamble":              {record.PlanDeclare, func(p *record.Plan) { p.Preamble = "" }},
		"another preamble":         {record.PlanDeclare, func(p *record.Plan) { p.Preamble = "This line is ours." }},
		"no parts":                 {record.PlanDeclare, func(p *record.Plan) { p.Parts = nil }},
		"a part twice":             {record.PlanDeclare, func(p *record.Plan) { p.Parts[1] = p.Parts[0] }},
		"parts out of order":       {record.PlanDeclare, func(p *record.Plan) { p.Parts[0], p.Parts[1] = p.Parts[1], p.Parts[0] }},
		"an unknown part":          {record.PlanDeclare, func(p *record.Plan) { p.Parts[0].Name = "weather" }},
		"a long comment":           {record.PlanDeclare, func(p *record.Plan) { p.Comment = strings.Repeat("x", 201) }},
		"a declaration that ends":  {record.PlanDeclare, func(p *record.Plan) { p.Ends = &far }},
		"a declaration with text":  {record.PlanDeclare, func(p *record.Plan) { p.Name, p.Text = "timers", []byte{1} }},
		"a part without name":      {record.PlanText, func(p *record.Plan) { p.Name = "" }},
		"a part without text":      {record.PlanText, func(p *record.Plan) { p.Text = nil }},
		"a part of another name":   {record.PlanText, func(p *record.Plan) { p.Name = "weather" }},
		"a part that is too long":  {record.PlanText, func(p *record.Plan) { p.Text = make([]byte, record.MaxPlanText+1) }},
		"a part with a preamble":   {record.PlanText, func(p *record.Plan) { p.Preamble = record.PlanPreamble }},
		"a part with a comment":    {record.PlanText, func(p *record.Plan) { p.Comment = "c" }},
		"an end without a date":    {record.PlanEnd, func(p *record.Plan) { p.Ends = nil }},
		"an end in another age":    {record.PlanEnd, func(p *record.Plan) { p.Ends = &far }},
		"an end with a list":       {record.PlanEnd, func(p *record.Plan) { p.Parts = goodPlan(record.PlanDeclare).Parts }},
		"an end that has a reason": {record.PlanEnd, func(p *record.Plan) { p.Comment = "we said so" }},
	} {
		r := good(record.KindPlan)
		r.Plan = goodPlan(tt.act)
		tt.spoil(r.Plan)
		if err := r.Validate(); !errors.Is(err, record.ErrMalformed) {
			t.Errorf("%s: Validate = %v, want ErrMalformed", name, err)
		}
	}
}

func TestDigestsAreHexadecimalInJSON(t *testing.T) {
	d := record.Digest{1, 0xab}
	b, err := json.Marshal(d)
	if err != nil || string(b) != `"01ab`+strings.Repeat("0", 60)+`"` {
		t.Fatalf("got %s %v", b, err)
	}
	var got record.Digest
	if err := json.Unmarshal(b, &got); err != nil || got != d {
		t.Errorf("came back as %v, %v", got, err)
	}
	for _, bad := range []string{`"01"`, `"zz` + strings.Repeat("0", 62) + `"`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
