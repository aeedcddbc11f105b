#!/usr/bin/env bash
# The long proofs: 30 s line cuts under load, the demonstration with kills at
# every kind of write, the crash tests at length.
set -euo pipefail
cd "$(dirname "$0")/.."
export KUROSHIO_SOAK=1
go test -count=1 -timeout 60m -v -run 'Soak' ./... | grep -vE '^(=== |\?|ok .*no tests to run)' 
