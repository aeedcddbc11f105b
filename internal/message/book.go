// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package message holds what watch floors say to each other: the phrasebook of
// coded messages and their rendering, threads of messages with their states
// and alarms, the test of the line, and the challenge table of the fallback
// card. A message is addressed to one partner. It addresses people and never
// units, and no message makes the machine act. It sends nothing itself.
package message

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

// Languages lists the languages in which every phrase stands.
func Languages() []string { return []string{"en", "ja", "zh-Hant"} }

// Groups lists the groups of phrases in the order of their codes' first digit,
// the stop phrases (0) last.
func Groups() []string {
	return []string{"contact", "request", "answer", "lead", "activity", "rescue", "safety", "drill", "correction", "stop"}
}

// Types lists the types of parameters.
func Types() []string {
	return []string{"place", "track", "time", "number", "distance", "height", "speed", "duration", "unit", "frequency", "bearing"}
}

// MeasuresOf lists the measures that a number of the type may have; none where
// the type has no measure.
func MeasuresOf(kind string) []string {
	switch kind {
	case "distance":
		return []string{"nm", "km", "m"}
	case "height":
		return []string{"ft", "m"}
	case "speed":
		return []string{"kt"}
	case "duration":
		return []string{"min", "h"}
	}
	return nil
}

// ErrPhrasebook is wrapped by every error of Parse.
var ErrPhrasebook = errors.New("phrasebook refused")

// maxPhrases bounds a phrasebook.
const maxPhrases = 500

// Parameter is one parameter of a phrase.
type Parameter struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Measures []string `json:"measures,omitempty"`
}

// Phrase is one coded message.
type Phrase struct {
	Code   string            `json:"code"`
	Group  string            `json:"group"`
	Texts  map[string]string `json:"texts"` // by language, parameters in braces
	Params []Parameter       `json:"params"`
	// NoDuff marks the phrase that says that what happens is real.
	NoDuff bool `json:"no_duff,omitempty"`
	// Resumes marks the phrases after which an exercise is no longer broken.
	Resumes bool `json:"resumes,omitempty"`
}

// Book is a checked phrasebook. It never changes.
type Book struct {
	edition string
	phrases []Phrase // by code
}

type bookFile struct {
	Edition string       `toml:"edition"`
	Phrases []phraseFile `toml:"phrase"`
}

type phraseFile struct {
	Code    string            `toml:"code"`
	Group   string            `toml:"group"`
	Params  map[string]string `toml:"params"`
	NoDuff  bool              `toml:"no_duff"`
	Resumes bool              `toml:"resumes"`
	English string            `toml:"en"`
	Ja      string            `toml:"ja"`
	Hant    string            `toml:"zh-Hant"`
}

// Edition returns what the file calls itself.
func (b *Book) Edition() string {
	if b == nil {
		return ""
	}
	return b.edition
}

// Phrases returns the phrases by code. They must not be changed.
func (b *Book) Phrases() []Phrase {
	if b == nil {
		return nil
	}
	return b.phrases
}

// Phrase returns the phrase of a code.
func (b *Book) Phrase(code string) (*Phrase, bool) {
	if b == nil {
		return nil, false
	}
	i, ok := slices.BinarySearchFunc(b.phrases, code, func(p Phrase, code string) int { return strings.Compare(p.Code, code) })
	if !ok {
		return nil, false
	}
	return &b.phrases[i], true
}

var (
	editionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,31}$`)
	codePattern    = regexp.MustCompile(`^[0-9]{3}$`)
	namePattern    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,23}$`)
	slotPattern    = regexp.MustCompile(`\{([^{}]*)\}`)
)

// Parse reads a phrasebook. It refuses unknown keys and types, codes that stand
// twice or in the wrong group, and phrases that lack a language or do not use
// each parameter in each language; the error names file, line and phrase.
func Parse(name string, b []byte) (*Book, error) {
	var f bookFile
	if err := strict.TOML(name, b, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPhrasebook, err)
	}
	switch {
	case !editionPattern.MatchString(f.Edition):
		return nil, fmt.Errorf("%w: %s: edition %q: want up to 32 letters, digits, dots or hyphens", ErrPhrasebook, name, f.Edition)
	case len(f.Phrases) == 0 || len(f.Phrases) > maxPhrases:
		return nil, fmt.Errorf("%w: %s: %d phrases, want 1 to %d", ErrPhrasebook, name, len(f.Phrases), maxPhrases)
	}
	book := &Book{edition: f.Edition}
	for i := range f.Phrases {
		p, err := f.Phrases[i].phrase()
		if err == nil && slices.ContainsFunc(book.phrases, func(o Phrase) bool { return o.Code == p.Code }) {
			err = errors.New("the code stands twice")
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s:%d: phrase %q: %w", ErrPhrasebook, name, strict.Line(b, "phrase", i, ""), f.Phrases[i].Code, err)
		}
		book.phrases = append(book.phrases, p)
	}
	slices.SortFunc(book.phrases, func(a, b Phrase) int { return strings.Compare(a.Code, b.Code) })
	return book, nil
}

func (f *phraseFile) phrase() (Phrase, error) {
	p := Phrase{
		Code: f.Code, Group: f.Group, NoDuff: f.NoDuff, Resumes: f.Resumes, Params: []Parameter{},
		Texts: map[string]string{"en": f.English, "ja": f.Ja, "zh-Hant": f.Hant},
	}
	if !codePattern.MatchString(p.Code) {
		return p, errors.New("want a code of three digits")
	}
	if g := int(p.Code[0]-'0'+9) % 10; Groups()[g] != p.Group {
		return p, fmt.Errorf("group %q: codes that begin with %c are of group %q", p.Group, p.Code[0], Groups()[g])
	}
	for _, name := range slots(f.English) {
		kind, ok := f.Params[name]
		if !ok {
			return p, fmt.Errorf("parameter %q has no type", name)
		}
		p.Params = append(p.Params, Parameter{Name: name, Type: kind, Measures: MeasuresOf(kind)})
	}
	return p, p.check(len(f.Params))
}

// check compares the languages with the parameters.
func (p *Phrase) check(declared int) error {
	if len(p.Params) != declared || declared > record.MaxParams {
		return fmt.Errorf("%d parameters, %d in the English text, at most %d", declared, len(p.Params), record.MaxParams)
	}
	var names []string
	for _, q := range p.Params {
		if !namePattern.MatchString(q.Name) || !slices.Contains(Types(), q.Type) {
			return fmt.Errorf("parameter %q of type %q: want one of %s", q.Name, q.Type, strings.Join(Types(), ", "))
		}
		names = append(names, q.Name)
	}
	slices.Sort(names)
	for _, lang := range Languages() {
		text := p.Texts[lang]
		if strings.TrimSpace(text) == "" || len(text) > 400 {
			return fmt.Errorf("no text in %s, or a long one", lang)
		}
		used := slots(text)
		slices.Sort(used)
		if !slices.Equal(used, names) {
			return fmt.Errorf("text in %s uses %v, want each of %v once", lang, used, names)
		}
		if strings.ContainsAny(slotPattern.ReplaceAllString(text, ""), "{}") {
			return fmt.Errorf("text in %s holds a brace without its pair", lang)
		}
	}
	return nil
}

// slots returns the names in braces, in order.
func slots(text string) []string {
	var list []string
	for _, m := range slotPattern.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

// Why a phrase is not sent.
var (
	ErrCode  = errors.New("the phrasebook has no such code")
	ErrParam = errors.New("parameters do not fit the phrase")
)

// Check reports whether a phrase fits this edition: a code that it has, and a
// value of the right type for each parameter.
func (b *Book) Check(p *record.Phrase) error {
	known, ok := b.Phrase(p.Code)
	if !ok || p.Edition != b.edition {
		return fmt.Errorf("code %q of edition %q: %w", p.Code, p.Edition, ErrCode)
	}
	if len(p.Params) != len(known.Params) {
		return fmt.Errorf("code %s: %d parameters, want %d: %w", p.Code, len(p.Params), len(known.Params), ErrParam)
	}
	for _, want := range known.Params {
		q := find(p.Params, want.Name)
		if q == nil || !fits(q, want.Type) {
			return fmt.Errorf("code %s: parameter %q: want a %s: %w", p.Code, want.Name, want.Type, ErrParam)
		}
	}
	return nil
}

func find(list []record.Param, name string) *record.Param {
	i := slices.IndexFunc(list, func(q record.Param) bool { return q.Name == name })
	if i < 0 {
		return nil
	}
	return &list[i]
}

func fits(q *record.Param, kind string) bool {
	switch kind {
	case "place":
		return q.Place != nil
	case "track":
		return q.Track != nil
	case "time":
		return q.Time != nil
	case "number":
		return q.Number != nil && q.Measure == ""
	case "unit":
		return q.Unit != ""
	case "frequency":
		return q.Frequency != nil
	case "bearing":
		return q.Bearing != nil
	}
	return q.Number != nil && slices.Contains(MeasuresOf(kind), q.Measure)
}
