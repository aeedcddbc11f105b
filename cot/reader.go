// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cot

import (
	"bytes"
	"fmt"
)

// Reader reads events one after the other. Its zero value is ready. An event is
// good until the Reader reads the next, and as long as the octets are from which
// it was read: its texts lie there, or in memory of the Reader, of which it keeps
// no more than a few times MaxEvent. It allocates for errors, for names that are
// not of ASCII, and for times and numbers of more than 32 octets.
type Reader struct {
	e      Event
	x      xmlText
	text   []byte // values that can't be taken as they are written
	detail []byte // what the event has no field for
}

// begin makes ready for another event.
func (r *Reader) begin() {
	r.e, r.text, r.detail = Event{}, r.text[:0], r.detail[:0]
}

// Datagram reads one datagram: an XML document, or a protobuf message in mesh
// framing (magic, version 1, magic). It returns nil without an error for a
// control message.
func (r *Reader) Datagram(b []byte) (*Event, error) {
	if len(b) >= 3 && b[0] == magic {
		if b[1] != 1 || b[2] != magic {
			return nil, fmt.Errorf("%w: version %d of the mesh framing", ErrSyntax, b[1])
		}
		return r.Proto(b[3:])
	}
	return r.XML(bytes.TrimSpace(b))
}

// XML reads one event in XML. It refuses document types and whatever Validate
// refuses.
func (r *Reader) XML(b []byte) (*Event, error) {
	if len(b) > MaxEvent {
		return nil, ErrTooLong
	}
	r.begin()
	r.x = xmlText{b: b}
	if err := r.document(); err != nil {
		return nil, err
	}
	if err := r.e.Validate(); err != nil {
		return nil, err
	}
	return &r.e, nil
}

// ParseDatagram reads one datagram as a Reader of its own does.
func ParseDatagram(b []byte) (*Event, error) { return new(Reader).Datagram(b) }

// ParseXML reads one event in XML as a Reader of its own does.
func ParseXML(b []byte) (*Event, error) { return new(Reader).XML(b) }

// ParseProto reads one TakMessage as a Reader of its own does.
func ParseProto(b []byte) (*Event, error) { return new(Reader).Proto(b) }
