// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompose(t *testing.T) {
	lat, persons := 24.5, uint16(3)
	for _, c := range []struct {
		name string
		args []Arg
		want Command
		err  string
	}{
		{"nothing", nil, Command{Verb: "v"}, ""},
		{
			"all kinds",
			[]Arg{{"incident", "7"}, {"partner", "jp"}, {"text", "a b"}, {"presumed", "yes"}, {"lat", "24.5"}, {"persons", "3"}, {"tracks", "1, 2"}},
			Command{Verb: "v", Incident: 7, Partner: "jp", Text: "a b", Presumed: true, Lat: &lat, Persons: &persons, Tracks: []uint32{1, 2}},
			"",
		},
		{"another name", []Arg{{"nonsense", "1"}}, Command{}, `argument "nonsense": nothing is called "nonsense"; there are `},
		{"a name within a number", []Arg{{"incident.x", "1"}}, Command{}, `argument "incident.x": nothing is called "x" there`},
		{"who acts", []Arg{{"by", "me"}}, Command{}, `argument "by": nothing is called "by"; there are `},
		{"the verb", []Arg{{"verb", "x"}}, Command{}, `argument "verb": the verb stands apart`},
		{"no number", []Arg{{"incident", "x"}}, Command{}, `argument "incident": "x": want uint32`},
		{"a number that is too large", []Arg{{"incident", "4294967296"}}, Command{}, `argument "incident": "4294967296": want uint32`},
		{"neither yes nor no", []Arg{{"presumed", "perhaps"}}, Command{}, `argument "presumed": "perhaps": want bool`},
	} {
		got, err := Compose("v", c.args)
		text := ""
		if err != nil {
			text = err.Error()
			if len(text) > len(c.err) {
				text = text[:len(c.err)]
			}
		}
		if text != c.err {
			t.Errorf("%s: %q, want %q", c.name, text, c.err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

type nested struct {
	Inner *struct {
		List []struct {
			Name string `json:"name"`
		} `json:"list"`
	} `json:"inner"`
}

func TestSetGoesIntoWhatIsNotThereYet(t *testing.T) {
	var n nested
	for _, a := range []Arg{{"inner.list.0.name", "a"}, {"inner.list.1.name", "b"}} {
		if err := setArg(&n, a); err != nil {
			t.Fatal(err)
		}
	}
	if n.Inner == nil || len(n.Inner.List) != 2 || n.Inner.List[1].Name != "b" {
		t.Errorf("%+v", n.Inner)
	}
	for _, key := range []string{"inner.list.5.name", "inner.list.-1.name", "inner.list.x.name", "inner", "inner.list.0"} {
		if err := setArg(&n, Arg{key, "c"}); err == nil {
			t.Errorf("%s was taken", key)
		}
	}
}
