.DEFAULT_GOAL := help
GO       ?= go
PKG      ?= ./...
FUZZTIME ?= 20s
CHROMIUM ?= /usr/bin/chromium
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

build: ## the one binary, in ./bin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/ ./cmd/...

test: tools ## everything: Go tests, web unit tests, browser tests; installs what it needs
	@scripts/test.sh

check: fmt-check vet lint ## what a machine can see without running anything

# Not e2e, whose nodes are processes of their own, nor internal/trial: the tracker
# that it scores starts no goroutine, and takes ten minutes under the detector.
race: ## the Go tests under the race detector, shuffled
	KUROSHIO_NO_BROWSER=1 $(GO) test -race -shuffle=on -timeout 30m $$($(GO) list $(PKG) | grep -v -e /e2e -e /internal/trial)

fuzz: ## every fuzz target, or those that ONLY matches, for FUZZTIME each (default 20s), JOBS at once
	@scripts/fuzz.sh $(FUZZTIME) '$(ONLY)'

compat: ## the previous commit's binary against this one: two nodes, both ways round
	@scripts/compat.sh $(BASE)

soak: ## the long proofs (lines cut, writes failed, crashes, states of the lead); an hour or two; fuzzing is soak-fuzz
	@scripts/soak.sh

soak-fuzz: ## every fuzz target, or those that ONLY matches, for 10 minutes each, JOBS at once; one by one some 12 hours
	@MINIMIZE=2s scripts/fuzz.sh 10m '$(ONLY)'

bench: ## benchmarks in the units of the design, COUNT runs each (default 1; 10 for benchstat)
	@$(GO) test -run '^$$' -bench . -benchmem -count $(or $(COUNT),1) -timeout 60m $(PKG) | grep -E '^(Benchmark|goos|goarch|cpu|pkg|FAIL|panic)'

peers: ## our decoders beside those of other projects, COUNT runs each; installs nothing (gpsdecode is measured where it is)
	@cd bench/peers && $(GO) test -bench . -benchmem -count $(or $(COUNT),1) .

web: tools ## rebuild web/dist
	cd web && npm run build

gen: tools ## regenerate code and data packs
	$(GO) generate $(PKG)

gen-check: gen web ## fail when generated code or web/dist differ from what is checked in
	@git diff --exit-code --stat -- '*_gen.go' web/dist packs docs/protocol NOTICE && test -z "$$(git status --porcelain -- web/dist packs)" \
		|| { echo "generated files differ from what is checked in: run make gen web and commit"; exit 1; }

golden: ## rewrite golden files; read the diff before you commit it
	$(GO) test $(PKG) -update

fmt: ## format
	$(GO) tool gofumpt -w $$(git ls-files '*.go' | grep -v _gen.go)

fmt-check: ## fail when something is not formatted
	@out=$$($(GO) tool gofumpt -l $$(git ls-files '*.go' | grep -v _gen.go)); test -z "$$out" || { echo "run make fmt:"; echo "$$out"; exit 1; }

vet: ## go vet
	$(GO) vet $(PKG)

lint: ## staticcheck
	$(GO) tool staticcheck $(PKG)

tools: ## npm packages, and Chromium through apt where it is missing
	@scripts/tools.sh $(CHROMIUM)

.PHONY: help build test check race fuzz compat soak soak-fuzz bench peers web gen gen-check golden fmt fmt-check vet lint tools
