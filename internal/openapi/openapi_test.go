// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package openapi_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/openapi"
)

type name string

type id [2]byte

func (i id) MarshalText() ([]byte, error) { return []byte{'0' + i[0], '0' + i[1]}, nil }

type envelope struct {
	ID id `json:"id"`
}

type leaf struct {
	envelope
	Name  name             `json:"name"`
	Count *uint8           `json:"count,omitempty"`
	Maybe *int             `json:"maybe"`
	Share float64          `json:"share"`
	At    time.Time        `json:"at"`
	On    bool             `json:"on"`
	Below []leaf           `json:"below,omitempty"`
	By    map[string]int64 `json:"by,omitempty"`
	Raw   json.RawMessage  `json:"raw,omitempty"`
	Bytes []byte           `json:"bytes,omitempty"`
	Any   any              `json:"any,omitempty"`
	Inner struct{ X int }  `json:"inner"`
	home  int
	Out   int `json:"-"`
}

// What encoding/json writes of a type is always as the type's schema says.
func TestWhatIsWrittenIsAsDescribed(t *testing.T) {
	ts := make(openapi.Types)
	s := ts.Of(reflect.TypeFor[leaf]())
	one := uint8(1)
	for name, v := range map[string]leaf{
		"zero": {},
		"full": {
			Name: "n", Count: &one, Below: []leaf{{Share: 0.5}}, By: map[string]int64{"a": -1}, Raw: json.RawMessage(`[1]`),
			Bytes: []byte("x"), Any: map[string]any{"x": nil}, home: 1, Out: 2, At: time.Unix(1, 5),
		},
	} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := ts.Check(s, b); err != nil {
			t.Errorf("%s: %v in %s", name, err, b)
		}
	}
}

func TestCheckFindsWhatIsNotDescribed(t *testing.T) {
	ts := make(openapi.Types)
	s := ts.Of(reflect.TypeFor[leaf]())
	ts["openapi_test.leaf"].Properties["name"].Enum = []string{"", "n"}
	const good = `{"id":"00","name":"n","maybe":null,"share":1,"at":"2026-01-01T00:00:00Z","on":true,"inner":{"X":1}`
	for name, c := range map[string]struct {
		json string
		want string
	}{
		"takes what fits":        {good + `}`, ""},
		"refuses no JSON":        {`{`, "read JSON: unexpected EOF"},
		"refuses another type":   {`[]`, "$: want object, got []interface {}"},
		"refuses an absence":     {`{"id":"00"}`, "$: name is missing"},
		"refuses an addition":    {good + `,"home":1}`, "$: home is not described"},
		"refuses below":          {good + `,"below":[{}]}`, "$.below[0]: id is missing"},
		"refuses no list":        {good + `,"below":null}`, "$.below: want array, got <nil>"},
		"refuses a negative":     {good + `,"count":-1}`, "$.count: want integer, got json.Number"},
		"refuses a fraction":     {good + `,"count":1.5}`, "$.count: want integer, got json.Number"},
		"refuses a map's value":  {good + `,"by":{"a":"b"}}`, "$.by.a: want integer, got string"},
		"refuses an inner field": {good + `,"inner":{}}`, "$.inner: X is missing"},
		"refuses another word":   {`{"id":"00","name":"m","maybe":null,"share":1,"at":"2026-01-01T00:00:00Z","on":true,"inner":{"X":1}}`, `$.name: m is none of ["" "n"]`},
		"refuses no time":        {`{"id":"00","name":"n","maybe":null,"share":1,"at":"noon","on":true,"inner":{"X":1}}`, "$.at: want string date-time, got string"},
		"refuses no number":      {`{"id":"00","name":"n","maybe":"1","share":1,"at":"2026-01-01T00:00:00Z","on":true,"inner":{"X":1}}`, "$.maybe: want null, got string"},
		"refuses no truth":       {`{"id":"00","name":"n","maybe":3,"share":1,"at":"2026-01-01T00:00:00Z","on":0,"inner":{"X":1}}`, "$.on: want boolean, got json.Number"},
	} {
		got := ""
		if err := ts.Check(s, []byte(c.json)); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("it %s: got %q, want %q", name, got, c.want)
		}
	}
	if err := ts.Check(&openapi.Schema{Ref: "#/components/schemas/none"}, []byte(`1`)); err == nil {
		t.Error("a reference to nothing holds")
	}
}

func TestASchemaIsWrittenAsJSONSchema(t *testing.T) {
	ts := make(openapi.Types)
	b, err := json.Marshal(ts.Of(reflect.TypeFor[struct {
		A map[string]bool `json:"a"`
		B *int            `json:"b"`
	}]()))
	const want = `{"type":"object","properties":{"a":{"type":"object","additionalProperties":{"type":"boolean"}},` +
		`"b":{"anyOf":[{"type":"integer"},{"type":"null"}]}},"required":["a","b"],"additionalProperties":false}`
	if err != nil || string(b) != want {
		t.Errorf("got %s %v, want %s", b, err, want)
	}
}
