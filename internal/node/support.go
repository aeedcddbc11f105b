// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/support"
)

// Agreements returns our copies of the agreements on support.
func (n *Node) Agreements(ctx context.Context) (list []support.Agreement, err error) {
	err = n.loop.ask(ctx, func(e *engine.Engine) { list = e.Agreements() })
	return list, err
}

// MatchSupport holds a request that nobody has made yet against them.
func (n *Node) MatchSupport(ctx context.Context, to party.ID, a engine.SupportArgs, exercise bool) (v engine.SupportMatchView, code string, err error) {
	err = n.loop.ask(ctx, func(e *engine.Engine) { v, code = e.MatchSupport(to, a, exercise) })
	return v, code, err
}
