# One entry for everything. `make` alone lists what there is.
.DEFAULT_GOAL := help
PYTHON ?= python3
WORKERS ?= $(shell echo $$(($$(nproc) + 1)))
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash

.PHONY: help setup build run run-video test night miri extend test-quick lint types imports rust pytest faults soak bench bench-quick bench-check bench-record bench-peers bench-simd arm arm-quick fleet sbom clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## Make the virtual environment and see to cmake and nasm
	@PYTHON="$(PYTHON)" tools/setup

build: setup ## Build the Rust half into the virtual environment
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" PATH="$(CURDIR)/$(BIN):$$PATH" PIP_QUIET=1 $(BIN)/maturin develop --release --quiet --extras draw,page

run: build ## Build everything and run the main job: a drawn scene becomes events at a receiver
	@$(BIN)/cammra-edge demo --once --sheet demo-events.png

run-video: build ## The same scene as an RTSP stream, read by RapidOCR: a minute; needs GStreamer's RTSP server
	@$(BIN)/python -m tools.video --sheet video-events.png

test: build ## Build everything and run every check and test
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint types imports
	@$(MAKE) --no-print-directory rust pytest

extend: build ## Add a toy of each thing of docs/design/extending.md to a copy, and forget each of its files once
	@$(BIN)/python -m tools.extend

night: build ## All that is too long for the day, for hours: every property whole, faults, soak (CONTRIBUTING.md)
	@failed=; for part in "CAMMRA_NIGHTLY=1 $(MAKE) --no-print-directory test" "$(MAKE) --no-print-directory miri" \
	  "$(MAKE) --no-print-directory faults" "$(MAKE) --no-print-directory soak"; do \
	  echo "== $$part"; bash -c "$$part" || failed="$$failed; $$part"; done; \
	test -z "$$failed" || { echo "failed$$failed"; exit 1; }

miri: ## The encoder's portable path under Miri; wants `rustup toolchain install nightly --component miri`
	cargo +nightly miri test -p cammra-jpeg

lint: ## Formatting and lints of all three languages, and the types of the page's scripts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cargo fmt --check
	PATH="$(CURDIR)/$(BIN):$$PATH" cargo clippy --release --workspace --all-targets --quiet -- -D warnings
	tools/page/lint

types: ## mypy strict, and the stub against the binary
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest cammra_edge._native --mypy-config-file pyproject.toml

imports: ## The rooms' import contract, and that the core knows no Python
	$(BIN)/lint-imports
	@! cargo tree -p cammra-core --edges normal --prefix none | grep -qi '^pyo3' || { echo "cammra-core must not depend on pyo3"; exit 1; }

rust: ## The Rust tests
	PATH="$(CURDIR)/$(BIN):$$PATH" cargo test --release -p cammra-core -p cammra-jpeg --quiet

pytest: ## The Python tests: many at a time, then those that measure
	$(BIN)/pytest -q -n $(WORKERS) -m "not alone"
	$(BIN)/pytest -q -m alone

test-quick: build ## The Python tests without the slow ones
	$(BIN)/pytest -q -m "not slow"

arm: ## ARM wheels for aarch64 and armv7, checked and tested under emulation; nothing is installed (tools/arm/README.md)
	@"$(PYTHON)" -m tools.arm

arm-quick: ## The same for aarch64 only, with a small part of the tests
	@"$(PYTHON)" -m tools.arm --quick aarch64

bench-peers: build # What the package is measured against, and with
	@benches/setup
	@$(BIN)/python -m pip install --quiet -r benches/requirements.txt

# pillow-simd comes as source only, and wants libjpeg's headers; built once, and only told about where that fails.
bench-simd: bench-peers
	@test -d target/bench/pillow-simd || CC="cc -mavx2" $(BIN)/python -m pip install --quiet --no-deps \
	  --target target/bench/pillow-simd pillow-simd || echo "pillow-simd cannot be built here (apt-get install libjpeg-dev zlib1g-dev)"

bench: bench-simd ## Measure everything beside its floor and its peers; writes benches/README.md
	$(BIN)/python -m benches

bench-check: build ## Count the hot paths' instructions; fails where one costs over 5 % more than on record
	@$(BIN)/python -m benches.instructions

bench-record: build ## Put the counts of now on record (benches/instructions.json)
	@$(BIN)/python -m benches.instructions --record

bench-quick: bench-peers ## The same with fewer rounds, under a minute; writes nothing
	$(BIN)/python -m benches --quick

sbom: build ## What is in the wheel and what it asks for, as CycloneDX: target/sbom.cdx.json
	@$(BIN)/python -m tools.sbom target/sbom.cdx.json && echo target/sbom.cdx.json

faults: build ## The whole fault catalogue, for half an hour; writes docs/ref/faults.md
	$(BIN)/python -m tests.faults

soak: build ## Measure what the wall clock decides: stops, streams; minutes, not in CI
	@$(BIN)/python -m tests.soak

fleet: build ## Many cameras, one broker, kills (CAMERAS=, MINUTES= … scale it; 20 minutes); writes docs/ref/fleet.md
	$(BIN)/python -m tests.fleet

clean: ## Remove what was built
	rm -rf target $(VENV) tools/page/node_modules dist .mypy_cache .ruff_cache .pytest_cache
