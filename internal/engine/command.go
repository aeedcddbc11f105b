// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import "slices"

// Reply answers a command. Code is "" when it was done, else one of the
// console's error codes.
type Reply struct {
	Code     string `json:"code,omitempty"`
	Incident uint32 `json:"incident,omitempty"`
	Entry    uint64 `json:"entry,omitempty"`

	Recall   uint64     `json:"recall,omitempty"`   // the number of a recall
	Named    int        `json:"named,omitempty"`    // how many things an act took back, discarded or let go on
	Distress []StopCase `json:"distress,omitempty"` // open distress cases that a stop concerns
	Request  uint64     `json:"request,omitempty"`  // of support
	Line     int        `json:"line,omitempty"`     // of a text that was refused
	Key      string     `json:"key,omitempty"`      // what is wrong there
	Activity uint32     `json:"activity,omitempty"` // number of an own-activity notice
	Message  uint64     `json:"message,omitempty"`
}

// The roles. Each session has one.
const (
	Viewer        = "viewer"        // reads
	Officer       = "officer"       // works incidents
	Supervisor    = "supervisor"    // stops and resumes release besides
	Administrator = "administrator" // manages people
	Auditor       = "auditor"       // reads journals and the audit log besides
)

// Roles lists the roles.
func Roles() []string { return []string{Viewer, Officer, Supervisor, Administrator, Auditor} }

// Verbs lists the verbs that a role may use.
func Verbs(role string) []string {
	officer := []string{
		"identify", "acknowledge", "acknowledge-alarm", "open", "merge", "split", "close", "reopen",
		"take", "propose", "accept", "reject", "notify", "standby", "counter", "cancel", "assume", "voice", "countersign",
		"posture", "log", "strike", "distress",
		"activity", "activity-amend", "activity-state", "activity-set-aside", "search-area", "search-state",
		"message", "message-read", "hotline", "hotline-acknowledge",
	}
	officer = append(officer, SupportVerbs()...)
	switch role {
	case Officer:
		return officer
	case Supervisor:
		return append(officer, "stop", "resume", "plan-declare", "plan-end",
			"stop-all", "stop-case", "recall", "lift-recall", "policy-propose", "policy-activate", "policy-withdraw")
	}
	return nil
}

// Allowed reports whether the role may use the verb.
func Allowed(role, verb string) bool { return slices.Contains(Verbs(role), verb) }
