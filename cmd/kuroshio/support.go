// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/support"
	"github.com/kuroshio-watch/kuroshio/packs/agreements"
	"github.com/kuroshio-watch/kuroshio/web"
)

type supportCmd struct {
	Check      supportCheckCmd      `cmd:"" help:"Read an agreement, or a register of facilities, and say what is wrong."`
	Match      supportMatchCmd      `cmd:"" help:"Say which clause allows a request, or why none does and what the civil way is."`
	Categories supportCategoriesCmd `cmd:"" help:"List the categories, situations and ways of settlement beside their published words."`
}

type supportCheckCmd struct {
	File     string `arg:"" type:"path" help:"Agreement file."`
	Register bool   `help:"The file is a register of facilities."`
}

// Run checks an agreement or a register.
func (c *supportCheckCmd) Run(s streams) error {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read agreement: %w", err)
	}
	if c.Register {
		list, err := support.ParseRegister(c.File, b)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s: good: %d facilities\n", c.File, len(list))
		return nil
	}
	a, err := support.ParseAgreement(c.File, b)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s: good: agreement %s version %d, text %s, %d clauses, %d exclusions\n", c.File, a.ID, a.Version, a.Text, len(a.Clauses), len(a.Exclusions))
	if a.Invented {
		fmt.Fprintln(s.out, "it is marked as invented: a demonstration's, not an agreement that exists")
	}
	return nil
}

type supportMatchCmd struct {
	File       string `arg:"" type:"path" help:"Agreement file."`
	Asker      string `required:"" help:"Party that asks."`
	Giver      string `required:"" help:"Party that is to give."`
	Situation  string `required:"" help:"Situation, as kuroshio support categories lists them."`
	Category   string `required:"" help:"Category of supplies or services."`
	Unit       string `default:"litre" help:"Unit of the amount."`
	Amount     uint64 `required:"" help:"Whole units."`
	At         string `required:"" help:"When it is needed, as 2026-03-01 or 2026-03-01T04:30:00Z."`
	Until      string `help:"To when; the same moment where it is left out."`
	Settlement string `help:"Way of settlement; any where it is left out."`
	Used       uint64 `help:"What is used of the clause's quota already."`
	Lang       string `default:"en" enum:"en,ja,zh-Hant" help:"Language of the civil way."`
}

// errNoClause makes the command end with status 1.
var errNoClause = errors.New("no agreement covers this")

// Run matches one request with one agreement.
func (c *supportMatchCmd) Run(s streams) error {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read agreement: %w", err)
	}
	a, err := support.ParseAgreement(c.File, b)
	if err != nil {
		return err
	}
	q := support.Query{
		Asker: party.ID(c.Asker), Giver: party.ID(c.Giver), Situation: c.Situation, Category: c.Category, Unit: c.Unit, Amount: c.Amount,
		Settlement: c.Settlement,
	}
	if q.From, err = moment(c.At); err != nil {
		return err
	}
	q.Until = q.From
	if c.Until != "" {
		if q.Until, err = moment(c.Until); err != nil {
			return err
		}
	}
	r := support.Match([]*support.Agreement{a}, &q, func(*support.Agreement, *support.Clause, time.Time) uint64 { return c.Used })
	return c.explain(s, &r)
}

func (c *supportMatchCmd) explain(s streams, r *support.Result) error {
	if r.Allowed() {
		k := r.Clause
		fmt.Fprintf(s.out, "allowed by %s, clause %s (%s)\n  approved by    %s\n  settled by     %s\n  to be settled  %d days after delivery\n",
			r.Agreement.ID, k.ID, k.Citation, strings.Join(k.Approvers, " or "), strings.Join(k.Settlements, " or "), k.Days)
		if r.Left != nil {
			fmt.Fprintf(s.out, "  quota          %d of %d %s left in the %s\n", *r.Left, k.Quota.Amount, c.Unit, k.Quota.Period)
		}
		if k.Price != nil {
			fmt.Fprintf(s.out, "  price          %d minor units of %s for one %s\n", k.Price.Minor, k.Price.Currency, c.Unit)
		}
		if k.Conditions != "" {
			fmt.Fprintf(s.out, "  conditions     %s\n", k.Conditions)
		}
		return nil
	}
	fmt.Fprintln(s.out, "no agreement covers this")
	if r.Clause != nil {
		fmt.Fprintf(s.out, "  nearest        %s, clause %s (%s)\n  fails on       %s\n", r.Agreement.ID, r.Clause.ID, r.Clause.Citation, strings.Join(r.Failed, ", "))
	}
	if r.Exclusion != nil {
		fmt.Fprintf(s.out, "  excluded by    %s (%s)\n", r.Exclusion.ID, r.Exclusion.Citation)
	}
	texts, err := web.Texts(c.Lang)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "  civil way      %s: %s\n", r.Civil, texts["support.civil."+r.Civil])
	return errNoClause
}

// moment reads a date, its beginning in UTC, or a time.
func moment(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("%q: want a date as 2026-03-01, or a time as 2026-03-01T04:30:00Z", s)
	}
	return t.UTC(), nil
}

type supportCategoriesCmd struct{}

// Run lists our words beside the published ones.
func (supportCategoriesCmd) Run(s streams) error {
	const name = "published-categories"
	b, _ := agreements.Text(name) // embedded; an empty text is refused
	p, err := support.ParsePublished(name+".toml", b)
	if err != nil {
		return err
	}
	for _, l := range []struct {
		title string
		list  []support.PublishedWord
	}{{"categories", p.Categories}, {"situations", p.Situations}, {"settlement", p.Settlements}} {
		fmt.Fprintf(s.out, "%s\n", l.title)
		for _, w := range l.list {
			text := w.Text
			if text == "" {
				text = "(not in the published list)"
			}
			fmt.Fprintf(s.out, "  %-24s %s\n", w.ID, text)
		}
	}
	fmt.Fprintf(s.out, "source: %s\nThe list is closed: an agreement with another category is refused.\n", p.Source)
	return nil
}
