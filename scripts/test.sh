#!/usr/bin/env bash
# Runs every test and says at the end whether the corpus was there.
set -euo pipefail
cd "$(dirname "$0")/.."
checks=$(mktemp)
explored=$(mktemp)
trap 'rm -f "$checks" "$explored"' EXIT
export KUROSHIO_CORPUS_CHECKS=$checks KUROSHIO_EXPLORED=$explored

# One after the other: a browser that starves beside the Go tests costs more
# than it saves.
(cd web && npm test --silent)
go test -timeout 25m ./...
cat "$explored"

corpus=${KUROSHIO_CORPUS:-../shared/corpus}
if [ -e "$corpus/README.md" ]; then
	echo "corpus: present, $(sort -u "$checks" | wc -l) checks"
else
	echo "corpus: ABSENT"
fi
