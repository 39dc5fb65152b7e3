PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup run test lint lock clean rasa rasa-diet rasa-serve rasa-python

setup: .venv/.installed

# Reinstalled only when the lock or the metadata changes.
.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup
	$(BIN)/anxin serve

# A file's tests stay in one process: they share what is costly to make.
test: setup lint
	$(BIN)/pytest --numprocesses auto --dist loadfile

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/anxin kb lint

# Rasa in an environment of its own: it needs Python 3.10. A model is trained anew when what it is
# trained on has changed.
RASA := .venv-rasa/bin/rasa
RASA_QUIET := RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3 PYTHONWARNINGS=ignore RASA_MAX_CACHE_SIZE=0
# On PATH (where pyenv's stand-in may be without a version behind it), then among pyenv's versions.
FIND_PYTHON310 = for python in python3.10 \
	"$${PYENV_ROOT:-$$(pyenv root 2>/dev/null)}"/versions/3.10*/bin/python3.10; do \
	"$$python" -c '' 2>/dev/null && echo "$$python" && break; done

rasa: models/rasa/anxin.tar.gz
	@echo "Rasa's model is $<. To run the bot on it: make rasa-serve, and ANXIN_NLU_ENGINE=rasa make run"

rasa-diet: models/rasa-diet/anxin.tar.gz
	@echo "Rasa's DIET model is $<. To serve it: make rasa-serve RASA_MODEL=$<"

RASA_MODEL ?= models/rasa/anxin.tar.gz
rasa-serve: $(RASA_MODEL)
	$(RASA_QUIET) $(RASA) run --enable-api -i 127.0.0.1 -p 5005 -m $(RASA_MODEL)

# Prints the Python 3.10 that make rasa would use; fails where there is none.
rasa-python:
	@python=$$($(FIND_PYTHON310)); [ -n "$$python" ] && echo "$$python" \
		|| { echo "Rasa 3.6 needs Python 3.10: put python3.10 on PATH, or run: pyenv install 3.10"; exit 1; }

.venv-rasa/.installed: requirements-rasa.lock
	@$(MAKE) --no-print-directory rasa-python
	python=$$($(FIND_PYTHON310)); "$$python" -m venv .venv-rasa
	@echo "installing Rasa 3.6 with TensorFlow: 2.5 GB, some minutes"
	@if command -v uv >/dev/null; then \
		uv pip install --quiet --python .venv-rasa/bin/python --require-hashes -r $<; \
	else \
		.venv-rasa/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<; \
	fi
	@touch $@

models/rasa/.exported: RASA_EXPORT := --config config.yml
models/rasa/.exported: config.yml
# What is cut is cut in `anxin bench nlu` too (bot/bench/nlu.py).
models/rasa-diet/.exported: RASA_EXPORT := --config nlu/rasa/diet.yml --longest 60
models/rasa-diet/.exported: nlu/rasa/diet.yml
models/rasa/.exported models/rasa-diet/.exported: .venv/.installed $(wildcard nlu/training/*.yml \
		nlu/*.py nlu/*.yaml knowledge/words.py knowledge/vocabulary/*.yaml)
	$(BIN)/anxin nlu export $(@D) $(RASA_EXPORT)
	@touch $@

# The export touches only files whose content has changed: only then is Rasa trained.
RASA_PROJECT := config.yml domain.yml data/nlu.yml data/slips.yml dictionary/vocabulary.txt
$(RASA_PROJECT:%=models/rasa/%): models/rasa/.exported
	@:
$(RASA_PROJECT:%=models/rasa-diet/%): models/rasa-diet/.exported
	@:

models/rasa/anxin.tar.gz: $(RASA_PROJECT:%=models/rasa/%)
models/rasa-diet/anxin.tar.gz: $(RASA_PROJECT:%=models/rasa-diet/%)
models/rasa/anxin.tar.gz models/rasa-diet/anxin.tar.gz: .venv-rasa/.installed
	cd $(@D) && $(RASA_QUIET) $(CURDIR)/$(RASA) train nlu --nlu data --config config.yml \
		--domain domain.yml --out . --fixed-model-name anxin

# Names, versions and hashes only; needs the uv command.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes \
		--no-emit-index-url --no-header --no-annotate pyproject.toml --output-file requirements.lock
	printf 'rasa[jieba]==3.6.21\nsetuptools<81\n' | uv pip compile --quiet --universal --python-version 3.10 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate - --output-file requirements-rasa.lock

clean:
	rm -rf .venv .venv-rasa var models
