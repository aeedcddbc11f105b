#!/usr/bin/env bash
# Installs what the tests need beside Go: npm packages and Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."
chromium=${1:-/usr/bin/chromium}

command -v node >/dev/null || { echo "install Node.js 20 or later (node and npm) to build and test the console"; exit 1; }
if [ ! -d web/node_modules ] || [ web/package-lock.json -nt web/node_modules/.package-lock.json ]; then
	(cd web && npm ci --no-audit --no-fund --silent)
fi
if [ ! -x "$chromium" ]; then
	if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null
	else
		echo "install Chromium for the browser tests (Debian: apt-get install chromium fonts-noto-cjk), or set CHROMIUM"
		exit 1
	fi
fi
