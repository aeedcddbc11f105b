// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"io"
	"testing"
)

// script is a stream on which frames come, and then its end.
type script []Frame

func (s *script) Send(*message) error { return nil }

func (s *script) Receive() (*message, error) {
	if len(*s) == 0 {
		return nil, io.EOF
	}
	f := (*s)[0]
	*s = (*s)[1:]
	return &message{in: f, read: true}, nil
}

// TestStopOutlivesTheSession ends a session by silence while the partner, who
// found a problem of the journal, says so: the link must stop, as the partner's
// did.
func TestStopOutlivesTheSession(t *testing.T) {
	for name, tt := range map[string]struct {
		frames script
		want   Problem // "" for none
	}{
		"a stop for the journal":          {script{{Ping: &Ping{}}, {Stop: &Stop{Reason: StopJournal}}}, ProblemPartner},
		"a stop for another session":      {script{{Stop: &Stop{Reason: StopBusy}}}, ""},
		"frames that are the next one's":  {script{{Ping: &Ping{}}, {Records: &Records{}}}, ""},
		"nothing more":                    {nil, ""},
		"a stop for the journal, and two": {script{{Stop: &Stop{Reason: StopBusy}}, {Stop: &Stop{Reason: StopJournal}}}, ProblemPartner},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			over, cancel := context.WithCancel(t.Context())
			cancel()
			s := &session{link: &Link{}, stream: &tt.frames, left: make(chan struct{})}
			_ = s.noteHalt(s.read(over))
			var h *haltError
			err := s.ended(errDead)
			if got := errors.As(err, &h); got != (tt.want != "") || got && h.problem != tt.want || !got && !errors.Is(err, errDead) {
				t.Errorf("the session ended with %v, want problem %q", err, tt.want)
			}
		})
	}
}

// TestHaltOutlivesTheSession finds a problem while another goroutine has ended
// the session already: the partner was told, and stopped.
func TestHaltOutlivesTheSession(t *testing.T) {
	s := &session{}
	first, second := &haltError{problem: ProblemLogBehind, reason: StopJournal}, &haltError{problem: ProblemPartner}
	if err := s.noteHalt(errDead); !errors.Is(err, errDead) || !errors.Is(s.ended(errDead), errDead) {
		t.Errorf("silence alone gave %v", s.ended(errDead))
	}
	_, _ = s.noteHalt(first), s.noteHalt(second)
	if got := s.ended(errDead); !errors.Is(got, first) {
		t.Errorf("the session ended with %v, want %v", got, first)
	}
}
