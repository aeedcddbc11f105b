// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package call_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/call"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/openapi"
)

type request struct {
	Text  string            `json:"text"`
	N     *uint32           `json:"n,omitempty"`
	Maybe *float64          `json:"maybe"`
	On    bool              `json:"on,omitempty"`
	List  []uint32          `json:"list,omitempty"`
	Words []string          `json:"words,omitempty"`
	Below *request          `json:"below,omitempty"`
	Many  []request         `json:"many,omitempty"`
	By    map[string]string `json:"by,omitempty"`
}

func file(name string) ([]byte, error) {
	if name != "f" {
		return nil, errors.New("no such file")
	}
	return []byte("two\nlines\n"), nil
}

func TestArgumentsTakeTheTypesOfTheDescription(t *testing.T) {
	types := make(openapi.Types)
	s := types.Of(reflect.TypeFor[request]())
	for name, c := range map[string]struct {
		args string
		want string
	}{
		"takes nothing":               {"", `{}`},
		"takes scalars":               {"text=12 n=3 on=true maybe=-1.5", `{"maybe":-1.5,"n":3,"on":true,"text":"12"}`},
		"takes an equals sign":        {"text=a=b", `{"text":"a=b"}`},
		"takes an empty text":         {"text=", `{"text":""}`},
		"takes lists":                 {"list=1,2 words=a,b", `{"list":[1,2],"words":["a","b"]}`},
		"takes an empty list":         {"words=", `{"words":[]}`},
		"takes a list as JSON":        {`list=[3]`, `{"list":[3]}`},
		"goes down by dots":           {"below.below.n=1 below.text=x", `{"below":{"below":{"n":1},"text":"x"}}`},
		"takes objects as JSON":       {`many=[{"text":"x"}] by={"a":"b"}`, `{"by":{"a":"b"},"many":[{"text":"x"}]}`},
		"goes into lists by number":   {"many.0.text=x many.0.n=1 many.1.below.n=2", `{"many":[{"n":1,"text":"x"},{"below":{"n":2}}]}`},
		"refuses a gap in a list":     {"many.1.text=x", `argument many.1.text: element "1": want the next number of the list, from 0`},
		"refuses a place before all":  {"many.-1.text=x", `element "-1"`},
		"refuses an element and JSON": {`many=[{}] many.0.text=x`, "argument many.0.text: many has a value already"},
		"refuses a key in an element": {"many.0.tekst=x", `argument many.0.tekst: "tekst" is not taken here`},
		"reads a file":                {"text=@f", `{"text":"two\nlines"}`},
		"refuses another file":        {"text=@g", "argument text: no such file"},
		"refuses no value":            {"text", `argument "text": want key=value`},
		"refuses no key":              {"=x", `argument "=x": want key=value`},
		"refuses an unknown key":      {"tekst=x", `argument tekst: "tekst" is not taken here`},
		"refuses one below":           {"below.tekst=x", `argument below.tekst: "tekst" is not taken here`},
		"refuses a word":              {"n=x", `argument n: "x": want a number`},
		"refuses a quoted number":     {`n="1"`, `want a number`},
		"refuses null":                {`n=null`, `want a number`},
		"refuses no truth":            {"on=perhaps", `want true or false`},
		"refuses a key twice":         {"n=1 n=2", "argument n: given twice"},
		"refuses both":                {"below={} below.n=1", "argument below.n: below has a value already"},
		"refuses a wrong element":     {"list=1,x", `argument list: "x": want a number`},
		"refuses no JSON":             {"many=[", `want JSON`},
		"refuses no object":           {"by={", `want JSON`},
	} {
		body, err := call.Body(types, s, strings.Fields(c.args), file)
		got := ""
		if err != nil {
			got = err.Error()
		} else if b, err := json.Marshal(body); err == nil {
			got = string(b)
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("it %s: got %s, want %s", name, got, c.want)
		}
	}
}

// Whatever the arguments, what is sent is as the description of commands says
// and the node's own decoder takes it.
func TestWhatIsMadeIsACommand(t *testing.T) {
	types := make(openapi.Types)
	s := types.Of(reflect.TypeFor[engine.Command]())
	rapid.Check(t, func(t *rapid.T) {
		args := []string{"verb=log"}
		for _, key := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"incident", "text", "lat", "tracks", "presumed", "plan.ends"}), rapid.ID).Draw(t, "keys") {
			args = append(args, key+"="+rapid.SampledFrom([]string{"1", "2,3", "true", "x", "-0.5", "[1]", ""}).Draw(t, key))
		}
		body, err := call.Body(types, s, args, file)
		if err != nil {
			return
		}
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		err = types.Check(s, b)
		var c engine.Command
		if again := json.Unmarshal(b, &c); again == nil && err != nil {
			t.Fatalf("%s: %v", b, err)
		}
	})
}

func TestPick(t *testing.T) {
	const text = `{"a":[{"b":null},{"c":"x"}],"d":1}`
	for path, want := range map[string]string{
		"": text, "$": text, "d": "1", "a.1.c": `"x"`, "a[1].c": `"x"`, "$.a[0]": `{"b":null}`, "a.0.b": "null",
		"e": `there is no "e"`, "a.2": `no place in a list of 2`, "a.-1": `no place`, "a.b": `no place`, "d.x": `there is no "x"`,
	} {
		b, err := call.Pick(json.RawMessage(text), path)
		got := string(b)
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestNewRefusesOtherAddresses(t *testing.T) {
	for _, bad := range []string{"", "127.0.0.1:8470", "ftp://x", "http://u:p@x", "http://x/api", "http://"} {
		if _, err := call.New(bad, "en", nil); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if _, err := call.New("https://x:1/", "en", []byte("no certificate")); err == nil {
		t.Error("a file without a certificate was taken")
	}
}
