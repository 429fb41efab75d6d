# make demo  colorizes example pictures and says where they are
# make test  lints, type-checks and tests
# make picture makes README's picture anew
# make schemas writes docs/schemas/ anew
# make bench measures the figures that README quotes (takes minutes; nothing else should run)

PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/
DEMO ?= demo
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test lint bench picture schemas clean
.DEFAULT_GOAL = demo

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(RUN)pip install -q -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(RUN)pip install -q -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed

demo: $(VENV)/.installed
	@rm -rf $(DEMO)
	@echo 'Drawing 12 monsters ...'
	@$(RUN)python examples/monsters.py $(DEMO)/drawn --count 12 --size 768 --seed 12
	@echo 'Colorizing them ...'
	@$(RUN)colorize-cli colorize $(DEMO)/drawn/lines -o $(DEMO)/colour --hints $(DEMO)/drawn/hints -q
	@$(RUN)colorize-cli colorize $(DEMO)/drawn/lines -o $(DEMO)/transparent --reference $(DEMO)/drawn/flats --background transparent -q
	@$(RUN)colorize-cli regions $(DEMO)/drawn/lines -o $(DEMO)/regions -q
	@$(RUN)colorize-cli blend --base $(DEMO)/drawn/lines --top $(DEMO)/drawn/hints -o $(DEMO)/hinted -q
	@$(RUN)colorize-cli contact-sheet $(DEMO)/drawn/lines $(DEMO)/hinted $(DEMO)/colour $(DEMO)/transparent -o $(DEMO)/sheet.png \
		--label 'line art' --label 'with hints' --label 'colorized' --label 'from a reference' --cell 256 --across 2 -q
	@echo 'Done. Look at:'
	@echo '  $(DEMO)/sheet.png         everything side by side'
	@echo '  $(DEMO)/drawn/lines/      the line art        $(DEMO)/drawn/hints/  its colour hints'
	@echo '  $(DEMO)/colour/           finished colour, full size'
	@echo '  $(DEMO)/transparent/      the same with a transparent background, colours found in a reference picture'

picture: $(VENV)/.installed  # the picture at the head of README
	@rm -rf $(DEMO)/picture
	for style in ink thick thin pencil; do \
		$(RUN)python examples/monsters.py $(DEMO)/picture/$$style --count 3 --size 640 --style $$style --seed $$(printf $$style | wc -c) && \
		for kind in lines hints; do mkdir -p $(DEMO)/picture/$$kind && mv $(DEMO)/picture/$$style/$$kind $(DEMO)/picture/$$kind/$$style; done; done
	$(RUN)colorize-cli blend --base $(DEMO)/picture/lines --top $(DEMO)/picture/hints -o $(DEMO)/picture/hinted -q
	$(RUN)colorize-cli colorize $(DEMO)/picture/lines -o $(DEMO)/picture/colour --hints $(DEMO)/picture/hints -q
	$(RUN)colorize-cli colorize $(DEMO)/picture/lines -o $(DEMO)/picture/alone --lines tint -q
	$(RUN)colorize-cli contact-sheet $(DEMO)/picture/hinted $(DEMO)/picture/colour $(DEMO)/picture/alone -o docs/monsters.png --overwrite -q \
		--label 'line art and hints' --label 'colorized' --label 'without hints, lines tinted' --cell 200 --across 3

schemas: $(VENV)/.installed
	@mkdir -p docs/schemas
	for name in $$($(RUN)colorize-cli schema | cut -d: -f1); do $(RUN)colorize-cli schema $$name > docs/schemas/$$name.json || exit 1; done

lint: $(VENV)/.installed-dev
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy

test: lint
	$(RUN)python -m pytest

bench: $(VENV)/.installed-dev
	$(RUN)python benchmarks/batch.py --json benchmarks/results/batch.json
	$(RUN)python benchmarks/trapped_ball.py --json benchmarks/results/trapped_ball.json
	$(RUN)python benchmarks/hints_speed.py --json benchmarks/results/hints_speed.json
	$(RUN)python benchmarks/evaluate.py --json benchmarks/results/evaluate.json
	$(RUN)python benchmarks/train_step.py --json benchmarks/results/train_step.json
	$(RUN)python benchmarks/inference.py --json benchmarks/results/inference.json
	$(RUN)python benchmarks/onnx_speed.py --json benchmarks/results/onnx_speed.json
	$(RUN)python benchmarks/consistency.py --model flat fillnet --json benchmarks/results/consistency.json

clean:
	rm -rf $(VENV) $(DEMO) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
