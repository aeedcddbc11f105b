// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/release"
)

// An own-activity notice and a search area leave as the officer wrote them or
// not at all: a rule that would make them coarser is a mistake.
func TestWrittenStatementsHaveNoCoarseRule(t *testing.T) {
	head, _, _ := strings.Cut(goodFile, "[[rule]]")
	rule := func(kinds, then string) error {
		text := head + fmt.Sprintf("[[rule]]\nid = \"own\"\neffect = \"allow\"\nto = [\"jp\"]\nkinds = [%s]\n[rule.then]\ndelay = \"0s\"\n%s\n", kinds, then)
		_, err := release.Parse("p.toml", []byte(text), knownZone)
		return err
	}
	for _, kind := range []string{`"activity"`, `"search-area"`, `"posture", "search-area"`} {
		if err := rule(kind, `slot = "60s"`); err != nil {
			t.Errorf("%s in slots: %v", kind, err)
		}
		for _, then := range []string{
			`grid = "5km"`, `height_band = "1000ft"`, `time_bin = "60s"`, `rate = "1h"`, `area = ["gap_c"]`, "fields = [\"count\"]\ncount_only = true",
		} {
			if err := rule(kind, then); !errors.Is(err, release.ErrPolicy) || !strings.Contains(err.Error(), "as the officer wrote it") || !strings.Contains(err.Error(), `p.toml:13: rule "own"`) {
				t.Errorf("%s with %s = %v, want it refused at the line of the kinds", kind, then, err)
			}
		}
	}
}
