// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes

const (
	shortBytes = 7
	longBytes  = 14
)

// Parse decodes one downlink frame of 7 or 14 bytes and checks its parity. It
// does not know which addresses are real: frames with AddressFromParity set
// need a Decoder. The error is one of ErrLength, ErrParity, ErrUnsupported and
// ErrAddress.
func Parse(msg []byte) (Frame, error) {
	var f Frame
	if err := parse(msg, &f); err != nil {
		return Frame{}, err
	}
	return f, nil
}

func parse(msg []byte, f *Frame) error {
	*f = Frame{}
	if len(msg) != shortBytes && len(msg) != longBytes {
		return ErrLength
	}
	f.DF = msg[0] >> 3
	want := shortBytes
	if f.DF >= 16 {
		want = longBytes
	}
	if len(msg) != want {
		return ErrLength
	}
	switch f.DF {
	case 0, 16:
		parseAirAir(msg, f)
	case 4, 20, 5, 21:
		parseSurveillance(msg, f)
	case 11:
		return parseAllCall(msg, f)
	case 17:
		return parseADSB(msg, f)
	case 18:
		return parseNonTransponder(msg, f)
	default:
		return ErrUnsupported
	}
	if !f.ICAO.valid() {
		return ErrAddress
	}
	return nil
}

// parseAirAir reads DF0 and DF16 (Annex 10 volume IV, 4.3.8.4.2).
func parseAirAir(msg []byte, f *Frame) {
	f.ICAO, f.AddressFromParity = ICAO(residual(msg)), true
	f.OnGround = msg[0]&4 != 0 // VS
	f.set(FieldGround)
	f.altitude13(msg)
}

// parseSurveillance reads DF4, 5, 20 and 21 (Annex 10 volume IV, 3.1.2.6.5-8).
func parseSurveillance(msg []byte, f *Frame) {
	f.ICAO, f.AddressFromParity = ICAO(residual(msg)), true
	fs := msg[0] & 7
	if fs <= 3 {
		f.OnGround = fs&1 != 0
		f.set(FieldGround)
	}
	if fs <= 5 {
		f.Alert = fs >= 2 && fs <= 4
		f.Ident = fs >= 4
		f.set(FieldAlert | FieldIdent)
	}
	if f.DF == 4 || f.DF == 20 {
		f.altitude13(msg)
	} else {
		f.Squawk = identity13(uint32(msg[2])<<8&0x1F00 | uint32(msg[3]))
		f.set(FieldSquawk)
	}
	if f.DF >= 20 && msg[4] == 0x20 && f.callsign(msg[4:11]) { // BDS 2,0
		f.set(FieldCommBCall)
	}
}

func (f *Frame) altitude13(msg []byte) {
	ft, ok := altitude13(uint32(msg[2])<<8&0x1F00 | uint32(msg[3]))
	if ok {
		f.Altitude, f.AltitudeKind = ft, HeightBaro
		f.set(FieldAltitude)
	}
}

// parseAllCall reads DF11 (Annex 10 volume IV, 3.1.2.5.2.2): the interrogator
// is overlaid on the low seven parity bits.
func parseAllCall(msg []byte, f *Frame) error {
	r := residual(msg)
	if r&^0x7F != 0 {
		return ErrParity
	}
	f.IID = uint8(r)
	f.ICAO = ICAO(be24(msg[1:]))
	if !f.ICAO.valid() {
		return ErrAddress
	}
	f.capability(msg[0] & 7)
	return nil
}

func (f *Frame) capability(ca uint8) {
	f.CA = ca
	if ca == 4 || ca == 5 { // Annex 10 volume IV, 3.1.2.5.2.2.1
		f.OnGround = ca == 4
		f.set(FieldGround)
	}
}

func parseADSB(msg []byte, f *Frame) error {
	if residual(msg) != 0 {
		return ErrParity
	}
	f.ICAO = ICAO(be24(msg[1:]))
	if !f.ICAO.valid() {
		return ErrAddress
	}
	f.Source = SourceADSB
	f.capability(msg[0] & 7)
	f.parseME(msg[4:11])
	return nil
}

// parseNonTransponder reads DF18 by its control field (DO-260B 2.2.3.2.1.2).
func parseNonTransponder(msg []byte, f *Frame) error {
	if residual(msg) != 0 {
		return ErrParity
	}
	f.CF = msg[0] & 7
	f.ICAO = ICAO(be24(msg[1:]))
	me := msg[4:11]
	switch f.CF {
	case 0:
		f.Source = SourceADSBNonTransp
	case 1:
		f.Source, f.NonICAO = SourceADSBNonTransp, true
	case 2:
		f.Source = SourceTISB
	case 3: // coarse TIS-B has its own layout without a type code
		f.Source, f.NonICAO = SourceTISB, me[0]&0x80 != 0
		if !f.ICAO.valid() {
			return ErrAddress
		}
		return nil
	case 5:
		f.Source, f.NonICAO = SourceTISB, true
	case 6:
		f.Source = SourceADSR
	default:
		return ErrUnsupported
	}
	if !f.ICAO.valid() {
		return ErrAddress
	}
	f.parseME(me)
	if f.CF == 2 || f.CF == 6 {
		f.NonICAO = imf(f.TC, me)
	}
	return nil
}

// imf returns the ICAO/Mode A flag, whose place depends on the type code
// (DO-260B 2.2.17.3 and 2.2.18.4): set, the address is not an ICAO address.
func imf(tc uint8, me []byte) bool {
	switch {
	case tc >= 5 && tc <= 8:
		return bits(me, 21, 1) != 0
	case tc >= 9 && tc <= 18, tc >= 20 && tc <= 22:
		return bits(me, 8, 1) != 0
	case tc == 19:
		return bits(me, 9, 1) != 0
	case tc == 28, tc == 31:
		return bits(me, 56, 1) != 0
	case tc == 29:
		return bits(me, 51, 1) != 0
	}
	return false
}

// bits returns n bits of the 56-bit me, from the bit numbered first, counting
// from 1 as the standards do.
func bits(me []byte, first, n uint) uint32 {
	v := uint64(me[0])<<48 | uint64(me[1])<<40 | uint64(me[2])<<32 | uint64(me[3])<<24 |
		uint64(me[4])<<16 | uint64(me[5])<<8 | uint64(me[6])
	return uint32(v >> (57 - first - n) & (1<<n - 1))
}
