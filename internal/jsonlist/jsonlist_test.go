// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package jsonlist_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/jsonlist"
)

func TestEachCallsWithEachPart(t *testing.T) {
	var got []string
	err := jsonlist.Each(json.RawMessage(` [1, {"a":[2]},"x" ]`), 9, func(p json.RawMessage) error {
		got = append(got, string(p))
		return nil
	})
	if want := []string{"1", `{"a":[2]}`, `"x"`}; err != nil || !slices.Equal(got, want) {
		t.Errorf("parts %q, %v; want %q", got, err, want)
	}
}

func TestEachRefusesWhatIsNoList(t *testing.T) {
	none := func(json.RawMessage) error { return errors.New("called") }
	for text, want := range map[string]error{`{}`: jsonlist.ErrNoList, `null`: jsonlist.ErrNoList, `7`: jsonlist.ErrNoList, `[]`: nil} {
		if err := jsonlist.Each(json.RawMessage(text), 9, none); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
	if err := jsonlist.Each(nil, 9, none); err == nil {
		t.Error("no text is a list")
	}
}

func TestEachStopsAtTheFirstError(t *testing.T) {
	stop, calls := errors.New("stop"), 0
	err := jsonlist.Each(json.RawMessage(`[1,2,3]`), 9, func(json.RawMessage) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestEachTakesNoMoreThanTheLimit(t *testing.T) {
	for n, want := range map[int]error{3: nil, 4: jsonlist.ErrTooMany} {
		calls := 0
		list := json.RawMessage("[0" + strings.Repeat(",0", n-1) + "]")
		err := jsonlist.Each(list, 3, func(json.RawMessage) error { calls++; return nil })
		if !errors.Is(err, want) || calls != 3 {
			t.Errorf("%d parts: %d calls, %v", n, calls, err)
		}
	}
}

func TestWalkEndsWhereNoMoreIsWanted(t *testing.T) {
	bad := errors.New("bad")
	for name, tt := range map[string]struct {
		more  bool
		err   error
		limit int
		calls int
		all   bool
		want  error
	}{
		"all":                {true, nil, 9, 3, true, nil},
		"enough":             {false, nil, 9, 1, false, nil},
		"a bad part":         {false, bad, 9, 1, true, bad},
		"more than is taken": {true, nil, 2, 2, true, jsonlist.ErrTooMany},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			calls := 0
			all, err := jsonlist.Walk(json.RawMessage(`[1,2,3]`), tt.limit, func(int, json.RawMessage) (bool, error) { calls++; return tt.more, tt.err })
			if calls != tt.calls || all != tt.all || !errors.Is(err, tt.want) {
				t.Errorf("%d calls, all %v, %v; want %d, %v, %v", calls, all, err, tt.calls, tt.all, tt.want)
			}
		})
	}
}

func TestFieldFindsTheLast(t *testing.T) {
	object := json.RawMessage(` { "a" : [1], "b": {"a":2}, "a": [3,{}] } `)
	v, at, err := jsonlist.Field(object, "a")
	if err != nil || string(v) != "[3,{}]" || string(object[at:at+len(v)]) != "[3,{}]" {
		t.Errorf("Field = %q at %d, %v", v, at, err)
	}
	var places []int
	err = jsonlist.EachAt(v, 9, func(at int, p json.RawMessage) error {
		if string(v[at:at+len(p)]) != string(p) {
			t.Errorf("%q is not at %d", p, at)
		}
		places = append(places, at)
		return nil
	})
	if err != nil || !slices.Equal(places, []int{1, 3}) {
		t.Errorf("parts at %v, %v", places, err)
	}
	if v, _, err := jsonlist.Field(object, "c"); v != nil || err != nil {
		t.Errorf("Field of no such key = %q, %v", v, err)
	}
	for _, text := range []string{"[]", "7", "", `{"a":`, `{"a":1`} {
		if v, _, err := jsonlist.Field(json.RawMessage(text), "a"); err == nil {
			t.Errorf("Field(%q) = %q, want an error", text, v)
		}
	}
}
