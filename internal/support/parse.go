// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package support

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

// ErrText is wrapped by every error of the parsers.
var ErrText = errors.New("text refused")

// Limits of the configured texts.
const (
	maxClauses    = 64
	maxExclusions = 64
	maxParties    = 16
	maxDays       = 3650
	maxWords      = 200 // characters of a text
)

type agreementFile struct {
	Version    int               `toml:"version"`
	ID         string            `toml:"id"`
	Title      map[string]string `toml:"title"`
	Invented   bool              `toml:"invented"`
	Citation   string            `toml:"citation"`
	Parties    []string          `toml:"parties"`
	From       string            `toml:"from"`
	To         string            `toml:"to"`
	Clauses    []clauseFile      `toml:"clause"`
	Exclusions []exclusionFile   `toml:"exclusion"`
}

type clauseFile struct {
	ID         string     `toml:"id"`
	Citation   string     `toml:"citation"`
	Situations []string   `toml:"situations"`
	Categories []string   `toml:"categories"`
	Units      []string   `toml:"units"`
	Givers     []string   `toml:"givers"`
	Max        uint64     `toml:"max_per_request"`
	Quota      *quotaFile `toml:"quota"`
	Settlement []string   `toml:"settlement"`
	Days       uint32     `toml:"settle_days"`
	Price      *priceFile `toml:"price"`
	Approvers  []string   `toml:"approvers"`
	Conditions string     `toml:"conditions"`
}

type quotaFile struct {
	Amount uint64 `toml:"amount"`
	Period string `toml:"period"`
}

type priceFile struct {
	Currency string `toml:"currency"`
	Minor    uint64 `toml:"minor_per_unit"`
}

type exclusionFile struct {
	ID         string   `toml:"id"`
	Citation   string   `toml:"citation"`
	Situations []string `toml:"situations"`
	Categories []string `toml:"categories"`
}

// fault is what is wrong with a key.
type fault struct {
	key string
	err error
}

func wrong(key, format string, args ...any) *fault { return &fault{key, fmt.Errorf(format, args...)} }

// first returns the first fault of several checks.
func first(checks ...*fault) *fault {
	for _, f := range checks {
		if f != nil {
			return f
		}
	}
	return nil
}

// ParseAgreement reads one agreement. It refuses unknown keys and unknown
// words: a category that is not in the closed list can't be agreed on. The
// error says file, line and what is wrong.
func ParseAgreement(name string, b []byte) (*Agreement, error) {
	var f agreementFile
	if err := strict.TOML(name, b, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrText, err)
	}
	a := &Agreement{ID: f.ID, Version: f.Version, Text: hashOf(b), Titles: f.Title, Invented: f.Invented, Citation: f.Citation}
	if p := a.head(&f); p != nil {
		return nil, located(name, b, "", 0, p)
	}
	for i := range f.Clauses {
		c, p := a.takeClause(&f.Clauses[i])
		if p != nil {
			return nil, located(name, b, "clause", i, p)
		}
		a.Clauses = append(a.Clauses, c)
	}
	for i := range f.Exclusions {
		x, p := a.takeExclusion(&f.Exclusions[i])
		if p != nil {
			return nil, located(name, b, "exclusion", i, p)
		}
		a.Exclusions = append(a.Exclusions, x)
	}
	return a, nil
}

func located(name string, b []byte, table string, i int, p *fault) error {
	where := p.key
	if table != "" {
		where = table + "." + p.key
	}
	return fmt.Errorf("%w: %s:%d: %s: %w", ErrText, name, strict.Line(b, table, i, p.key), where, p.err)
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

var wordForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

func word(key, s string) *fault {
	if !wordForm.MatchString(s) {
		return wrong(key, "%q: want a letter, then up to 31 letters, digits or hyphens", s)
	}
	return nil
}

// text checks what people read.
func text(key, s string, needed bool) *fault {
	switch {
	case needed && s == "":
		return wrong(key, "is missing")
	case utf8.RuneCountInString(s) > maxWords || !utf8.ValidString(s):
		return wrong(key, "longer than %d characters, or not UTF-8", maxWords)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) }):
		return wrong(key, "holds a control character")
	}
	return nil
}

// words checks a list of words against a closed list.
func words(key string, list, known []string, needed bool) *fault {
	if (needed || list != nil) && len(list) == 0 {
		return wrong(key, "an empty list")
	}
	for i, s := range list {
		if !slices.Contains(known, s) {
			return wrong(key, "%q: want one of %s", s, strings.Join(known, ", "))
		}
		if slices.Contains(list[:i], s) {
			return wrong(key, "%q stands twice", s)
		}
	}
	return nil
}

// parties reads code words of parties.
func parties(key string, list []string, known []party.ID) ([]party.ID, *fault) {
	var ids []party.ID
	for _, s := range list {
		id, err := party.Parse(s)
		switch {
		case err != nil:
			return nil, wrong(key, "%w", err)
		case slices.Contains(ids, id):
			return nil, wrong(key, "%q stands twice", s)
		case known != nil && !slices.Contains(known, id):
			return nil, wrong(key, "%q is no party of the agreement", s)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// day reads a date: the moment at which the day begins (UTC).
func day(key, s string) (time.Time, *fault) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 2000 || t.Year() > 2200 {
		return t, wrong(key, "%q: want a date as 2026-03-31", s)
	}
	return t, nil
}

func (a *Agreement) head(f *agreementFile) *fault {
	if f.Version < 1 {
		return wrong("version", "want a number above zero")
	}
	if p := first(word("id", f.ID), text("citation", f.Citation, true)); p != nil {
		return p
	}
	for _, lang := range []string{"en", "ja", "zh-Hant"} {
		if p := text("title", f.Title[lang], true); p != nil {
			return wrong("title", "%s: %w", lang, p.err)
		}
	}
	if len(f.Title) != 3 {
		return wrong("title", "want en, ja and zh-Hant")
	}
	var p *fault
	if a.Parties, p = parties("parties", f.Parties, nil); p != nil {
		return p
	}
	if len(a.Parties) < 2 || len(a.Parties) > maxParties {
		return wrong("parties", "want 2 to %d parties", maxParties)
	}
	if a.From, p = day("from", f.From); p != nil {
		return p
	}
	if f.To != "" {
		last, p := day("to", f.To)
		if p != nil {
			return p
		}
		end := last.AddDate(0, 0, 1) // the last day counts
		if !end.After(a.From) {
			return wrong("to", "before it comes into force")
		}
		a.To = &end
	}
	if len(f.Clauses) == 0 || len(f.Clauses) > maxClauses || len(f.Exclusions) > maxExclusions {
		return wrong("version", "want 1 to %d clauses, and at most %d exclusions", maxClauses, maxExclusions)
	}
	return nil
}

func (a *Agreement) takeClause(f *clauseFile) (Clause, *fault) {
	c := Clause{
		ID: f.ID, Citation: f.Citation, Situations: f.Situations, Categories: f.Categories, Units: f.Units, Max: f.Max,
		Settlements: f.Settlement, Days: f.Days, Approvers: f.Approvers, Conditions: f.Conditions,
	}
	p := first(word("id", f.ID), text("citation", f.Citation, true), text("conditions", f.Conditions, false),
		words("situations", f.Situations, record.SupportSituations(), true), words("categories", f.Categories, record.SupportCategories(), true),
		words("units", f.Units, record.SupportUnits(), true), words("settlement", f.Settlement, record.SupportSettlements(), true),
		words("approvers", f.Approvers, record.SupportRoles(), true))
	if p == nil && a.clause(f.ID) != nil {
		p = wrong("id", "%q stands twice", f.ID)
	}
	if p == nil {
		c.Givers, p = parties("givers", f.Givers, a.Parties)
	}
	if p == nil {
		p = first(emptied("givers", f.Givers), c.takeAmounts(f), c.takePrice(f))
	}
	return c, p
}

// emptied refuses a list that somebody emptied: one that is left out means any.
func emptied(key string, list []string) *fault {
	if list != nil && len(list) == 0 {
		return wrong(key, "an empty list; leave it out to mean any")
	}
	return nil
}

// takeAmounts reads the limits. They count in the clause's one unit.
func (c *Clause) takeAmounts(f *clauseFile) *fault {
	switch {
	case f.Max > record.MaxAmount:
		return wrong("max_per_request", "at most %d", uint64(record.MaxAmount))
	case (f.Max > 0 || f.Quota != nil || f.Price != nil) && len(f.Units) != 1:
		return wrong("units", "a clause with a limit, a quota or a price has one unit")
	case f.Days > maxDays:
		return wrong("settle_days", "at most %d", maxDays)
	case f.Quota == nil:
		return nil
	case f.Quota.Amount == 0 || f.Quota.Amount > record.MaxAmount:
		return wrong("quota", "want an amount of 1 to %d", uint64(record.MaxAmount))
	}
	c.Quota = &Quota{Amount: f.Quota.Amount, Period: f.Quota.Period}
	return words("quota", []string{f.Quota.Period}, Periods(), true)
}

func (c *Clause) takePrice(f *clauseFile) *fault {
	if f.Price == nil {
		return nil
	}
	switch {
	case !slices.ContainsFunc(f.Settlement, money):
		return wrong("price", "nothing under this clause is settled in money")
	case f.Price.Minor == 0 || f.Price.Minor > record.MaxPrice:
		return wrong("price", "want minor units of 1 to %d", uint64(record.MaxPrice))
	case !record.Currency(f.Price.Currency):
		return wrong("price", "%q: want a currency's code of three capital letters", f.Price.Currency)
	}
	c.Price = &Price{Currency: f.Price.Currency, Minor: f.Price.Minor}
	return nil
}

func (a *Agreement) takeExclusion(f *exclusionFile) (Exclusion, *fault) {
	x := Exclusion{ID: f.ID, Citation: f.Citation, Situations: f.Situations, Categories: f.Categories}
	p := first(word("id", f.ID), text("citation", f.Citation, true),
		words("situations", f.Situations, record.SupportSituations(), false), words("categories", f.Categories, record.SupportCategories(), false))
	switch {
	case p != nil:
	case len(f.Situations)+len(f.Categories) == 0:
		p = wrong("id", "it excludes everything; name situations or categories")
	case slices.ContainsFunc(a.Exclusions, func(o Exclusion) bool { return o.ID == f.ID }):
		p = wrong("id", "%q stands twice", f.ID)
	}
	return x, p
}
