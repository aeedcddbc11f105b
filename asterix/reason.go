// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix

import "slices"

// Reason says why octets or a record were refused. There is a closed list of
// them (Reasons), fit for counting; numbers stand in Error.Detail.
type Reason string

// Reasons why a block is refused (part 1, 4.2).
const (
	ReasonTrailing    Reason = "trailing octets"           // fewer octets left than CAT and LEN take
	ReasonShortLength Reason = "LEN shorter than a header" // below 3
	ReasonLongLength  Reason = "LEN exceeds the octets left"
	ReasonEmptyBlock  Reason = "block without a record"
	ReasonCategory    Reason = "category without a table" // only where a program reads by tables
)

// Reasons why a record is refused (part 1, 4.3). Error.Item names the item.
const (
	ReasonFSPEC        Reason = "FSPEC does not end within the record or the UAP"
	ReasonEmptyRecord  Reason = "record without an item"
	ReasonUnusedItem   Reason = "field reference number is not in use"
	ReasonUnusedSub    Reason = "subfield is not in use"
	ReasonSubfields    Reason = "primary subfield does not end within the record or the definition"
	ReasonExtents      Reason = "extents do not end within the record"
	ReasonCut          Reason = "item exceeds the octets left"
	ReasonZeroLength   Reason = "length 0 does not count itself"
	ReasonDisagreement Reason = "record cannot be decoded" // walk and decoder disagree: a bug here
)

// Reasons why a record or block cannot be written.
const (
	ReasonLongBlock Reason = "block cannot be written" // empty, or longer than LEN can say
	ReasonUAP       Reason = "no item or one that the UAP does not have"
	ReasonNoFit     Reason = "value does not fit"
)

var reasons = []Reason{
	ReasonTrailing, ReasonShortLength, ReasonLongLength, ReasonEmptyBlock, ReasonCategory,
	ReasonFSPEC, ReasonEmptyRecord, ReasonUnusedItem, ReasonUnusedSub, ReasonSubfields, ReasonExtents, ReasonCut, ReasonZeroLength,
	ReasonDisagreement,
	ReasonLongBlock, ReasonUAP, ReasonNoFit,
}

// Reasons returns the closed list of reasons.
func Reasons() []Reason { return slices.Clone(reasons) }
