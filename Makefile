# From a table of songs to a report. `make` alone lists the targets.
PYTHON ?= python3
VENV ?= .venv
SOURCE ?= sample
RUNS ?= runs
JOBS ?= 2
DATA ?= ../shared/data
# The names of files reach the shell as they are: neither make nor the shell expands what they hold.
override SOURCE := $(value SOURCE)
override CHARTS := $(value CHARTS)
override DATA := $(value DATA)
export SOURCE CHARTS DATA

ifneq ($(words $(RUNS)),1)
$(error RUNS=$(RUNS) must be one path without blanks, because make takes each word for a file)
endif
BIN := $(VENV)/bin
CODE := $(filter-out tests/% notebooks/make_%,$(wildcard *.py */*.py notebooks/*.json starter_models/*/*.json))
NAMES := $(patsubst $(RUNS)/.parameters/%.yaml,%,$(wildcard $(RUNS)/.parameters/*.yaml))
# The notebooks that take longest come first: two run at a time.
PAGES := $(patsubst %,$(RUNS)/%.html,$(filter 05_% 06_%,$(NAMES)) $(filter-out 05_% 06_%,$(NAMES)))
.PHONY: help run choose pages index test test-colab bench notebooks covers lint clean
.SECONDARY:
help:
	@sed -n 's/^## //p' Makefile

define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $(PYTHON) is $$($(PYTHON) -V 2>&1): Python 3.11 or newer is needed." \
		"Please install Python 3.11 or newer, or name one with PYTHON=..."; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(@D) || { echo "make: on Debian, do: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $< $(CONSTRAINTS:%=-c %) || { \
		echo "make: the packages could not be installed: is there a connection to PyPI?"; exit 1; }
	@touch $@
endef
$(VENV)/installed: requirements.txt $(CONSTRAINTS)
	$(install)
	@$(BIN)/python -m learning.pretrained 2>/dev/null
$(VENV)/installed-tests: tests/requirements.txt $(CONSTRAINTS) $(VENV)/installed
	$(install)

## make run                   run every notebook on the synthetic sample; the report begins at runs/index.html
## make run SOURCE=songs.csv  the same on your own table, a folder of sound files, or a public data set by name
##                            (RUNS=folder keeps its results apart; CHARTS=hot100.csv adds a weekly chart)
##                            (JOBS=1 runs one notebook at a time, not two)
# One notebook that stops does not stop the others: the index shows what there is.
run: choose
	@$(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) pages; status=$$?; \
		$(MAKE) --no-print-directory index && exit $$status
# Which notebooks have data, and what their parameters are, is decided when the source has been read.
choose: $(VENV)/installed
	@mkdir -p $(RUNS)
	@$(BIN)/python notebooks/choose_notebooks.py "$$SOURCE" "$(RUNS)" "$$CHARTS"
pages: $(PAGES)
index:
	@$(BIN)/python notebooks/make_index.py $(RUNS)
	@echo "open $(RUNS)/index.html"
# A notebook depends on all code, on its parameters, and on the notebook whose results it reads, where that one runs.
after = $(patsubst %,$(RUNS)/%.ipynb,$(filter $(1)_%,$(NAMES)))
$(RUNS)/03_explore_popularity.ipynb $(RUNS)/09_commercial_success.ipynb: $(call after,02)
$(RUNS)/00_quickstart.ipynb $(RUNS)/06_train_models.ipynb $(RUNS)/10_recommend_and_playlists.ipynb: $(call after,05)
$(RUNS)/07_compare_models.ipynb $(RUNS)/08_genre_influences.ipynb: $(call after,06)
# An executed notebook gets its name only after its last cell has run.
$(RUNS)/%.ipynb: notebooks/%.ipynb $(RUNS)/.parameters/%.yaml $(CODE) $(VENV)/installed
	@echo "running $*"
	@env -u MPLBACKEND $(BIN)/papermill --no-log-output --no-progress-bar $< $(RUNS)/$*.unfinished.ipynb \
		-f $(RUNS)/.parameters/$*.yaml 2> $(RUNS)/.$*.log || { \
		printf '%s\nmake: $* stopped; the cell that failed is shown in $(RUNS)/$*.unfinished.ipynb\n' \
		"$$(grep . $(RUNS)/.$*.log | tail -n 1)"; exit 1; }
	@mv $(RUNS)/$*.unfinished.ipynb $@ && rm $(RUNS)/.$*.log && echo "finished $*"
$(RUNS)/%.html: $(RUNS)/%.ipynb notebooks/make_pages.py
	@$(BIN)/python notebooks/make_pages.py $<

## make test                  run the whole test suite
# Two files at a time: the tests of one file share trained models. One OpenMP thread each, or they compete for cores.
test: $(VENV)/installed-tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile
## make test-colab            the same with Colab's versions, in an environment of its own
test-colab:
	@$(MAKE) test VENV=$(VENV)-colab CONSTRAINTS=tests/constraints-colab.txt
## make bench                 measure speed; with DATA=folder also key, tempo, structure and estimates on real music
##                            (see docs/results.md); the other benchmarks are scripts in tests/benchmarks (-h)
# Essentia, which some results are compared with, does not exist for every version of Python: it is optional.
bench: $(VENV)/installed-tests
	$(BIN)/python tests/benchmarks/bench_speed.py
	@if test -f "$$DATA/gtzan/annotations.csv"; then \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check essentia 2>/dev/null; \
		for part in sound structure estimates; do \
			$(BIN)/python tests/benchmarks/bench_$$part.py --data "$$DATA" || exit 1; done; \
	else echo "key, tempo, structure and estimates are not measured: no gtzan/annotations.csv in DATA=$$DATA"; fi
## make lint                  check the style of the code
lint: $(VENV)/installed-tests
	$(BIN)/ruff check .
## make covers                take the README's figures from the executed notebooks
covers: run
	$(BIN)/python notebooks/make_index.py $(RUNS) covers
## make notebooks             make the notebooks from notebooks/scripts (REPO=owner/name sets the project's address)
notebooks: $(VENV)/installed
	$(BIN)/python notebooks/make_notebooks.py $(REPO)
## make clean                 remove environments and results
clean:
	rm -rf $(VENV) $(VENV)-colab $(RUNS)
