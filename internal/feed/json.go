// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"bytes"
	"context"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais/catcher"
	"github.com/kuroshio-watch/kuroshio/ais/signalk"
	"github.com/kuroshio-watch/kuroshio/modes/readsb"
)

const (
	maxDocument = maxAnswer // octets of a document that is asked for or read from a file
	maxObject   = 1 << 20   // of an object on a stream
)

// objects cuts a stream of JSON.
func (f *Feed) objects(ctx context.Context, s *sender) cutter {
	o := Objects{Max: maxObject}
	if f.transport == HTTP || f.transport == File {
		o.Max = maxDocument
	}
	refuse := func(at int64, why string) { f.refuse(s.base+at, why) }
	return cutter{
		push: func(p []byte) error {
			return more(o.Push(p, func(at int64, object []byte) bool { return f.object(ctx, s, s.base+at, object) }, refuse))
		},
		end: func() error {
			o.End(refuse)
			return nil
		},
	}
}

// object sends on what one object holds: a document of many records is cut into
// them. It reports false when ctx ended.
func (f *Feed) object(ctx context.Context, s *sender, at int64, object []byte) bool {
	record := func(offset int, b []byte) bool { return f.record(ctx, s, at+int64(offset), b) }
	var err error
	ok := true
	switch {
	case f.content == ContentReadsb && bytes.Contains(object, []byte(`"aircraft"`)):
		ok, err = s.aircraft.Cut(object, record)
	case f.content == ContentCatcher && bytes.Contains(object, []byte(`"msgs"`)):
		ok, err = catcher.Cut(object, record)
	case f.content == ContentSignalK && !bytes.Contains(object, []byte(`"updates"`)): // the server's greeting
		f.ignore()
	default:
		return record(0, object)
	}
	if err != nil {
		f.refuse(at, ReasonJSON)
	}
	return ok
}

// record sends on one record.
func (f *Feed) record(ctx context.Context, s *sender, at int64, b []byte) bool {
	if len(b) > longestRecord(f.content) {
		f.refuse(at, ReasonJSONLong)
		return true
	}
	received := s.now()
	if f.cfg.Marks && f.transport != PCAP {
		t, known := told(f.content, b)
		if !known {
			f.refuse(at, ReasonNoTime)
			return true
		}
		received = t
	}
	return f.emit(ctx, at, received, b)
}

// longestRecord is how long a record may be, as its package takes it.
func longestRecord(c Content) int {
	switch c {
	case ContentReadsb:
		return readsb.MaxAircraft
	case ContentCatcher:
		return catcher.MaxMessage
	}
	return signalk.MaxDelta
}

// told returns the time that a record itself tells.
func told(c Content, b []byte) (t time.Time, ok bool) {
	switch c {
	case ContentReadsb:
		return readsb.Now(b)
	case ContentCatcher:
		var r catcher.Report
		_ = catcher.Parse(b, &r, func(err error) { // what is wrong with it, the decoder says
			if err == nil && r.HasReceived {
				t, ok = r.Received, true
			}
		})
	case ContentSignalK:
		var u signalk.Update
		_ = signalk.Parse(b, &u, func(err error) {
			if err == nil && u.Time.After(t) {
				t, ok = u.Time, true
			}
		})
	}
	return t, ok
}
