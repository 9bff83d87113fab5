# From a table of songs to a report. `make` alone lists the targets.
PYTHON ?= python3
VENV ?= .venv
SOURCE ?= sample
RUNS ?= runs

BIN := $(VENV)/bin
CODE := $(filter-out tests/% notebooks/make_%,$(wildcard *.py */*.py notebooks/*.json starter_models/*/*.json))
NAMES := $(shell $(PYTHON) notebooks/choose_notebooks.py "$(SOURCE)" 2>/dev/null)
PAGES := $(NAMES:%=$(RUNS)/%.html)
.PHONY: help run test test-colab bench notebooks covers lint clean FORCE
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
run: $(RUNS)/index.html
	@echo "done: open $(RUNS)/index.html"
# A notebook depends on all code and on the notebook whose results it reads.
$(RUNS)/03_explore_popularity.ipynb $(RUNS)/09_commercial_success.ipynb: $(RUNS)/02_prepare_and_split.ipynb
$(RUNS)/06_train_models.ipynb $(RUNS)/10_recommend_and_playlists.ipynb: $(RUNS)/05_make_spectrograms.ipynb
$(RUNS)/07_compare_models.ipynb $(RUNS)/08_genre_influences.ipynb: $(RUNS)/06_train_models.ipynb
$(RUNS)/02_prepare_and_split.ipynb $(RUNS)/05_make_spectrograms.ipynb: $(RUNS)/.source
$(RUNS)/09_commercial_success.ipynb: $(RUNS)/.charts
# 05 and 08 need sound files; 10 reads what 05 wrote, or a table. Without a SOURCE they use the sample songs.
sound := $(if $(filter 03_%,$(NAMES)),,yes)
table := $(if $(sound),,$(filter-out sample,$(SOURCE)))
$(RUNS)/%: parameters =
$(RUNS)/02%: parameters = -r SOURCE "$(SOURCE)"
$(RUNS)/05% $(RUNS)/08%: parameters = $(if $(sound),-r SOURCE "$(SOURCE)")
$(RUNS)/09%: parameters = $(if $(CHARTS),-r CHARTS "$(CHARTS)")
$(RUNS)/10%: parameters = $(if $(table),-r SOURCE "$(SOURCE)")
# An executed notebook gets its name only after its last cell has run.
$(RUNS)/%.ipynb: notebooks/%.ipynb $(CODE) $(VENV)/installed
	@mkdir -p $(RUNS) && echo "running $*"
	@env -u MPLBACKEND $(BIN)/papermill --no-log-output --progress-bar $< $(RUNS)/$*.unfinished.ipynb \
		-r OUT_DIR "$(RUNS)" $(parameters) || { \
		echo "make: $* stopped; the cell that failed is shown in $(RUNS)/$*.unfinished.ipynb"; exit 1; }
	@mv $(RUNS)/$*.unfinished.ipynb $@
$(RUNS)/%.html: $(RUNS)/%.ipynb notebooks/make_pages.py
	@$(BIN)/python notebooks/make_pages.py $<
$(RUNS)/index.html: $(PAGES) notebooks/make_index.py $(VENV)/installed
	@$(BIN)/python notebooks/make_index.py $(RUNS)
# These files change only when SOURCE or CHARTS names another file, or when that file has changed.
$(RUNS)/.source: source = $(SOURCE)
$(RUNS)/.charts: source = $(CHARTS)
$(RUNS)/.source $(RUNS)/.charts: FORCE
	@mkdir -p $(RUNS)
	@{ echo "$(source)"; test -z "$(source)" || ls -lnR "$(source)" 2>/dev/null || true; } > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

## make test                  run the whole test suite
# Two files at a time: the tests of one file share trained models. One OpenMP thread each, or they compete for cores.
test: $(VENV)/installed-tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile
## make test-colab            the same with Colab's versions, in an environment of its own
test-colab:
	@$(MAKE) test VENV=$(VENV)-colab CONSTRAINTS=tests/constraints-colab.txt
## make bench                 measure speed; every other benchmark is a script in tests/benchmarks (-h explains it)
bench: $(VENV)/installed-tests
	$(BIN)/python tests/benchmarks/bench_speed.py
## make lint                  check the style of the code
lint: $(VENV)/installed-tests
	$(BIN)/ruff check .
## make covers                take the README's figures from the executed notebooks
covers: $(PAGES)
	$(BIN)/python notebooks/make_index.py $(RUNS) covers
## make notebooks             make the notebooks from notebooks/scripts (REPO=owner/name sets the project's address)
notebooks: $(VENV)/installed
	$(BIN)/python notebooks/make_notebooks.py $(REPO)
## make clean                 remove environments and results
clean:
	rm -rf $(VENV) $(VENV)-colab $(RUNS)
