# What can be done with this project. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
CARGO ?= cargo
DEPLOY ?= sam
# What is deployed to AWS unless something else is asked for; the demo and the tests use this machine's own.
ARCHITECTURE ?= arm64
HOST_ARCHITECTURE := $(subst aarch64,arm64,$(shell uname -m))
WORLDS ?= 10000
BINARIES := $(or $(CARGO_TARGET_DIR),target)
ZIPS := target/lambda
LOCAL_ZIPS := target/lambda-local
VENV := .venv
IN_VENV := $(VENV)/bin/python

export AWS_EC2_METADATA_DISABLED := true

.PHONY: help
help: ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: demo
demo: packages-local $(VENV)/ready ## Watch an attack be noticed: deploy to a local AWS, and read the mail. DEPLOY=terraform, ENTRA=path CLOUDTRAIL=path.
	@PYTHONPATH=tests DEPLOY=$(DEPLOY) ENTRA="$(ENTRA)" CLOUDTRAIL="$(CLOUDTRAIL)" $(IN_VENV) -m demo

.PHONY: test
test: lint test-docs test-rust test-infra test-oracle test-end-to-end ## Run everything that must pass before a change lands.

.PHONY: lint
lint: $(VENV)/ready ## Check formatting and style of Rust, Python and infrastructure code.
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- --deny warnings
	$(VENV)/bin/ruff check --no-cache tests infra
	$(VENV)/bin/ruff format --no-cache --check tests infra
	$(VENV)/bin/cfn-lint infra/sam/template.yaml
	@if command -v terraform >/dev/null; then terraform -chdir=infra/terraform fmt -check -recursive; fi

.PHONY: test-rust
test-rust: ## Run the unit, property, store and pipeline tests.
	INSTA_UPDATE=no $(CARGO) test --workspace --locked

.PHONY: test-docs
test-docs: $(VENV)/ready ## Check that the documents name what exists, and explain every setting, metric and error code.
	$(IN_VENV) -m pytest -q -rs tests/docs

.PHONY: test-infra
test-infra: $(VENV)/ready ## Check that the SAM and the Terraform deployment are the same and grant no more than is needed.
	$(IN_VENV) -m pytest -q -rs tests/infra

.PHONY: test-oracle
test-oracle: hunt $(VENV)/ready ## Let Microsoft's own rule judge pivotwatch in hundreds of random worlds.
	$(IN_VENV) -m pytest -q -rs tests/oracle

.PHONY: oracle
oracle: hunt $(VENV)/ready ## The same in thousands of worlds: WORLDS=10000, SEED=... for certain ones.
	@PYTHONPATH=tests $(IN_VENV) -m oracle --worlds $(WORLDS) $(if $(SEED),--seed $(SEED))

.PHONY: hunt
hunt: ## Build the command that hunts in files.
	@$(CARGO) build --quiet --package pivotwatch-cli --locked

.PHONY: test-end-to-end
test-end-to-end: packages-local $(VENV)/ready ## Deploy the real functions to a local AWS, by SAM and by Terraform, and use them.
	$(IN_VENV) -m pytest -q -rs tests/end_to_end

FUZZ := alike anything blocks damaged events
FUZZ_SECONDS ?= 60
FUZZED := target/fuzz

.PHONY: fuzz
fuzz: ## Fuzz the readers with an address sanitizer: FUZZ_SECONDS=60 each.
	$(CARGO) install --quiet --locked --root $(FUZZED) --version 0.13.1 cargo-fuzz
	$(CARGO) run --quiet --locked --package pivotwatch-tests --example fuzz_examples -- $(FUZZED)/examples
	@for target in $(FUZZ); do \
	  mkdir -p $(FUZZED)/corpus/$$target; \
	  case $$target in events) seeds=events;; alike|blocks) seeds=;; *) seeds=exports;; esac; \
	  EXAMPLES=$(CURDIR)/$(FUZZED)/examples/exports RUSTC_BOOTSTRAP=1 PATH="$(CURDIR)/$(FUZZED)/bin:$$PATH" \
	    $(CARGO) fuzz run --fuzz-dir tests/fuzz --target-dir $(FUZZED)/build $$target \
	    $(FUZZED)/corpus/$$target $${seeds:+$(FUZZED)/examples/$$seeds} -- \
	    -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=512 -max_len=65536 -print_final_stats=1; \
	done

.PHONY: bench-cold-start
bench-cold-start: packages-local $(VENV)/ready ## Measure how fast the functions start, against a bare one.
	$(CARGO) build --release --locked --package detect --example hello_world
	$(IN_VENV) tests/bench/cold_start.py --binaries $(BINARIES)/release

BENCH := target/bench
BENCH_RECORDS ?= 200000
BENCH_PAIRS ?= 5

.PHONY: bench
bench: $(BENCH)/.venv/ready ## Measure what reading costs, against decompressing alone and other engines, and what DynamoDB has to do. BENCH_RECORDS=200000 BENCH_PAIRS=5.
	@$(CARGO) build --profile bench --locked --package pivotwatch-bench --bins
	@echo "making exports up in $(BENCH)/data ..." && $(BINARIES)/release/generate $(BENCH)/data $(BENCH_RECORDS)
	@$(BENCH)/.venv/bin/python tests/bench/compare.py $(BINARIES)/release $(BENCH)/data $(BENCH_PAIRS)
	@echo && $(BINARIES)/release/work $(BENCH_RECORDS)

# Apart from the tests' environment, which has another DuckDB and no use for the rest.
$(BENCH)/.venv/ready: tests/bench/requirements.txt
	@mkdir -p $(BENCH) && rm -rf $(BENCH)/.venv
	@$(PYTHON) -m venv $(BENCH)/.venv
	@$(BENCH)/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/bench/requirements.txt
	@touch $@

.PHONY: deny
deny: ## Check licences, advisories and sources of the dependencies (needs cargo-deny).
	$(CARGO) deny --locked check

.PHONY: package
package: ## Build the functions for AWS: ARCHITECTURE=arm64 (default) or x86_64.
	infra/build.sh $(ARCHITECTURE) $(ZIPS)

.PHONY: packages-local
packages-local: ## Build the functions for this machine, as the demo and the end-to-end tests need them.
	@infra/build.sh $(HOST_ARCHITECTURE) $(LOCAL_ZIPS) local

# The packages are pinned by their hashes. Tests do not touch the system's Python.
$(VENV)/ready: tests/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it by PYTHON=..."; exit 1; }
	@echo "making a Python environment in $(VENV) ..."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(IN_VENV) -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
	@touch $@

.PHONY: clean
clean: ## Remove everything that was built.
	rm -rf target $(VENV)
