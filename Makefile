# The two commands are `make demo` and `make test`; each makes what it needs first. Run `make help` for the others.

PYTHON ?= python3
ARGS ?=
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# An almost empty environment must be enough: the system's certificates, no downloaded Python, compiled bytecode.
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := 1
export UV_COMPILE_BYTECODE := 1
export UV_NO_PROGRESS := 1
export NODE_EXTRA_CA_CERTS ?= /etc/ssl/certs/ca-certificates.crt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Some machines forbid bytecode; without it every start of `bps` or `campaign` takes three times as long.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV
unexport PYTHONPATH

UV := .build/bootstrap/bin/uv
PAGES := packages/campaigns/pages
BUILT := packages/campaigns/src/campaigns/web/static/built

.PHONY: help setup demo test lint bench chaos pages requirements clean

help: ## list these commands
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

# ---- environments -----------------------------------------------------------------------------------------------

.build/bootstrap/.ready: requirements/bootstrap.txt
	$(PYTHON) -m venv --clear .build/bootstrap
	.build/bootstrap/bin/python -m pip install --quiet --require-hashes -r requirements/bootstrap.txt
	touch $@

.venv/.service: requirements/service.txt packages/campaigns/pyproject.toml .build/bootstrap/.ready
	$(UV) venv --quiet --clear --python $(PYTHON) .venv
	$(UV) pip install --quiet --python .venv --require-hashes -r requirements/service.txt
	$(UV) pip install --quiet --python .venv --no-deps --editable packages/campaigns
	touch $@

.venv/.dev: requirements/dev.txt .venv/.service
	$(UV) pip install --quiet --python .venv --require-hashes -r requirements/dev.txt
	touch $@

.stack/.ready: requirements/stack.txt packages/dataid-sets/pyproject.toml packages/demo-pipeline/pyproject.toml .build/bootstrap/.ready
	$(UV) venv --quiet --clear --python $(PYTHON) .stack
	$(UV) pip install --quiet --python .stack --require-hashes -r requirements/stack.txt
	$(UV) pip install --quiet --python .stack --no-deps --editable packages/dataid-sets --editable packages/demo-pipeline
	touch $@

setup: .venv/.service .stack/.ready $(BUILT)/.ready ## make .venv (the service) and .stack (the demo stack)
