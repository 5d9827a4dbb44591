# make run    set up .venv if needed, run the main job with the reference subjects, print the side-by-side table
# make test   set up .venv if needed, pass lint, types and tests
# make fuzz   the fuzzers with fifty times as many examples, drawn anew
# make soak   2,000 samples over HTTP with 5 % faults (half an hour)
# make bench  figures that take longer (see benchmarks/)
# make kill   50 kills of 60-sample runs, and what each cost
.DEFAULT_GOAL := run
.PHONY: run test lint types fuzz bench kill soak bench-sandboxes bench-labels bench-rescore clean

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
	$(PY) -m pytest -n $(JOBS) --dist loadfile

lint: $(VENV)/.ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.ready
	$(VENV)/bin/pyright

fuzz: $(VENV)/.ready
	UNBIDDEN_FUZZ=50 $(PY) -m pytest -n $(JOBS) tests/safety/test_fuzz_content.py tests/safety/test_fuzz_world.py tests/safety/test_fuzz_log.py

bench: $(VENV)/.ready
	$(PY) benchmarks/cost_per_call.py 7 6

kill: $(VENV)/.ready
	$(PY) benchmarks/kill.py 50

soak: $(VENV)/.ready
	PYTHONPATH=tests $(PY) benchmarks/soak.py 2000 0.05

bench-sandboxes: $(VENV)/.ready
	$(PY) benchmarks/sandboxes.py 200 2

bench-labels: $(VENV)/.ready
	$(PY) benchmarks/coverage_labels.py 1000 1

bench-rescore: $(VENV)/.ready
	$(PY) benchmarks/rescore.py 100

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
