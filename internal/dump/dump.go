// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package dump turns recordings of any format that a feed may have into JSON
// lines, for scripts and people: one object a record, and one for whatever was
// refused, with the reason. The names of fields are those of the format's own
// document.
//
// It opens no file, keeps no picture and decides nothing about plausibility: it
// shows what is there.
package dump

import (
	"fmt"
	"io"
	"strings"
)

// Options are what the command line may ask of a format.
type Options struct {
	// Editions names the edition of an ASTERIX category to read by.
	Editions map[byte]string
}

// Decoder turns files of one format, one after the other, into lines.
type Decoder interface {
	// Decode reads r to its end and hands each record to out. What is refused
	// goes to out too; the error is of reading, writing, or of a file that is
	// not of the format at all.
	Decode(r io.Reader, out *Out) error
	// Stats returns the counts of all files so far, to be written as JSON.
	Stats() any
}

// Format is one format that can be dumped.
type Format struct {
	Name  string
	About string // half a sentence for the help
	New   func(Options) (Decoder, error)
}

// Formats returns all formats, in the order in which the help lists them.
func Formats() []Format {
	return []Format{
		{"asterix", "ASTERIX data blocks one after the other", newASTERIX},
		{"pcap", "ASTERIX in the UDP datagrams of a pcap or pcapng recording", newPcap},
		{"beast", "Mode S in the Beast binary stream", newModes(openBeast)},
		{"avr", "Mode S as lines of hexadecimal text", newModes(openAVR)},
		{"tsv", "Mode S as lines of milliseconds, tab, hexadecimal text", newModes(openTSV)},
		{"sbs", "decoded Mode S as BaseStation lines", newSBS},
		{"nmea", "AIS as NMEA 0183 sentences, with tag blocks or in the JSON of AIS-catcher", newNMEA},
		{"remoteid", "Remote ID: JSON or columns of a receiver, or MAVLink", newRemoteID},
		{"cot", "Cursor on Target: XML or TAK protobuf, in a stream", newCoT},
	}
}

// New returns a decoder of the format with the name.
func New(format string, o Options) (Decoder, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == format {
			return f.New(o)
		}
		names = append(names, f.Name)
	}
	return nil, fmt.Errorf("no format is called %q; there are %s", format, strings.Join(names, ", "))
}
