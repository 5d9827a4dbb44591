# make run    set up .venv if needed, run the main job with the reference subjects, print the side-by-side table
# make test   set up .venv if needed, pass lint, types and tests
# make soak   2,000 samples over HTTP with 5 % faults (half an hour)
# make bench  figures that take longer (see benchmarks/)
.DEFAULT_GOAL := run
.PHONY: run test lint types bench bench-sandboxes soak clean

VENV := .venv
PY := $(VENV)/bin/python
UV := $(shell command -v uv 2>/dev/null)
JOBS ?= auto

# PYTHONDONTWRITEBYTECODE would make every start of Inspect two times slower
$(VENV)/.ready: pyproject.toml constraints.txt
	@echo "Setting up $(VENV) (once; a few minutes) ..."
ifdef UV
	@uv venv --quiet --allow-existing $(VENV)
	@uv pip install --quiet --python $(PY) --compile-bytecode -c constraints.txt -e '.[dev]'
else
	@python3 -m venv $(VENV)
	@PYTHONDONTWRITEBYTECODE= $(PY) -m pip install --quiet --disable-pip-version-check --compile -c constraints.txt -e '.[dev]'
endif
	@touch $@

run: $(VENV)/.ready
	@$(VENV)/bin/unbidden run first-look --model unbidden/bystander --model unbidden/advocate \
	  --model unbidden/zealot --model unbidden/schemer --model unbidden/mixed

test: lint types
	$(PY) -m pytest -n $(JOBS) --dist loadgroup

lint: $(VENV)/.ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.ready
	$(VENV)/bin/pyright

bench: $(VENV)/.ready
	$(PY) benchmarks/cost_per_call.py 7 6

soak: $(VENV)/.ready
	PYTHONPATH=tests $(PY) benchmarks/soak.py 2000 0.05

bench-sandboxes: $(VENV)/.ready
	$(PY) benchmarks/sandboxes.py 200 2

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
