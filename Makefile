# The project's commands; `make` alone lists them. What takes more than a line is in Scripts.

.DEFAULT_GOAL := help
.PHONY: help setup build test bench vary peers linreg fuzz ulp format lint docs readme consumers threads ci clean

# Warnings are errors here, and only here: see Package.swift.
export MARTLET_STRICT ?= 1
export SWIFT_BACKTRACE = enable=no

swift_files = git ls-files -co --exclude-standard -z '*.swift'

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## Install LLVM and OpenBLAS with apt where they are missing
	@Scripts/setup

build: ## Build the library and the examples (debug)
	@Scripts/require swift
	swift build

test: setup ## Build and run every test (ARGS="--filter Printing" for some)
	@Scripts/test $(ARGS)

bench: setup ## Build and run the benchmarks (ARGS="--quick", ARGS="--only chain12")
	@Scripts/bench run $(ARGS)

vary: setup ## Compare times per byte with those of odd sizes, float64 and spread arrays
	@Scripts/bench vary $(ARGS)

peers: setup ## Compare with NumPy, numexpr and JAX (PEERS=all: PyTorch too; ARGS="--quick")
	@Scripts/peers $(ARGS)

linreg: setup ## Train the regression example and draw its line (linreg.svg)
	@Scripts/require swift
	swift run -c release linreg $(ARGS)

fuzz: setup ## Compare engines on N=20000 random programs (SUITE=GradientFuzzTests), release build
	@MARTLET_TEST_SECONDS=7200 MARTLET_FUZZ=$(or $(N),20000) Scripts/test -c release --filter $(or $(SUITE),FuzzTests)

ulp: setup ## Measure the error of every math function in full, release build
	@MARTLET_TEST_SECONDS=7200 MARTLET_ULP=full Scripts/test -c release --filter AccuracyTests

format: ## Format the Swift sources in place
	@Scripts/require swift git
	@$(swift_files) | xargs -0 swift format --in-place --parallel

lint: ## Check format, file length, words, paths and settings
	@Scripts/lint

docs: ## Build the documentation into .build/docs; warnings are errors
	@Scripts/docs

readme: ## Compile the documents' code, run the README's first example
	@Scripts/check-readme

consumers: ## Build and run packages that depend on this one, by path and by tag
	@Scripts/consumers

threads: ## Many threads under the thread sanitizer (ARGS=speed: their throughput)
	@Scripts/check-threads $(ARGS)

ci: ## Everything above that checks, as continuous integration runs it
	@bash .ci/run

clean: ## Remove what was built
	rm -rf .build Tests/Threads/.build Benchmarks/.build Benchmarks/.peers linreg.svg
