#!/usr/bin/env bash
# Runs every fuzz target for the time given (go test takes one at a time).
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-20s}
packages=$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...)
count=0
for pkg in $packages; do
	targets=$(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true)
	for target in $targets; do
		echo "== $pkg $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -parallel 2 "$pkg" </dev/null | tail -n 2
		count=$((count + 1))
	done
done
echo "fuzz: $count targets, $time each"
