// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix_test

import (
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
)

func Example() {
	sent := cat048.Record{
		Has:  cat048.Item010 | cat048.Item140 | cat048.Item040,
		I010: cat048.I010{SAC: 250, SIC: 7},
		I140: 86399 * 128, // 1/128 s
		I040: cat048.I040{RHO: 40 * 256, THETA: 0x4000},
	}
	record, err := sent.Append(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	datagram, err := asterix.AppendBlock(nil, cat048.Category, record)
	if err != nil {
		fmt.Println(err)
		return
	}

	received := time.Date(2026, 3, 1, 0, 0, 1, 0, time.UTC)
	var r cat048.Record
	for b, err := range asterix.Blocks(datagram) {
		if err != nil || b.Category != cat048.Category {
			continue // count it: a bad block spoils no other
		}
		for _, err := range asterix.Records(b, &r) {
			if err != nil {
				fmt.Println(err)
				continue
			}
			source, _ := r.Source()
			seconds, _ := r.TimeOfDaySeconds()
			rho, ok := r.RhoNM()
			theta, _ := r.ThetaDeg()
			_, hasCallsign := r.Callsign()
			fmt.Println(source, asterix.TimeOfDay(received, seconds).Format(time.RFC3339))
			fmt.Println(rho, "NM", theta, "deg", ok, hasCallsign)
		}
	}
	// Output:
	// 250/7 2026-02-28T23:59:59Z
	// 40 NM 90 deg true false
}
