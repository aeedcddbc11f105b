// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package jsonread_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/jsonread"
)

func value(t testing.TB, text string) jsonread.Value {
	t.Helper()
	v, err := jsonread.Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse(%q) = %v", text, err)
	}
	return v
}

func TestEachCallsWithEachPart(t *testing.T) {
	list := value(t, "\n [1, {\"a\":[2]},\"x]\\\"\" ,[],null ,-1e-2]\t")
	var got []string
	all, err := list.Each(9, func(at int, p jsonread.Value) (bool, error) {
		if !bytes.HasPrefix(list[at:], p) {
			t.Errorf("%q is not at %d", p, at)
		}
		got = append(got, string(p))
		return true, nil
	})
	if want := []string{"1", `{"a":[2]}`, `"x]\""`, "[]", "null", "-1e-2"}; err != nil || !all || !slices.Equal(got, want) {
		t.Errorf("parts %q, %v, %v; want %q", got, all, err, want)
	}
}

func TestEachRefusesWhatIsNoList(t *testing.T) {
	none := func(int, jsonread.Value) (bool, error) { return false, errors.New("called") }
	for text, want := range map[string]error{`{}`: jsonread.ErrNoList, `null`: jsonread.ErrNoList, `7`: jsonread.ErrNoList, ` [ ] `: nil} {
		if _, err := value(t, text).Each(9, none); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
	if _, err := jsonread.Value(nil).Each(9, none); !errors.Is(err, jsonread.ErrNoList) {
		t.Errorf("no value is a list: %v", err)
	}
}

func TestEachEndsWhereNoMoreIsWanted(t *testing.T) {
	bad := errors.New("bad")
	for name, tt := range map[string]struct {
		more  bool
		err   error
		limit int
		calls int
		all   bool
		want  error
	}{
		"all":                {true, nil, 3, 3, true, nil},
		"enough":             {false, nil, 9, 1, false, nil},
		"a bad part":         {false, bad, 9, 1, true, bad},
		"more than is taken": {true, nil, 2, 2, true, jsonread.ErrTooMany},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			calls := 0
			all, err := value(t, "[1,2,3]").Each(tt.limit, func(int, jsonread.Value) (bool, error) { calls++; return tt.more, tt.err })
			if calls != tt.calls || all != tt.all || !errors.Is(err, tt.want) {
				t.Errorf("%d calls, all %v, %v; want %d, %v, %v", calls, all, err, tt.calls, tt.all, tt.want)
			}
		})
	}
}

func TestFieldFindsTheLast(t *testing.T) {
	text := ` { "a" : [1], "b": {"a":2}, "\u0061": [3,{}] } `
	object := value(t, text)
	v, at, err := object.Field("a")
	if err != nil || string(v) != "[3,{}]" || !bytes.HasPrefix(object[at:], v) || !strings.HasPrefix(text[jsonread.Lead([]byte(text))+at:], string(v)) {
		t.Errorf("Field = %q at %d, %v", v, at, err)
	}
	if v, _, err := object.Field("c"); v != nil || err != nil {
		t.Errorf("Field of no such key = %q, %v", v, err)
	}
	for _, text := range []string{"[]", "7", `"{}"`} {
		if v, _, err := value(t, text).Field("a"); !errors.Is(err, jsonread.ErrNoObject) {
			t.Errorf("Field of %s = %q, %v", text, v, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "{", `{"a":1,}`, `{"a" 1}`, `{a:1}`, "[1 2]", "01", "+1", "1.", "NaN", "tru", `"\q"`, "\"\x01\"", "{}{}", "1x", "[1]]",
		strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000),
	} {
		if v, err := jsonread.Parse([]byte(text)); !errors.Is(err, jsonread.ErrSyntax) {
			t.Errorf("Parse(%.20q) = %.20q, %v", text, v, err)
		}
	}
}

func TestNumberAndText(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "-1.5e3": -1500, "1e999": -1, `"1"`: -1, "null": -1, "[1]": -1, "true": -1} {
		if f, ok := value(t, text).Number(); ok != (want != -1) || ok && f != want {
			t.Errorf("Number(%s) = %v, %v", text, f, ok)
		}
	}
	for text, want := range map[string]string{
		`""`: "", `"a b"`: "a b", `"船"`: "船", `"a\\\"\n\u8239\ud83d\ude00"`: "a\\\"\n船😀", "\"\xff\"": "\uFFFD", `7`: "none", `null`: "none",
	} {
		if b, ok := value(t, text).Text(); ok != (want != "none") || ok && string(b) != want {
			t.Errorf("Text(%s) = %q, %v", text, b, ok)
		}
	}
	if !jsonread.Value(nil).Null() || !value(t, " null").Null() || value(t, "0").Null() || value(t, `"n"`).Null() {
		t.Error("null is told apart from what is there")
	}
}

// plain takes a value apart into what encoding/json makes of it.
func plain(t testing.TB, v jsonread.Value) any {
	switch v[0] {
	case '{':
		m := make(map[string]any)
		p, err := v.Object()
		for p.Next() {
			m[string(p.Key)] = plain(t, p.Value)
		}
		if err != nil {
			t.Errorf("%q: %v", v, err)
		}
		return m
	case '[':
		list := []any{}
		if _, err := v.Each(len(v), func(at int, p jsonread.Value) (bool, error) {
			if !bytes.HasPrefix(v[at:], p) {
				t.Errorf("%q is not at %d of %q", p, at, v)
			}
			list = append(list, plain(t, p))
			return true, nil
		}); err != nil {
			t.Errorf("%q: %v", v, err)
		}
		return list
	case '"':
		b, ok := v.Text()
		if !ok {
			t.Errorf("%q is no text", v)
		}
		return string(b)
	case 't', 'f':
		return string(v) == "true"
	case 'n':
		return nil
	}
	f, ok := v.Number()
	if !ok {
		return json.Number(v)
	}
	return f
}

// FuzzParse compares with what encoding/json makes of the same text.
func FuzzParse(f *testing.F) {
	f.Add([]byte(` {"a" : [1, {"b":"\"]}"} ,[] , {}, -0.1e+7],"a":null,"\u0062":true } `))
	f.Add([]byte("[\"\xff\",1e999,\"\\ud800\",\"\\\\\"]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := jsonread.Parse(text)
		var want any
		if bad := json.Unmarshal(text, &want); (bad == nil) != (err == nil) {
			var beyond *json.UnmarshalTypeError // a number beyond float64, which is JSON all the same
			if !errors.As(bad, &beyond) {
				t.Fatalf("Parse(%q) = %v, encoding/json: %v", text, err, bad)
			}
			plain(t, v)
			return
		}
		if err != nil {
			return
		}
		if d := cmp.Diff(want, plain(t, v)); d != "" {
			t.Errorf("%q (-want +got):\n%s", text, d)
		}
	})
}

func TestNothingIsAllocated(t *testing.T) {
	text := []byte(`{"now":1780000000.5,"list":[{"a":1.25,"b":"text","c":null},{"a":-3,"船":[1,2,3]}]}`)
	var sum float64
	n := testing.AllocsPerRun(100, func() {
		v, _ := jsonread.Parse(text)
		list, _, _ := v.Field("list")
		_, _ = list.Each(9, func(_ int, part jsonread.Value) (bool, error) {
			p, _ := part.Object()
			for p.Next() {
				f, _ := p.Value.Number()
				b, _ := p.Value.Text()
				sum += f + float64(len(b))
			}
			return true, nil
		})
	})
	if n != 0 || sum == 0 {
		t.Errorf("%v allocations, sum %v", n, sum)
	}
}
