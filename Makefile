# Everything a person or a CI machine does with deepfeat, on nothing but make and Python 3.11.
# `make` alone lists the commands; ARGS goes to the command behind the target: make run ARGS="--models 5"

PYTHON ?= $(firstword $(shell for python in python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python; done))
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# The stamps carry the checksum of what they install, so a changed lock (and nothing else) installs again.
checksum = $(shell cat $(1) | cksum | cut -d ' ' -f 1)
RUNTIME := $(VENV)/runtime-$(call checksum,requirements.lock pyproject.toml)
DEVELOPMENT := $(VENV)/development-$(call checksum,requirements.lock requirements-dev.lock pyproject.toml)

CHECK_PYTHON = $(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "deepfeat needs Python 3.11 or newer, and $(or $(PYTHON),python3) is not; name one: make PYTHON=/path/to/python3.11" >&2; exit 2; }

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint bench chaos e2e docs picture lock audit sbom crate clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUNTIME) ## set up on first use, then run experiment.yml (ARGS="--models 5")
	$(BIN)/python -m deepfeat run experiment.yml $(ARGS)

test: lint ## set up on first use, lint, then the fast tests (ARGS="-k splits")
	@# each core has one process, which needs one thread; all of them share what is compiled of a module
	OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 PYTHONDONTWRITEBYTECODE= \
		$(BIN)/python -m pytest -n auto -m "not slow and not e2e" $(ARGS)

lint: $(DEVELOPMENT) ## style, formatting, types and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(DEVELOPMENT) ## measure speed and memory: docs/performance.md
	$(BIN)/python benchmarks $(ARGS)

chaos: $(DEVELOPMENT) ## kill runs, damage files: nothing may be lost (an hour)
	$(BIN)/python -m pytest -m chaos -rA $(ARGS)

e2e: $(DEVELOPMENT) ## a page in Chromium, containers and Slurm for real (root, apt)
	@command -v chromium >/dev/null || if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium; fi
	$(BIN)/python -m pytest -m e2e -rs tests/e2e $(ARGS)

docs: $(DEVELOPMENT) ## write generated pages anew, then static pages in build/docs
	$(BIN)/python docs/generate
	$(BIN)/python -m sphinx -q -E -W --keep-going -b html -d build/doctrees -c docs . build/docs $(ARGS)
	@echo "Open build/docs/index.html"

picture: $(DEVELOPMENT) ## photograph the page of `make run` for the README (Chromium)
	$(BIN)/python docs/images/take.py ExpOutput/breast_cancer

lock: ## write both requirements files anew (ARGS=--upgrade: newer)
	@$(CHECK_PYTHON)
	@set -eu; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(PYTHON) -m venv "$$tools"; "$$tools/bin/python" -m pip install --quiet uv; PATH="$$tools/bin:$$PATH"; \
	compile() { uv pip compile pyproject.toml --quiet --extra cpu "$$@" $(ARGS); }; \
	compile --python-version 3.11 --generate-hashes --no-emit-index-url -o requirements.lock; \
	compile --group dev --python-version 3.11 --generate-hashes --no-emit-index-url \
		-c requirements.lock -o requirements-dev.lock

audit: ## compare the locks with the published vulnerabilities (pip-audit)
	@$(CHECK_PYTHON)
	@set -eu; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(PYTHON) -m venv "$$tools"; "$$tools/bin/python" -m pip install --quiet --disable-pip-version-check pip-audit; \
	for lock in requirements.lock requirements-dev.lock; do \
		echo "$$lock"; "$$tools/bin/pip-audit" --strict --disable-pip --require-hashes -r "$$lock" $(ARGS); done

sbom: ## write sbom.json: what the runtime lock installs (CycloneDX)
	@$(CHECK_PYTHON)
	@set -eu; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(PYTHON) -m venv "$$tools"; "$$tools/bin/python" -m pip install --quiet --disable-pip-version-check cyclonedx-bom; \
	"$$tools/bin/cyclonedx-py" requirements --pyproject pyproject.toml --output-reproducible --of JSON \
		-o sbom.json requirements.lock $(ARGS); \
	echo "sbom.json written"

# Not among the tools of .venv: it wants an older rich than deepfeat has.
crate: ## check the RO-Crate of a run (ARGS=ExpOutput/NAME; network)
	@$(CHECK_PYTHON)
	@set -eu; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(PYTHON) -m venv "$$tools"; "$$tools/bin/python" -m pip install --quiet --disable-pip-version-check roc-validator; \
	"$$tools/bin/rocrate-validator" -y validate --profile-identifier workflow-run-crate --no-paging $(or $(ARGS),ExpOutput/breast_cancer)

clean: ## remove .venv and every cache; Data and ExpOutput are left alone
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME):
	@$(CHECK_PYTHON)
	@echo "Setting up $(VENV) from requirements.lock; once: half a gigabyte to download, a minute or two."
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --require-hashes -r requirements.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/runtime-* && touch $@

$(DEVELOPMENT): $(RUNTIME)
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@rm -f $(VENV)/development-* && touch $@
