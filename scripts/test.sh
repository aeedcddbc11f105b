#!/usr/bin/env bash
# Runs every test and says at the end whether the corpus was there.
set -euo pipefail
cd "$(dirname "$0")/.."
checks=$(mktemp)
explored=$(mktemp)
web=$(mktemp)
browser=
trap 'rm -f "$checks" "$explored" "$web"; [ -z "$browser" ] || kill "$browser" 2>/dev/null || true' EXIT
export KUROSHIO_CORPUS_CHECKS=$checks KUROSHIO_EXPLORED=$explored

# The browser waits more than it works: beside the Go tests it costs little time.
(cd web && npm test --silent) >"$web" 2>&1 &
browser=$!
failed=
go test -timeout 15m ./... || failed="Go tests"
wait "$browser" || failed="${failed:+$failed and }web tests"
browser=
cat "$web" "$explored"
if [ -n "$failed" ]; then
	echo "failed: $failed" >&2
	exit 1
fi

corpus=${KUROSHIO_CORPUS:-../shared/corpus}
if [ -e "$corpus/README.md" ]; then
	echo "corpus: present, $(sort -u "$checks" | wc -l) checks"
else
	echo "corpus: ABSENT"
fi
