// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/geo"
)

// A simulated ship is written as a receiver would give it, and read again.
func Example() {
	ship := ais.Message{
		Type: 1, MMSI: 416000001, Position: geo.Point{LatDeg: 25.5, LonDeg: 122.25}, SOG: 12.3, COG: 45.6,
		Has: ais.HasPosition | ais.HasSOG | ais.HasCOG,
	}
	payload, fill, err := ais.EncodePosition(nil, &ship)
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	datagram := nmea.Format(nil, nmea.Header{Channel: 'A', Tag: nmea.Tag{HasTime: true, Time: now}}, payload, fill)
	fmt.Printf("%s\n", bytes.TrimSpace(datagram))

	cfg := ais.DefaultGateConfig()
	cfg.Receiver, cfg.Horizon = geo.Point{LatDeg: 25.1, LonDeg: 121.7}, ais.DefaultHorizon
	decoder := ais.NewDecoder(cfg)
	for len(datagram) > 0 {
		var line []byte
		line, datagram = nmea.Next(datagram)
		var m ais.Message
		if complete, err := decoder.Decode(now, "udp", line, &m); err != nil {
			fmt.Println(err) // counted by the caller; the sender is kept
		} else if complete {
			fmt.Println(m.MMSI, m.Position, m.SOG, m.COG, m.Known(ais.HasHeading))
		}
	}
	// Output:
	// \c:1782907200*59\!AIVDM,1,1,,A,16<f`0OP1s8gWKP>Um`1j?wp0000,0*60
	// 416000001 {25.5 122.25} 12.3 45.6 false
}
