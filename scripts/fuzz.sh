#!/usr/bin/env bash
# Runs every fuzz target for the time given, or those whose package and name match
# the second argument, a regular expression; JOBS of them at once (default 1). It
# prints how many inputs each was given. Alone, a target has two workers, else one.
# To make one new input shorter may take MINIMIZE of these (60s unless told).
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."
time=${1:-20s}
only=${2:-}
jobs=${JOBS:-1}
minimize=${MINIMIZE:-60s}
workers=$((jobs > 1 ? 1 : 2))
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# fuzz runs one target, prints what came of it in one piece, and leaves the number
# of executions in a file of results, or an empty one named failed. The go command
# now and then reports its own deadline at the end of a clean run as a failure; such
# a run, and only such a run, is made again.
fuzz() {
	local out execs again=""
	for _ in 1 2 3; do
		if out=$(go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime "$minimize" -parallel "$workers" "$1" 2>&1 </dev/null); then
			execs=$(grep -o 'execs: [0-9]*' <<<"$out" | tail -n 1 | cut -d' ' -f2 || true)
			echo "${execs:-0}" >"$results/$3"
			printf '== %s %s\n%s   %s executions\n' "$1" "$2" "$again" "${execs:-0}"
			return 0
		fi
		if grep -q 'Failing input' <<<"$out" || ! grep -q 'context deadline exceeded' <<<"$out"; then
			break
		fi
		again+=$'   deadline at the end of the run; again\n'
	done
	printf '== %s %s\n%s%s\n' "$1" "$2" "$again" "$out"
	touch "$results/failed"
}

# targets lists packages and their targets, one pair a line.
targets() {
	local packages pkg list target
	packages=$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...)
	for pkg in $packages; do
		list=$(go test -list '^Fuzz' "$pkg")
		for target in $(grep '^Fuzz' <<<"$list" || true); do
			[[ ! "$pkg $target" =~ $only ]] || echo "$pkg $target"
		done
	done
}

# one waits for a target that runs; a find ends the others.
one() {
	wait -n || true
	[ -e "$results/failed" ] || return 0
	echo "fuzz: a target failed"
	kill $(jobs -p) 2>/dev/null || true
	wait
	exit 1
}

list=$(targets)
[ -n "$list" ] || { echo "fuzz: no target matches '$only'"; exit 1; }
count=0
while read -r pkg target; do
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do one; done
	count=$((count + 1))
	fuzz "$pkg" "$target" "$count" &
done <<<"$list"
while [ -n "$(jobs -rp)" ]; do one; done
one
total=$(cat "$results"/* | awk '{ n += $1 } END { print n + 0 }')
echo "fuzz: $count targets, $time each, $total executions"
