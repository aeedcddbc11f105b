#!/usr/bin/env bash
# Runs the previous commit's binary against this one: two nodes, both ways
# round. Usage: scripts/compat.sh [COMMIT]. Without one it is the commit before
# HEAD, or HEAD itself while the work tree differs from it.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

base=${1:-}
if [ -z "$base" ]; then
  if [ -n "$(git status --porcelain -uno 2>/dev/null)" ]; then
    base=HEAD
  elif base=$(git rev-parse -q --verify HEAD~1 2>/dev/null); then
    :
  elif git rev-parse -q --verify HEAD >/dev/null 2>&1; then
    echo "compat: this clone holds one commit; HEAD is run against itself"
    base=HEAD
  else
    echo "compat: no git history; this tree is run against itself"
  fi
fi
if [ -n "$base" ] && ! git show "$base:internal/link/version.go" >/dev/null 2>&1; then
  echo "compat: $(git rev-parse --short "$base") negotiates no version of the link; HEAD is run against itself"
  base=HEAD
fi
if [ -n "$base" ]; then
  mkdir "$dir/src"
  git archive "$base" | tar -x -C "$dir/src"
  (cd "$dir/src" && CGO_ENABLED=0 go build -buildvcs=false -o "$dir/previous" ./cmd/kuroshio)
  echo "compat: $(git log -1 --format='%h %s' "$base") against this tree"
else
  CGO_ENABLED=0 go build -buildvcs=false -o "$dir/previous" ./cmd/kuroshio
fi
KUROSHIO_PREVIOUS="$dir/previous" KUROSHIO_NO_BROWSER=1 go test -count=1 -timeout 5m -v -run '^TestThePreviousBinaryAndThisOneUnderstandEachOther$' ./e2e | grep -v '^=== '
