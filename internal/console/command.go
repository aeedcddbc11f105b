// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// commandTimeout bounds how long a person waits for the commit. The page gives
// up after five seconds and says that it does not know.
const commandTimeout = 4 * time.Second

// command hands an act to the node. The engine decides again and audits what it
// decides; what the role may not do is refused and audited here, so that it
// costs no place on the tape.
func (c *console) command(w http.ResponseWriter, r *http.Request, who person) {
	var cmd engine.Command
	if !read(w, r, &cmd) {
		return
	}
	if !knownVerb(cmd.Verb) {
		refuse(w, "unknown-verb")
		return
	}
	cmd.By, cmd.Role = who.Name, who.Role
	if !engine.Allowed(who.Role, cmd.Verb) {
		c.note(r.Context(), store.AuditEntry{By: who.Name, Role: who.Role, Act: "act-" + cmd.Verb, Text: "forbidden"})
		refuse(w, "forbidden")
		return
	}
	// The act goes on when the person's browser does not.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), commandTimeout)
	defer cancel()
	reply, err := c.node.Command(ctx, cmd)
	if err != nil {
		code := "stopping"
		if ctx.Err() != nil {
			code = "timeout"
		}
		c.cfg.Log.WarnContext(ctx, "command not answered", slog.String("verb", cmd.Verb), slog.String("code", code), slog.Any("err", err))
		refuse(w, code)
		return
	}
	if reply.Code != "" {
		refuseReply(w, reply)
		return
	}
	answer(w, done{true, reply.Incident, reply.Entry, reply.Recall, reply.Named, reply.Distress, reply.Activity, reply.Request, reply.Message})
}

// done answers an act that was done.
type done struct {
	OK       bool   `json:"ok"`
	Incident uint32 `json:"incident,omitempty"`
	Entry    uint64 `json:"entry,omitempty"`

	Recall   uint64            `json:"recall,omitempty"`
	Named    int               `json:"named,omitempty"`
	Distress []engine.StopCase `json:"distress,omitempty"`
	Activity uint32            `json:"activity,omitempty"` // number of an own-activity notice
	Request  uint64            `json:"request,omitempty"`
	Message  uint64            `json:"message,omitempty"` // its number
}

// refuseReply answers with the engine's code. Some refusals leave something
// behind, such as a distress report that must go by voice: it is named.
func refuseReply(w http.ResponseWriter, reply engine.Reply) {
	status, ok := statuses[reply.Code]
	if !ok {
		status = http.StatusConflict
	}
	var p params
	switch {
	case reply.Incident != 0:
		p = params{"incident": reply.Incident}
	case reply.Activity != 0:
		p = params{"activity": reply.Activity}
	}
	if reply.Line != 0 {
		p = params{"line": reply.Line, "key": reply.Key}
	}
	refuseWith(w, status, reply.Code, p)
}

// knownVerb reports whether any role may use the verb.
func knownVerb(verb string) bool {
	return slices.ContainsFunc(engine.Roles(), func(role string) bool { return engine.Allowed(role, verb) })
}
