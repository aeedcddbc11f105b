#!/usr/bin/env bash
# Runs every fuzz target for the time given (go test takes one at a time).
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-20s}
go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... | while read -r pkg; do
	go test -list '^Fuzz' "$pkg" | grep '^Fuzz' | while read -r target; do
		echo "== $pkg $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -parallel 2 "$pkg" </dev/null | tail -n 3
	done || [ $? = 1 ]
done
