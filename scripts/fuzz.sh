#!/usr/bin/env bash
# Runs every fuzz target for the time given (go test takes one at a time), all of
# them or those whose package or name holds the second argument, and prints how
# many inputs each was given.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-20s}
only=${2:-}

# fuzz runs one target. The go command now and then reports its own deadline at
# the end of a clean run as a failure; such a run, and
# only such a run, is made again.
fuzz() {
	local out
	execs=0
	for _ in 1 2 3; do
		if out=$(go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -parallel 2 "$1" 2>&1 </dev/null); then
			execs=$(grep -o 'execs: [0-9]*' <<<"$out" | tail -n 1 | cut -d' ' -f2)
			echo "   ${execs:-0} executions"
			return 0
		fi
		if grep -q 'Failing input' <<<"$out" || ! grep -q 'context deadline exceeded' <<<"$out"; then
			break
		fi
		echo "   deadline at the end of the run; again"
	done
	echo "$out"
	return 1
}

packages=$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...)
count=0
total=0
for pkg in $packages; do
	targets=$(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true)
	for target in $targets; do
		[[ "$pkg $target" == *"$only"* ]] || continue
		echo "== $pkg $target"
		fuzz "$pkg" "$target"
		count=$((count + 1))
		total=$((total + execs))
	done
done
echo "fuzz: $count targets, $time each, $total executions"
