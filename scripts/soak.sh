#!/usr/bin/env bash
# The long proofs: 30 s line cuts and black holes under load, with and without
# the real store; every write of an excerpt failed once; the whole
# demonstration with nodes that die at its writes; the explorer of the lead
# dialogue with paths longer by an event.
set -euo pipefail
cd "$(dirname "$0")/.."
export KUROSHIO_SOAK=1 KUROSHIO_NO_BROWSER=1
KUROSHIO_EXPLORE=1 go test -count=1 -timeout 90m -v -run 'TestExplorer$' ./internal/response | grep states
go test -count=1 -timeout 90m -v -run 'Soak|Fault|Fail|Crash|Kill' ./internal/link ./internal/node ./internal/store ./e2e |
	grep -vE '^(=== (RUN|PAUSE|CONT|NAME)|\?)'
