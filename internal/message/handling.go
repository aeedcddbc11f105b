// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package message

import "time"

// Handling is what a word of precedence asks of both watch floors.
type Handling struct {
	Word     string `json:"word"`
	Domain   string `json:"domain"`   // "air", "sea"; "" for both
	Priority int    `json:"priority"` // of its alarms, 1 to 3
	// AlarmAfter is how long a message may stay unread at the reader's before
	// it alarms; 0 alarms at once.
	AlarmAfter time.Duration `json:"alarm_after"`
	// Repeat is how often the reader's alarm sounds again, acknowledged or not,
	// until somebody has read the message; 0 never.
	Repeat time.Duration `json:"repeat"`
	// UnreadAfter is how long the sender waits for a reader before it is
	// alarmed.
	UnreadAfter time.Duration `json:"unread_after"`
}

// Handlings returns how each precedence is handled, the least urgent first.
//
// The sender's times at air are the handling times of military messages (US
// Army signal course SS0656 after ACP 121: flash as fast as humanly possible
// and within ten minutes, immediate thirty minutes, priority three hours,
// routine six hours). At sea the order is that of the ITU Radio Regulations,
// article 53; a distress call without acknowledgement is repeated after 3.5 to
// 4.5 minutes (ITU-R M.541, annex 1), so its sender is alarmed after four. The
// other values are ours: an alarm that repeats must leave time to act (ISA-18.2).
func Handlings() []Handling {
	const minute, hour = time.Minute, time.Hour
	return []Handling{
		{Word: "routine", Priority: 3, AlarmAfter: 6 * hour, UnreadAfter: 6 * hour},
		{Word: "priority", Domain: "air", Priority: 3, AlarmAfter: 15 * minute, Repeat: 30 * minute, UnreadAfter: 3 * hour},
		{Word: "safety", Domain: "sea", Priority: 2, AlarmAfter: 5 * minute, Repeat: 15 * minute, UnreadAfter: 30 * minute},
		{Word: "immediate", Domain: "air", Priority: 2, Repeat: 5 * minute, UnreadAfter: 30 * minute},
		{Word: "urgency", Domain: "sea", Priority: 1, Repeat: 3 * minute, UnreadAfter: 10 * minute},
		{Word: "flash", Domain: "air", Priority: 1, Repeat: minute, UnreadAfter: 10 * minute},
		{Word: "distress", Domain: "sea", Priority: 1, Repeat: minute, UnreadAfter: 4 * minute},
	}
}

// handling returns how a message is handled. No duff is handled as distress
// is, whatever its precedence.
func handling(m *Message) Handling {
	word := m.Precedence
	if m.NoDuff {
		word = "distress"
	}
	var h Handling
	for _, h = range Handlings() {
		if h.Word == word {
			break
		}
	}
	return h // the codec knows no other words
}
