# What people and .ci/run call. Needs Go (go.mod says which), make and, for
# `make race`, a C compiler. `make setup` gets the LLVM library.

GO       ?= go
FUZZTIME ?= 30s
TIME     ?= 1800
FIRST    ?= 100000
# Tests run in the folders of their packages, so a path must not be relative.
ifneq ($(wildcard $(LATHE_LLVM)),)
export LATHE_LLVM := $(abspath $(LATHE_LLVM))
endif
RACE     ?= $(shell $(GO) list ./... | grep -E '/(ir|frontend|passes|internal|runtime)(/|$$)')

.PHONY: help setup build demo test race lint cross trust trust-short mutants fuzz qemu bench bench-rivals clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: ## checks Go, makes bin/lathe, installs the LLVM library where that finds none
	@GO="$(GO)" scripts/setup.sh

build: setup ## bin/lathe

demo: build ## compiles and runs a gated attention unit, beside an independent reference
	@GO="$(GO)" scripts/demo.sh

test: setup ## all tests
	$(GO) test -timeout 15m ./...

race: setup ## the tests of RACE under the race detector
	$(GO) test -race -timeout 20m $(RACE)

lint: ## gofmt, go vet, staticcheck
	@files="$$(gofmt -l .)"; if [ -n "$$files" ]; then echo "not formatted (gofmt -w them):"; echo "$$files"; exit 1; fi
	$(GO) vet ./...
	$(GO) run honnef.co/go/tools/cmd/staticcheck ./...

cross: ## compiles for the other systems
	GOOS=linux GOARCH=arm64 $(GO) build ./...
	GOOS=darwin GOARCH=arm64 $(GO) build ./...

trust-short: setup ## 2,000 random programs compiled three ways, 20,000 rewritten modulo a prime
	@GO="$(GO)" TIME=0 scripts/trust.sh

trust: setup ## the same with new seeds for TIME seconds, from seed FIRST on
	@GO="$(GO)" TIME="$(TIME)" FIRST="$(FIRST)" scripts/trust.sh

mutants: setup ## wrong compilers, testdata/mutants.txt: what random programs do not find
	$(GO) test -tags mutants -run '^TestMutants$$' -v -timeout 5h .

fuzz: setup ## every fuzz target for FUZZTIME
	@GO="$(GO)" FUZZTIME="$(FUZZTIME)" scripts/fuzz.sh

qemu: setup ## random programs on emulated processors without AVX-512, and without AVX
	@GO="$(GO)" scripts/qemu.sh

bench: build ## measures all suites, each into out/bench/SUITE.json
	@scripts/bench.sh

bench-rivals: build ## the same beside PyTorch, JAX and ONNX Runtime, which it installs
	@scripts/bench-rivals.sh

clean: ## removes what was built here
	rm -rf bin out
