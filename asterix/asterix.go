// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package asterix splits and builds ASTERIX data blocks (EUROCONTROL-SPEC-0149
// part 1) and holds what every category shares: sources, errors and the time of
// day. The categories are the packages below it, asterix/catNNN, generated from
// the tables in asterix/spec.
//
// It does not open sockets, choose editions, keep state between datagrams or
// decide whether a report is plausible.
package asterix

import (
	"fmt"
	"iter"
	"slices"
)

// headerLen is the length of CAT and LEN (part 1, 4.3).
const headerLen = 3

// MaxBlockLen is the largest value of LEN, header included, in octets.
const MaxBlockLen = 0xffff

// Block is one data block: records of one category.
type Block struct {
	Category byte
	Offset   int    // of the header in the datagram
	Data     []byte // the records, without the header; aliases the datagram
}

// Source is the data source identifier, item 010 of nearly every category.
type Source struct {
	SAC byte // system area code
	SIC byte // system identification code
}

// String returns the usual "SAC/SIC" in decimal.
func (s Source) String() string { return fmt.Sprintf("%d/%d", s.SAC, s.SIC) }

// Error says what was refused, where and why. Offset counts octets from the
// start of the slice that was handed in.
type Error struct {
	Category byte
	Offset   int
	Item     string // item, or item/subfield; empty for the block or the FSPEC
	Reason   Reason
	Detail   string // the reason with its numbers; empty where Reason says all
	Source   Source // who sent it, when SourceKnown
	// SourceKnown is set when the sender could still be read.
	SourceKnown bool
}

// Error implements error.
func (e *Error) Error() string {
	s := fmt.Sprintf("asterix cat %03d at octet %d", e.Category, e.Offset)
	if e.Item != "" {
		s += ", item " + e.Item
	}
	if e.SourceKnown {
		s += ", source " + e.Source.String()
	}
	return s + ": " + e.Text()
}

// Text returns the detail, or the reason where there is none.
func (e *Error) Text() string {
	if e.Detail != "" {
		return e.Detail
	}
	return string(e.Reason)
}

// Blocks walks the data blocks of a datagram or a file of concatenated blocks.
// LEN alone leads to the next block, so a bad record never spoils its
// neighbours; no block reaches past its own LEN. What cannot be a block is
// yielded as an *Error, with the octets that are left in Block.Data; after a
// LEN that cannot be followed the walk ends.
func Blocks(datagram []byte) iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		for at := 0; at < len(datagram); {
			b, n, err := next(datagram, at)
			if err != nil {
				if !yield(b, err) || n == 0 {
					return
				}
			} else if !yield(b, nil) {
				return
			}
			at += n
		}
	}
}

// next reads the block at an offset; n is 0 when the walk cannot go on.
func next(d []byte, at int) (b Block, n int, err error) {
	left := len(d) - at
	if left < headerLen {
		b = Block{Offset: at, Data: slices.Clip(d[at:])}
		return b, 0, &Error{Offset: at, Reason: ReasonTrailing, Detail: fmt.Sprintf("%d trailing octets are no block", left)}
	}
	length := int(d[at+1])<<8 | int(d[at+2])
	b = Block{Category: d[at], Offset: at}
	switch {
	case length < headerLen:
		b.Data = slices.Clip(d[at+headerLen:])
		return b, 0, refuse(b, ReasonShortLength, fmt.Sprintf("LEN %d is shorter than the header", length))
	case length > left:
		b.Data = slices.Clip(d[at+headerLen:])
		return b, 0, refuse(b, ReasonLongLength, fmt.Sprintf("LEN %d exceeds the %d octets left", length, left))
	case length == headerLen:
		return b, length, refuse(b, ReasonEmptyBlock, "")
	}
	b.Data = d[at+headerLen : at+length : at+length]
	return b, length, nil
}

func refuse(b Block, reason Reason, detail string) *Error {
	e := &Error{Category: b.Category, Offset: b.Offset, Reason: reason, Detail: detail}
	e.Source, e.SourceKnown = PeekSource(b.Data)
	return e
}

// PeekSource reads the source from the start of a record whose item 010 has
// field reference number 1, as in every category but 247's early editions,
// without decoding the rest.
func PeekSource(record []byte) (Source, bool) {
	if len(record) == 0 || record[0]&0x80 == 0 {
		return Source{}, false
	}
	n := 1
	for n < len(record) && record[n-1]&1 != 0 {
		n++
	}
	if record[n-1]&1 != 0 || len(record) < n+2 {
		return Source{}, false
	}
	return Source{SAC: record[n], SIC: record[n+1]}, true
}

// AppendBlock appends a block of the category with the encoded records to dst.
// It refuses a block without records or longer than MaxBlockLen.
func AppendBlock(dst []byte, category byte, records ...[]byte) ([]byte, error) {
	n := headerLen
	for _, r := range records {
		n += len(r)
	}
	if n == headerLen || n > MaxBlockLen {
		return dst, &Error{Category: category, Reason: ReasonLongBlock, Detail: fmt.Sprintf("a block of %d octets cannot be written", n)}
	}
	dst = append(dst, category, byte(n>>8), byte(n))
	for _, r := range records {
		dst = append(dst, r...)
	}
	return dst, nil
}

// Decoder is a record of a category; Decode returns how many octets it used.
type Decoder interface {
	Decode(b []byte) (n int, err error)
}

// Records decodes the records of a block one after the other into rec, which
// holds the record of the current turn, and yields each record's offset in the
// datagram. After a refused record, whose *Error counts from the start of the
// datagram, the rest of the block cannot be found and is given up; rec then
// holds the items before the refused one.
func Records(b Block, rec Decoder) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		base := b.Offset + headerLen
		for at := 0; at < len(b.Data); {
			n, err := rec.Decode(b.Data[at:])
			if err != nil {
				yield(base+at, moved(err, base+at))
				return
			}
			if n <= 0 || !yield(base+at, nil) {
				return
			}
			at += n
		}
	}
}

// moved returns err with its offset counted from further left.
func moved(err error, by int) error {
	e, ok := err.(*Error) //nolint:errorlint // decoders return it bare
	if !ok {
		return err
	}
	m := *e
	m.Offset += by
	return &m
}
