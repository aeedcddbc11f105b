// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

// agree notes what the partner speaks and returns the version that this session
// has. ok is false when there is none: a person is told, with the versions of
// both sides in the status. Both Hellos pass inside TLS with pinned keys, so that
// nobody between can make the two agree on an older version than they would.
func (l *Link) agree(h *Hello) (version uint16, ok bool) {
	theirs := h.versions()
	version, ok = l.cfg.Versions.common(theirs)
	l.update(func(st *Status) {
		st.Partner = theirs
		if ok {
			st.Version = version
		}
	})
	if !ok {
		l.refuse(RefusedVersion)
		l.problem(ProblemProtocol)
	}
	return version, ok
}

// refuseVersion is the answer to a Hello that agree refused.
func (l *Link) refuseVersion() *Frame {
	v := l.cfg.Versions
	return &Frame{Stop: &Stop{Reason: StopProtocol, Lowest: v.Lowest, Highest: v.Highest}}
}

// refusedVersion takes the partner's answer to a Hello of ours.
func (l *Link) refusedVersion(s *Stop) {
	if s.Highest != 0 {
		l.update(func(st *Status) { st.Partner = Versions{s.Lowest, s.Highest} })
	}
	l.problem(ProblemProtocol)
}
