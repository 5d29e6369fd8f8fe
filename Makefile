# What a person and the CI run alike. It needs make and Python 3.11 or newer, nothing else: every
# target first sets up .venv from the pinned requirements.

VENV    := .venv
BIN     := $(VENV)/bin
READY   := $(VENV)/.ready
# As many as there are processors, and not so many that they wait for one Docker engine.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); \
	echo $$(( n > 8 ? 8 : n )))

# The first Python that runs and is new enough (a version manager's shim may exist and not run).
PYTHON  ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)

# Where every branch must be tested: what decides about a deletion.
CORE    := reaper/model/*,reaper/errors.py,reaper/tags/*,reaper/tags.py,reaper/policy/*,$\
	reaper/policy.py,reaper/plan/*,reaper/plan.py,reaper/sweep/*,reaper/sweep.py
# These take much longer under the coverage's tracer, and the core's other tests reach every branch.
UNTRACED := tests/simulation tests/plan/test_properties.py tests/policy/test_properties.py
OF_CORE := tests/model tests/tags tests/policy tests/plan tests/sweep tests/test_errors.py
# The rest waits for engines, leases and processes more than it works.
WAITERS ?= $(shell echo $$(( $(WORKERS) * 2 )))

.PHONY: demo test check format bench matrix simulate docs setup lock clean help

help: ## Show what there is
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

demo: $(READY) ## Show the whole life of a leak, in clouds' sandboxes and on the Docker engine
	$(BIN)/reaper demo

test: $(READY) ## Run all tests; those that need a Docker engine or PostgreSQL skip without one
	@rm -f .coverage .coverage.*
	$(BIN)/pytest $(UNTRACED) -n $(WORKERS) --dist worksteal -q
	$(BIN)/pytest $(OF_CORE) $(UNTRACED:%=--ignore=%) -n $(WORKERS) -q --cov --cov-report=
	@echo "Every branch of the core:" && \
	$(BIN)/coverage report --include='$(CORE)' --fail-under=100
	$(BIN)/pytest --ignore=tests/simulation $(OF_CORE:%=--ignore=%) -n $(WAITERS) --dist loadgroup

check: $(READY) ## Check format, style, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Format, and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure what benchmarks/ measures
	$(BIN)/python -m benchmarks

matrix: $(READY) ## Try the hooks on the oldest and the newest version of each SDK (downloads them)
	$(BIN)/python -m tests.matrix $(SDK)

simulate: $(READY) ## Try thousands of histories against the promises
	$(BIN)/python -m tests.simulation

docs: $(READY) ## Write the pages that are made from the code
	$(BIN)/python docs/configuration.py > docs/configuration.md.new
	mv docs/configuration.md.new docs/configuration.md
	$(BIN)/python docs/aws_kinds.py > docs/aws-kinds.md.new
	mv docs/aws-kinds.md.new docs/aws-kinds.md
	$(BIN)/python docs/openapi.py > docs/openapi.json.new
	mv docs/openapi.json.new docs/openapi.json

setup: $(READY) ## Make .venv with everything pinned

$(READY): requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "reaper needs Python 3.11 or newer, with its venv module" \
		"(on Debian: apt-get install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@# The list is whole: resolving would only stumble over extras that it pins by their package.
	@# Most modules of the clouds' SDKs are never imported: to compile them all takes half a minute.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
		--no-compile -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation -e .
	@touch $@

lock: ## Pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile pyproject.toml --group dev --all-extras --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --upgrade \
		--custom-compile-command "make lock" --quiet -o requirements/dev.txt

clean: ## Remove what the other targets made here
	rm -rf $(VENV) .matrix .coverage .coverage.* htmlcov .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
