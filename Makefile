# make grade   set up, then grade the example submissions
# make test    set up, then run the tests (make test-all: the slow ones too)
# make validity  what `grader verify` says, into docs/validity.md
# make translations  the words of the feedback pages, brought in step with the source
# make check   format, lint, types, tests
# make gpu-check tests and benchmark on a graphics card, without a network; PYTHON and WHEELS as in benchmarks/training/check.py
.PHONY: setup grade test test-all validity translations check format lint types examples gpu-check

PYTEST = .venv/bin/python -m pytest -q

setup:
	@tools/setup.sh

grade: setup
	@.venv/bin/grader grade examples/submissions --out results --profile quick --device cpu || [ $$? -eq 1 ]

test: setup
	$(PYTEST) -m "not slow" -n 2

test-all: setup
	$(PYTEST) -n 2

validity: setup
	.venv/bin/grader verify --report docs/validity.md

WORDS = grader/reports/feedback
translations: setup
	.venv/bin/pybabel -q extract -F tools/babel.cfg --no-location --sort-output -o .venv/feedback.pot $(WORDS)
	.venv/bin/pybabel -q update -i .venv/feedback.pot -d $(WORDS)/locale -D feedback --no-fuzzy-matching --ignore-pot-creation-date
	.venv/bin/pybabel -q compile -d $(WORDS)/locale -D feedback --statistics

check: format lint types test

format: setup
	.venv/bin/ruff format grader reference tests examples benchmarks

lint: setup
	.venv/bin/ruff format --check grader reference tests examples benchmarks
	.venv/bin/ruff check grader reference tests examples benchmarks

types: setup
	.venv/bin/mypy

examples: setup
	.venv/bin/python examples/build.py

# Not by way of set-up, which needs a network: with .venv where it is, else with the machine's own Python.
gpu-check:
	@python=$${PYTHON:-python3}; [ -x .venv/bin/python ] && python=$${PYTHON:-.venv/bin/python}; \
	$$python benchmarks/training/check.py
