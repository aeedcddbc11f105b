// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"errors"
	"fmt"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// Reasons of refusals: a closed list of codes, fit for a metric's label. See
// Reasons.
const (
	UnknownFeed = "unknown-feed" // the frame's source is not configured
	WrongFormat = "wrong-format" // the frame is not of its feed's format

	// Mode S.
	ModesLength         = "modes-length"
	ModesParity         = "modes-parity"
	ModesUnsupported    = "modes-unsupported" // downlink format without a civil address
	ModesAddress        = "modes-address"     // address that no aircraft can hold
	ModesUnknownAddress = "modes-unknown-address"
	ModesRange          = "modes-position-range" // position beyond the receiver's range
	ModesSpeed          = "modes-position-speed" // position too far from the last one
	ModesZero           = "modes-position-zero"  // sent by faulty equipment

	// AIS.
	NMEATooLong     = "nmea-too-long"
	NMEAStart       = "nmea-start"
	NMEATruncated   = "nmea-truncated"
	NMEAChecksum    = "nmea-checksum"
	NMEATrailing    = "nmea-trailing"
	NMEATalker      = "nmea-talker"
	NMEAFragment    = "nmea-fragment"
	NMEAField       = "nmea-field"
	NMEAPayload     = "nmea-payload"
	NMEATag         = "nmea-tag-block"
	AISArmour       = "ais-armour"
	AISFill         = "ais-fill"
	AISShort        = "ais-short"
	AISType         = "ais-type"
	AISUnsupported  = "ais-unsupported" // sound, but of a type that is not decoded
	AISMMSI         = "ais-mmsi"        // identity that no sender can have
	AISPosition     = "ais-position"    // position that no sender can have
	AISHorizon      = "ais-position-range"
	AISJump         = "ais-position-speed"
	ImplausibleTime = "time" // the sender's time is far from that of receipt

	// ASTERIX.
	AsterixBlock     = "asterix-block"    // a block's header or length
	AsterixRecord    = "asterix-record"   // a record's field specification or item
	AsterixCategory  = "asterix-category" // a category of which no plots are made
	AsterixNoSource  = "asterix-no-source"
	AsterixNoRange   = "asterix-no-position" // none that stands by itself, or beyond the item's range
	AsterixNoTarget  = "asterix-no-detection"
	AsterixTest      = "asterix-test-target" // test target or fixed transponder
	AsterixInhibited = "asterix-inhibited"   // the station forbids the use of its data

	AsterixSystemTrack = "asterix-system-track"   // a neighbour's estimate (CAT062, CAT011), no measurement
	AsterixService     = "asterix-service"        // sound, and about the station itself
	AsterixVehicle     = "asterix-vehicle"        // on an aerodrome: plots have no domain for it
	AsterixKind        = "asterix-kind"           // what measured it is not said, or is no kind of plot
	AsterixDoubtful    = "asterix-doubtful"       // the station itself doubts it
	AsterixPosition    = "asterix-position-range" // not on the globe, or beyond the receiver's range

	// Remote ID.
	RemoteIDLine    = "remoteid-line"    // not a receiver's line
	RemoteIDMessage = "remoteid-message" // a message that the standard does not allow
	RemoteIDRange   = "remoteid-position-range"

	// Cursor on Target.
	CoTSyntax    = "cot-syntax"
	CoTValue     = "cot-value"     // a value missing or out of bounds
	CoTForbidden = "cot-forbidden" // strike types are not read
	CoTLabel     = "cot-label"     // a plot could not keep the label that the event carries
	CoTStale     = "cot-stale"     // its sender no longer stood by it when it came

	// What other programs made of Mode S and AIS.
	SBSLine        = "sbs-line"            // not a line of 22 fields, or one with a field that cannot be
	ReadsbSyntax   = "readsb-syntax"       // not JSON of one aircraft
	ReadsbAddress  = "readsb-address"      // address that no aircraft can hold
	ReadsbValue    = "readsb-value"        // a value out of bounds
	CatcherSyntax  = "catcher-syntax"      // not JSON of one message
	CatcherNoNMEA  = "catcher-no-nmea"     // a message without the sentences that it was
	SignalKSyntax  = "signalk-syntax"      // not a delta
	SignalKContext = "signalk-context"     // of something without an MMSI
	SignalKValue   = "signalk-value"       // a value out of bounds
	ToldRange      = "told-position-range" // beyond the receiver's range
	ToldSpeed      = "told-position-speed" // too far from the last one
	ToldStale      = "told-stale"          // what the program held was old when it came
	ToldTooMany    = "told-too-many"       // more objects than are remembered

	// SimulatedOnLive refuses what is marked as simulated on a feed that is
	// not configured as an exercise.
	SimulatedOnLive = "simulated-on-live"
)

// Reasons returns the closed list of reasons.
func Reasons() []string {
	return []string{
		UnknownFeed, WrongFormat,
		ModesLength, ModesParity, ModesUnsupported, ModesAddress, ModesUnknownAddress,
		ModesRange, ModesSpeed, ModesZero,
		NMEATooLong, NMEAStart, NMEATruncated, NMEAChecksum, NMEATrailing, NMEATalker, NMEAFragment,
		NMEAField, NMEAPayload, NMEATag,
		AISArmour, AISFill, AISShort, AISType, AISUnsupported, AISMMSI, AISPosition, AISHorizon, AISJump,
		ImplausibleTime,
		AsterixBlock, AsterixRecord, AsterixCategory, AsterixNoSource, AsterixNoRange, AsterixNoTarget,
		AsterixTest, AsterixInhibited, AsterixSystemTrack, AsterixService, AsterixVehicle, AsterixKind,
		AsterixDoubtful, AsterixPosition,
		RemoteIDLine, RemoteIDMessage, RemoteIDRange,
		CoTSyntax, CoTValue, CoTForbidden, CoTLabel, CoTStale,
		SBSLine, ReadsbSyntax, ReadsbAddress, ReadsbValue, CatcherSyntax, CatcherNoNMEA, SignalKSyntax, SignalKContext, SignalKValue,
		ToldRange, ToldSpeed, ToldStale, ToldTooMany,
		SimulatedOnLive,
	}
}

// Refusal says what was refused and why. Its text holds no position.
type Refusal struct {
	Offset int64  // octets from the start of the frame
	Item   string // data item, such as "I048/140"; may be empty
	Reason string // one of Reasons
	Cause  error  // the format's own error; may be nil
	// More are the other refusals of the same frame.
	More []*Refusal
}

// Error returns offset, item, reason and cause.
func (r *Refusal) Error() string {
	s := fmt.Sprintf("decode octet %d of frame: %s", r.Offset, r.Reason)
	if r.Item != "" {
		s = fmt.Sprintf("decode octet %d of frame: %s: %s", r.Offset, r.Item, r.Reason)
	}
	if r.Cause != nil {
		s += ": " + r.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// All returns r and the other refusals of the same frame, in the order of the
// frame.
func (r *Refusal) All() []*Refusal { return append([]*Refusal{r}, r.More...) }

// maxRefusals bounds what one datagram can make us write down.
const maxRefusals = 64

// and returns r with one more refusal.
func (r *Refusal) and(next *Refusal) *Refusal {
	switch {
	case r == nil:
		return next
	case len(r.More) < maxRefusals-1:
		r.More = append(r.More, next)
	}
	return r
}

// modesReason names an error of modes.Decoder.
func modesReason(err error) string {
	switch err { //nolint:errorlint // the package returns its sentinels bare, and most frames of noise pass here
	case modes.ErrLength:
		return ModesLength
	case modes.ErrParity:
		return ModesParity
	case modes.ErrUnsupported:
		return ModesUnsupported
	case modes.ErrAddress:
		return ModesAddress
	}
	return ModesUnknownAddress
}

// modesRefusal names a refused position; "" for one that is only not there yet.
func modesRefusal(r modes.Refusal) string {
	switch r {
	case modes.RefusedZero:
		return ModesZero
	case modes.RefusedRange:
		return ModesRange
	case modes.RefusedSpeed:
		return ModesSpeed
	}
	return ""
}

// aisRefusal names an error of ais.Decoder.
func aisRefusal(err error) *Refusal {
	r := &Refusal{Cause: err}
	var line *nmea.Error
	var message *ais.Error
	switch {
	case errors.As(err, &line):
		r.Offset = int64(line.Offset)
		r.Reason = nmeaReason(line.Reason)
	case errors.As(err, &message):
		r.Reason = aisReason(message.Reason)
	case errors.Is(err, ais.ErrUnsupported):
		r.Reason = AISUnsupported
	case errors.Is(err, ais.ErrMMSI):
		r.Reason = AISMMSI
	case errors.Is(err, ais.ErrHorizon):
		r.Reason = AISHorizon
	case errors.Is(err, ais.ErrJump):
		r.Reason = AISJump
	default:
		r.Reason = AISPosition
	}
	return r
}

func nmeaReason(reason nmea.Reason) string {
	switch reason {
	case nmea.ReasonTooLong, nmea.ReasonPayloadSize:
		return NMEATooLong
	case nmea.ReasonStart:
		return NMEAStart
	case nmea.ReasonTruncated:
		return NMEATruncated
	case nmea.ReasonNoChecksum, nmea.ReasonChecksum:
		return NMEAChecksum
	case nmea.ReasonTrailing:
		return NMEATrailing
	case nmea.ReasonTalker:
		return NMEATalker
	case nmea.ReasonFragment:
		return NMEAFragment
	case nmea.ReasonPayload, nmea.ReasonEmpty:
		return NMEAPayload
	case nmea.ReasonTagEnd, nmea.ReasonTagChecksum, nmea.ReasonTagTime, nmea.ReasonTagGroup:
		return NMEATag
	}
	return NMEAField // sequence number, channel, fill bits
}

func aisReason(reason ais.Reason) string {
	switch reason {
	case ais.ReasonArmour:
		return AISArmour
	case ais.ReasonFill:
		return AISFill
	case ais.ReasonShort:
		return AISShort
	}
	return AISType
}
