// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Limits of a scenario, so that a text of bounded size makes a world of bounded
// size.
const (
	maxText     = 1 << 20 // octets
	maxDuration = 7 * 24 * time.Hour
	maxParts    = 1000 // sensors, receivers, objects, acts or faults
)

// Parse reads a scenario. The error names file and line.
func Parse(name string, text []byte) (*Scenario, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("%s: longer than %d octets", name, maxText)
	}
	p := parser{sc: &Scenario{Name: strings.TrimSuffix(name, ".scenario"), Plans: make(map[party.ID]string)}}
	line := 0
	for l := range strings.SplitSeq(string(text), "\n") {
		line++
		p.line = line
		words, err := split(l)
		if err == nil && len(words) > 0 {
			err = p.directive(words)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
	if at, err := p.finish(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", name, max(at, 1), err)
	}
	return p.sc, nil
}

// parser holds what is checked only when the text ends.
type parser struct {
	sc       *Scenario
	line     int
	seeded   bool
	open     bool           // an object takes waypoints
	objects  []int          // line of each object
	faults   []int          // line of each fault
	seen     map[string]int // line of each id
	lastLine int
}

func (p *parser) directive(words []string) error {
	verb, rest := words[0], words[1:]
	p.lastLine = p.line
	if verb == "at" {
		return p.waypoint(rest)
	}
	p.open = false
	switch verb {
	case "title", "note", "start", "end", "seed", "party", "plans", "policy":
		return p.header(verb, rest)
	case "sensor", "receiver", "object", "act", "fault", "cut":
		if p.sc.Start.IsZero() || p.sc.End.IsZero() || !p.seeded {
			return fmt.Errorf("%s stands before start, end and seed", verb)
		}
	}
	switch verb {
	case "sensor":
		return p.sensor(rest)
	case "receiver":
		return p.receiver(rest)
	case "object":
		return p.object(rest)
	case "act":
		return p.act(rest)
	case "fault":
		return p.fault(rest)
	case "cut":
		return p.cut(rest)
	}
	return fmt.Errorf("unknown word %q", verb)
}

func (p *parser) header(verb string, rest []string) (err error) {
	want := 1
	if verb == "plans" || verb == "policy" {
		want = 2
	}
	if len(rest) != want {
		return fmt.Errorf("%s: want %d words or a text in quotes", verb, want)
	}
	switch verb {
	case "title":
		if p.sc.Title != "" {
			return errors.New("title is given twice")
		}
		p.sc.Title = rest[0]
	case "note":
		p.sc.Notes = append(p.sc.Notes, rest[0])
	case "start", "end":
		err = p.span(verb, rest[0])
	case "seed":
		if p.seeded {
			return errors.New("seed is given twice")
		}
		p.seeded = true
		p.sc.Seed, err = parseUint(rest[0])
	case "party":
		var id party.ID
		if id, err = party.Parse(rest[0]); err == nil && slices.Contains(p.sc.Parties, id) {
			err = fmt.Errorf("party %s is given twice", id)
		}
		p.sc.Parties = append(p.sc.Parties, id)
	case "plans":
		err = p.planFile(rest[0], rest[1])
	case "policy":
		err = p.policy(rest[0], rest[1])
	}
	return err
}

var policyName = regexp.MustCompile(`^[a-z][a-z-]{0,31}$`)

// policy notes the shipped policy by which a party releases.
func (p *parser) policy(who, name string) error {
	id, err := p.party(who)
	if err != nil {
		return err
	}
	if _, twice := p.sc.Policies[id]; twice {
		return fmt.Errorf("policy of %s is given twice", id)
	}
	if !policyName.MatchString(name) {
		return fmt.Errorf("policy %q: want the name of a shipped one", name)
	}
	if p.sc.Policies == nil {
		p.sc.Policies = make(map[party.ID]string)
	}
	p.sc.Policies[id] = name
	return nil
}

func (p *parser) span(verb, text string) error {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return fmt.Errorf("%s %q: want RFC 3339", verb, text)
	}
	t = t.UTC()
	if t.Year() < 1970 || t.Year() > 9999 {
		return fmt.Errorf("%s %q: out of range", verb, text)
	}
	at := &p.sc.Start
	if verb == "end" {
		if p.sc.Start.IsZero() {
			return errors.New("end stands before start")
		}
		if d := t.Sub(p.sc.Start); d <= 0 || d > maxDuration {
			return fmt.Errorf("end: want after start and within %v of it", maxDuration)
		}
		at = &p.sc.End
	}
	if !at.IsZero() {
		return fmt.Errorf("%s is given twice", verb)
	}
	*at = t
	return nil
}

func (p *parser) planFile(who, file string) error {
	id, err := p.party(who)
	if err != nil {
		return err
	}
	if _, twice := p.sc.Plans[id]; twice {
		return fmt.Errorf("plans of %s are given twice", id)
	}
	if strings.ContainsAny(file, `/\`) || strings.HasPrefix(file, ".") {
		return fmt.Errorf("plans %q: want a file beside the scenario", file)
	}
	p.sc.Plans[id] = file
	return nil
}

// party returns a declared party.
func (p *parser) party(text string) (party.ID, error) {
	id, err := party.Parse(text)
	if err != nil {
		return "", err
	}
	if !slices.Contains(p.sc.Parties, id) {
		return "", fmt.Errorf("party %s is not declared", id)
	}
	return id, nil
}

// name takes an id that nothing else has.
func (p *parser) name(text string) (string, error) {
	if _, err := party.Parse(text); err != nil { // the same letters
		return "", fmt.Errorf("id %q: want a lower-case letter, then up to 15 of a-z, 0-9 and -", text)
	}
	if at, taken := p.seen[text]; taken {
		return "", fmt.Errorf("id %s is taken in line %d", text, at)
	}
	if p.seen == nil {
		p.seen = make(map[string]int)
	}
	if len(p.seen) >= maxParts {
		return "", fmt.Errorf("more than %d sensors, receivers and objects", maxParts)
	}
	p.seen[text] = p.line
	return text, nil
}

// finish checks what needs the whole text, and returns the line at fault.
func (p *parser) finish() (int, error) {
	switch {
	case p.sc.Start.IsZero():
		return p.lastLine, errors.New("start is missing")
	case p.sc.End.IsZero():
		return p.lastLine, errors.New("end is missing")
	case !p.seeded:
		return p.lastLine, errors.New("seed is missing")
	case len(p.sc.Parties) == 0:
		return p.lastLine, errors.New("party is missing")
	}
	for i := range p.sc.Objects {
		if len(p.sc.Objects[i].Route) < 2 {
			return p.objects[i], fmt.Errorf("object %s: want two or more waypoints", p.sc.Objects[i].ID)
		}
	}
	feeds := p.sc.Feeds()
	for i, f := range p.sc.Faults {
		if !slices.ContainsFunc(feeds, func(x Feed) bool { return x.ID == f.Feed }) {
			return p.faults[i], fmt.Errorf("fault: no feed %q", f.Feed)
		}
	}
	for i := range p.sc.Acts {
		if a := &p.sc.Acts[i]; a.Object != "" && p.sc.Object(a.Object) == nil {
			return a.Line, fmt.Errorf("act: no object %q", a.Object)
		}
	}
	return 0, nil
}

// split cuts a line into words. A word may hold blanks in double quotes, which
// are taken away; # begins a comment.
func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, quoted := false, false
	for _, c := range strings.TrimSuffix(line, "\r") {
		switch {
		case c == '"':
			quoted = !quoted
			inWord = true
		case c < ' ' && c != '\t' || c == 0x7f || c == '\uFFFD':
			return nil, errors.New("control character or bad UTF-8")
		case !quoted && c == '#':
			return flush(words, &word, inWord), nil
		case !quoted && (c == ' ' || c == '\t'):
			words = flush(words, &word, inWord)
			inWord = false
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if quoted {
		return nil, errors.New("quote is not closed")
	}
	return flush(words, &word, inWord), nil
}

func flush(words []string, word *strings.Builder, inWord bool) []string {
	if inWord {
		words = append(words, word.String())
		word.Reset()
	}
	return words
}
