// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
)

// View is the picture that people see: a copy, safe to hand to any goroutine.
// It is the console's JSON. Lists are sorted; absent values are left out.
type View struct {
	Seq           uint64         `json:"seq"` // the last input's number
	Now           time.Time      `json:"now"`
	Party         party.ID       `json:"party"`
	Exercise      bool           `json:"exercise"` // any object or feed is an exercise
	PolicyVersion string         `json:"policy_version"`
	ZoneVersion   string         `json:"zone_version"`
	Policy        PolicyView     `json:"policy"`
	Tracks        []TrackView    `json:"tracks"`
	PartnerTracks []PartnerView  `json:"partner_tracks"`
	Incidents     []IncidentView `json:"incidents"` // newest first
	Alarms        []AlarmView    `json:"alarms"`    // system alarms: feed, link, store
	Counts        AlarmCounts    `json:"counts"`
	Links         []LinkView     `json:"links"`
	Feeds         []FeedView     `json:"feeds"`
	OutOfService  []OutOfService `json:"out_of_service"`
	Log           []LogView      `json:"log"`   // watch log, newest last, at most the last 500
	Plans         []PlanView     `json:"plans"` // the joint plan with each partner
	Activity      ActivityView   `json:"activity"`
	StoreProblem  string         `json:"store_problem,omitempty"`
	RadarsLeftOut int            `json:"radars_left_out,omitempty"` // beyond the 16 that are registered

	Recalls   []RecallView  `json:"recalls"`    // ours, newest first
	Holdings  []HoldingView `json:"holdings"`   // by partner
	StopCases []StopCase    `json:"stop_cases"` // open distress cases of stopped links
	Support   SupportView   `json:"support"`
	Messages  MessagesView  `json:"messages"`
}

// TrackView is one own track.
type TrackView struct {
	N         uint32       `json:"n"`
	Domain    string       `json:"domain"`
	State     string       `json:"state"` // "tentative", "confirmed", "coasting", "lost"
	Pos       geo.Point    `json:"pos"`
	SigmaM    float64      `json:"sigma_m"`
	Ellipse   *EllipseView `json:"ellipse,omitempty"` // of the error of pos
	HeightFt  *float64     `json:"height_ft,omitempty"`
	SpeedKt   *float64     `json:"speed_kt,omitempty"`
	CourseDeg *float64     `json:"course_deg,omitempty"`
	Address   string       `json:"address,omitempty"` // six hexadecimal digits
	ModeA     string       `json:"mode_a,omitempty"`  // four octal digits
	Callsign  string       `json:"callsign,omitempty"`
	MMSI      string       `json:"mmsi,omitempty"`
	Name      string       `json:"name,omitempty"`
	Former    []FormerView `json:"former,omitempty"` // what it told to be before, oldest first, at most the last eight; for this screen alone
	Sources   []string     `json:"sources"`
	Receivers []string     `json:"receivers,omitempty"` // of Mode S that heard it in the last minute: feeds, or feed/identifier
	Emergency bool         `json:"emergency,omitempty"`
	Exercise  bool         `json:"exercise,omitempty"`
	Identity  IdentityView `json:"identity"`
	FirstSeen time.Time    `json:"first_seen"`
	Time      time.Time    `json:"time"` // of the last plot
	Plots     uint32       `json:"plots"`
	Incident  uint32       `json:"incident,omitempty"`
	Partners  []PartnerKey `json:"partners,omitempty"` // the same object as partners report it
	Released  []party.ID   `json:"released,omitempty"` // partners that hold a report of it
	Flags     []string     `json:"flags,omitempty"`    // "same-address", "doubted"
	Trust     *float64     `json:"trust,omitempty"`    // in what the object tells of itself, 0 to 1
	// Doubts is what speaks against it: "innovation", "unseen", "kinematics",
	// "horizon", "degraded", "one-error".
	Doubts []string `json:"doubts,omitempty"`
	// Class is our own estimate of what kind of object it is: "aircraft",
	// "helicopter", "small-drone", "large-drone", "balloon", "vessel"; absent while
	// unknown. It changes nothing of what people set in Identity.
	Class      string   `json:"class,omitempty"`
	Confidence *float64 `json:"confidence,omitempty"` // in Class: its probability
	// Formation is told of tracks that move together; for this screen alone.
	Formation *FormationView `json:"formation,omitempty"`
	// Fused is where partners' reports and ours together put the object; absent
	// where our track stands as it is. It is for this screen alone.
	Fused *FusedView `json:"fused,omitempty"`
}

// FormerView is an address or MMSI that a track went by before.
type FormerView struct {
	Address string    `json:"address,omitempty"` // six hexadecimal digits
	MMSI    string    `json:"mmsi,omitempty"`
	Since   time.Time `json:"since"` // first told
	Until   time.Time `json:"until"` // last told
}

// FormationView is tracks that fly or sail together, by their motion: an estimate.
type FormationView struct {
	N          uint32 `json:"n"`                    // the number of a track that founded it, which may have left
	Least      int    `json:"least"`                // members, but for those that may be another one's double
	Most       int    `json:"most"`                 // members of the last minutes, but for those seen to leave
	Unresolved bool   `json:"unresolved,omitempty"` // a radar gave one plot of several: there may be more than most
}

// EllipseView is the error of a place: one standard deviation along each axis of
// its ellipse.
type EllipseView struct {
	MajorM  float64 `json:"major_m"`  // along the longer axis
	MinorM  float64 `json:"minor_m"`  // and along the shorter one
	AxisDeg float64 `json:"axis_deg"` // of the longer axis from north, 0 to below 180
}

// FusedView is a place by everybody's evidence with its error.
type FusedView struct {
	Pos geo.Point `json:"pos"`
	EllipseView
	SpeedKt   *float64   `json:"speed_kt,omitempty"`
	CourseDeg *float64   `json:"course_deg,omitempty"`
	SigmaKt   *float64   `json:"sigma_kt,omitempty"` // one standard deviation of the velocity, each axis
	HeightFt  *float64   `json:"height_ft,omitempty"`
	BandFt    float64    `json:"band_ft,omitempty"` // of the band that a partner told; absent where the height is ours
	Method    string     `json:"method"`            // of the place: "alone", "inverse-covariance-intersection", "covariance-intersection"
	From      []party.ID `json:"from"`              // partners whose reports count
}

// IdentityView is an identity as one party holds it.
type IdentityView struct {
	Party    party.ID  `json:"party"`
	Standard string    `json:"standard"`
	Type     string    `json:"type,omitempty"`
	Presumed bool      `json:"presumed,omitempty"`
	By       string    `json:"by,omitempty"` // own people only
	At       time.Time `json:"at"`
}

// PartnerKey names a partner's object.
type PartnerKey struct {
	Party  party.ID  `json:"party"`
	Object record.ID `json:"object"`
}

// PartnerView is one object as a partner released it.
type PartnerView struct {
	PartnerKey
	record.Track
	Exercise bool         `json:"exercise,omitempty"`
	Received time.Time    `json:"received"`
	State    string       `json:"state"` // "fresh", "stale", "ended"
	Own      uint32       `json:"own,omitempty"`
	Others   []PartnerKey `json:"others,omitempty"` // the same object at another partner
	Incident uint32       `json:"incident,omitempty"`
	Label    record.Label `json:"label"`
	// Handling is our equivalent of the label.
	Handling release.Handling `json:"handling"`
}

// IncidentView is one incident.
type IncidentView struct {
	N          uint32              `json:"n"`
	State      string              `json:"state"` // "open", "closed"
	Outcome    string              `json:"outcome,omitempty"`
	Opened     time.Time           `json:"opened"`
	Updated    time.Time           `json:"updated"`
	Priority   int                 `json:"priority"`
	Domain     string              `json:"domain,omitempty"`
	Sector     string              `json:"sector,omitempty"`
	Exercise   bool                `json:"exercise,omitempty"`
	ByHand     bool                `json:"by_hand,omitempty"`
	Alarm      string              `json:"alarm"` // "unacknowledged", "acknowledged", "returned", "normal"
	AckBy      string              `json:"ack_by,omitempty"`
	AckAt      *time.Time          `json:"ack_at,omitempty"`
	Tracks     []uint32            `json:"tracks"`
	Partners   []PartnerPart       `json:"partners"`
	References []ReferenceView     `json:"references"`
	Identities []IdentityView      `json:"identities"` // own first, then partners', never merged
	Events     []EventView         `json:"events"`
	Lead       LeadView            `json:"lead"`
	Postures   []PostureView       `json:"postures"`
	Search     []SearchView        `json:"search,omitempty"` // search areas, by party
	Can        map[string][]string `json:"can"`              // verb → partners it may address now, empty list for none needed
}

// PartnerPart is a partner's own part of a joint incident.
type PartnerPart struct {
	Party    party.ID         `json:"party"`
	ID       record.ID        `json:"id"`
	Body     record.Incident  `json:"body"`
	Received time.Time        `json:"received"`
	Label    record.Label     `json:"label"`
	Handling release.Handling `json:"handling"`         // our equivalent of the label
	Onward   []party.ID       `json:"onward,omitempty"` // to whom the partner lets it be passed on
}

// ReferenceView is the spoken reference on one link: the same on both sides.
type ReferenceView struct {
	Party party.ID `json:"party"`
	Ref   string   `json:"ref"`
}

// EventView is one entry of an incident's time line.
type EventView struct {
	At          time.Time  `json:"at"`
	Entered     time.Time  `json:"entered"`
	Kind        string     `json:"kind"`
	Rule        string     `json:"rule,omitempty"`
	Zone        string     `json:"zone,omitempty"`
	ZoneVersion string     `json:"zone_version,omitempty"`
	Direction   string     `json:"direction,omitempty"`
	Track       uint32     `json:"track,omitempty"`
	Originators []party.ID `json:"originators,omitempty"`
	By          string     `json:"by,omitempty"`
	Text        string     `json:"text,omitempty"`
	Cleared     bool       `json:"cleared,omitempty"`
}

// LeadView is who leads the coordination of an incident.
type LeadView struct {
	State    string     `json:"state"`            // "none", "local", "told", "proposed", "accepted", "confirmed"
	Holder   party.ID   `json:"holder,omitempty"` // who leads now
	Epoch    uint32     `json:"epoch"`
	Proposed party.ID   `json:"proposed,omitempty"` // who shall lead if the dialogue ends well
	Giver    party.ID   `json:"giver,omitempty"`
	With     party.ID   `json:"with,omitempty"`
	ByUs     bool       `json:"by_us,omitempty"` // we made the open proposal
	Since    *time.Time `json:"since,omitempty"`
	Deadline *time.Time `json:"deadline,omitempty"` // of the open step
	Alarm    bool       `json:"alarm,omitempty"`

	Voice   bool         `json:"voice,omitempty"` // agreed by voice: one-sided until countersigned
	Spoken  *time.Time   `json:"spoken,omitempty"`
	Standby bool         `json:"standby,omitempty"` // a person at the responder is looking
	Assumed bool         `json:"assumed,omitempty"` // our ASSUME is out; the giver decides
	At      *time.Time   `json:"at,omitempty"`      // agreed time and place of the hand-over
	Place   string       `json:"place,omitempty"`
	Cell    *record.Cell `json:"cell,omitempty"`
	Sent    *SentView    `json:"sent,omitempty"`  // our latest step
	Rival   party.ID     `json:"rival,omitempty"` // who claims to lead besides the holder
	Means   party.ID     `json:"means,omitempty"` // who said that it means to lead

	Table           party.ID   `json:"table,omitempty"` // who leads by the sector table, while it applies
	TableSince      *time.Time `json:"table_since,omitempty"`
	PartnerBelieves []Belief   `json:"partner_believes,omitempty"` // of the partners whose line is down
}

// SentView is our latest step and whether the partner's machine has it.
type SentView struct {
	To   party.ID `json:"to"`
	Step string   `json:"step"`
	Word string   `json:"word"` // "" for no word yet, "receipt", "withheld", or why it was refused
}

// Belief is whom a partner may hold for the lead; "" is nobody, several mean
// that we can't know.
type Belief struct {
	Party party.ID   `json:"party"`
	Leads []party.ID `json:"leads"`
}

// PostureView is what a party itself does.
type PostureView struct {
	Party   party.ID  `json:"party"`
	Posture string    `json:"posture"`
	By      string    `json:"by,omitempty"`
	At      time.Time `json:"at"`
}

// AlarmView is a system alarm.
type AlarmView struct {
	Key      string    `json:"key"`
	Rule     string    `json:"rule"` // "C06", "link", "store", "journal", "refused", "clock", "registration"
	Subject  string    `json:"subject"`
	Priority int       `json:"priority"`
	State    string    `json:"state"` // as IncidentView.Alarm
	At       time.Time `json:"at"`
	AckBy    string    `json:"ack_by,omitempty"`
}

// AlarmCounts counts incidents and system alarms by state (ISA-18.2).
type AlarmCounts struct {
	Unacknowledged int `json:"unacknowledged"`
	Acknowledged   int `json:"acknowledged"`
	Returned       int `json:"returned"`
	Shelved        int `json:"shelved"`
}

// LinkView is the state of the link to one partner.
type LinkView struct {
	Party     party.ID   `json:"party"`
	State     string     `json:"state"` // "up", "degraded", "down", "stopped"
	Since     time.Time  `json:"since"`
	RTTMillis float64    `json:"rtt_ms,omitempty"`
	LastHeard *time.Time `json:"last_heard,omitempty"`
	Queued    uint64     `json:"queued"`
	Sent      uint64     `json:"sent"`
	Received  uint64     `json:"received"`
	Refused   uint64     `json:"refused"`
	Problem   string     `json:"problem,omitempty"` // a code: "journal", "backup", "version"
	Seen      bool       `json:"seen,omitempty"`    // it has been up
	Held      bool       `json:"held,omitempty"`    // release waits: the outbox or the day is nearly full
	Flow      string     `json:"flow,omitempty"`    // "ok", "silent", "stuck": whether the partner's counters move with ours

	Figures *LinkFigures `json:"figures,omitempty"` // of the node beside the engine
}

// FeedView is the health of one feed.
type FeedView struct {
	Name     string       `json:"name"`
	Kind     string       `json:"kind"`
	Exercise bool         `json:"exercise"`
	Up       bool         `json:"up"`
	Last     *time.Time   `json:"last,omitempty"`
	Silent   *time.Time   `json:"silent_since,omitempty"` // since when nothing came, where that is too long by rule C06
	Frames   uint64       `json:"frames"`
	Plots    uint64       `json:"plots"`
	Refused  []RefusedFor `json:"refused"`
	Merged   uint64       `json:"merged,omitempty"`  // copies of what other receivers had brought; no plots
	Rate     *float64     `json:"rate,omitempty"`    // frames a second in the last whole five minutes
	Usual    *float64     `json:"usual,omitempty"`   // in this hour of the week, a mean of three weeks or more
	Clocks   []ClockView  `json:"clocks,omitempty"`  // those that are off first, maxClockViews at most
	Unshown  int          `json:"unshown,omitempty"` // clocks beyond these
	// Receivers are those of a feed of Mode S, by what the stream calls them.
	Receivers []ReceiverView `json:"receivers,omitempty"`
}

// ReceiverView is what one receiver of a feed brought.
type ReceiverView struct {
	ID     string    `json:"id,omitempty"` // absent for a feed's only one, and for those beyond the first 64 together
	Frames uint64    `json:"frames"`
	Merged uint64    `json:"merged"` // of those, copies of what other receivers had brought
	Last   time.Time `json:"last"`
}

// ClockView is how the clock of one station of a feed is.
type ClockView struct {
	Station string  `json:"station"`  // SAC/SIC, the receiver in a tag block, the MMSI of a base station, a device or a transmitter
	OffsetS float64 `json:"offset_s"` // from the times of its messages to their arrival, the least in a minute; below zero: it is ahead
	SpreadS float64 `json:"spread_s"` // of that over the minutes
	Minutes int     `json:"minutes"`
	Off     bool    `json:"off"`               // beyond the feed's limit
	Foreign bool    `json:"foreign,omitempty"` // set by somebody who sends to all: alone it alarms nobody
}

// RefusedFor counts refused frames of one reason.
type RefusedFor struct {
	Reason string    `json:"reason"`
	Count  uint64    `json:"count"`
	Offset int64     `json:"offset"` // of the last
	At     time.Time `json:"at"`
	Item   string    `json:"item,omitempty"` // data item or category of the last: "I048/140", "CAT062"
	// Items counts by data item or category, those that came first; what is not
	// among them is in Count alone.
	Items []RefusedItem `json:"items,omitempty"`
}

// RefusedItem counts what was refused of one data item or category.
type RefusedItem struct {
	Item  string `json:"item"`
	Count uint64 `json:"count"`
}

// OutOfService is a rule that can't work now.
type OutOfService struct {
	Rule   string `json:"rule"`
	Reason string `json:"reason"` // a code: "no-plan-feed"
}

// LogView is one entry of the watch log.
type LogView struct {
	N       uint64    `json:"n"`
	At      time.Time `json:"at"`
	Entered time.Time `json:"entered"`
	Desk    string    `json:"desk"`
	By      string    `json:"by"`
	Text    string    `json:"text"`
	Struck  string    `json:"struck,omitempty"` // by whom and why; the text stays
	Code    string    `json:"code,omitempty"`   // "recalled", "expired": an entry of the node's, or one whose text is gone
}
