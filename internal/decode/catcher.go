// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"bytes"
	"errors"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/catcher"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// maxReports is how many messages of one frame are taken; a feed puts one in
// each.
const maxReports = 16

// catcher decodes the sentences of a message anew: the numbers beside them are
// rounded. The station's time counts as that of a tag block.
func (d *Decoder) catcher(s *source, f *frame.Frame, dst []plot.Plot) ([]plot.Plot, *Refusal) {
	var refused *Refusal
	n, first := 0, len(dst)
	r := &d.caught
	err := catcher.Parse(f.Data, r, func(err error) {
		n++
		switch {
		case n > maxReports:
		case err != nil:
			refused = refused.and(catcherRefusal(err))
		default:
			var bad *Refusal
			dst, bad = d.sentences(s, f, r, dst)
			if bad != nil {
				refused = refused.and(bad)
			}
		}
	})
	if err != nil {
		refused = refused.and(catcherRefusal(err))
	}
	if n > maxReports {
		refused = refused.and(&Refusal{Reason: CatcherSyntax})
	}
	for i := first; i < len(dst); i++ {
		dst[i].Index = i - first
	}
	return dst, refused
}

// sentences decodes the sentences of one report.
func (d *Decoder) sentences(s *source, f *frame.Frame, r *catcher.Report, dst []plot.Plot) ([]plot.Plot, *Refusal) {
	m := &d.vessel
	for _, text := range r.Sentences {
		received := f.Received
		if r.HasReceived && !lateOrAhead(received.Sub(r.Received)) {
			received = r.Received // by which the gate measures
		}
		complete, err := s.ais.Decode(received, f.Source, text, m)
		if complete && err == nil && r.HasReceived && !m.Known(ais.HasSent) {
			m.Sent, m.Station = r.Received, d.text.text(r.Station)
			m.Has |= ais.HasSent
		}
		var bad *Refusal
		if dst, bad = d.vesselPlot(s, f, complete, err, dst); bad != nil {
			if at := bytes.Index(f.Data, text); at >= 0 {
				bad.Offset += int64(at)
			} else {
				bad.Offset = 0 // the text is written with escapes
			}
			return dst, bad
		}
	}
	return dst, nil
}

func catcherRefusal(err error) *Refusal {
	if errors.Is(err, catcher.ErrNoNMEA) {
		return &Refusal{Reason: CatcherNoNMEA, Cause: err}
	}
	return &Refusal{Reason: CatcherSyntax, Cause: err}
}
