# From a table of songs to pages of findings. `make` alone says what can be made.
PYTHON ?= python3
VENV ?= .venv
# What to run on: sample, a table, a folder of sound files, or a known data set's name; and where the results go.
SOURCE ?= sample
RUNS ?= runs

BIN := $(VENV)/bin
NOTEBOOKS := $(sort $(wildcard notebooks/[0-9]*.ipynb))
SCRIPTS := $(sort $(wildcard notebooks/scripts/[0-9]*.py))
# Sound alone has no popularity: 03 and 09 have nothing to say of it.
SOUND_ALONE := $(wildcard $(SOURCE)/.)$(filter fma_% gtzan,$(SOURCE))
PAGES := $(patsubst notebooks/%.ipynb,$(RUNS)/%.html,$(if $(SOUND_ALONE),$(filter-out notebooks/03_% notebooks/09_%,$(NOTEBOOKS)),$(NOTEBOOKS)))

.DEFAULT_GOAL := help
.PHONY: help run test test-colab notebooks covers bench bench-gtzan bench-transfer bench-tables bench-influences bench-recommend starter-sample starter-gtzan \
	lint clean FORCE
.SECONDARY:

help:  ## Say what can be made
	@echo "make run                       run every notebook on the synthetic sample; the pages begin at $(RUNS)/index.html"
	@echo "make run SOURCE=songs.csv      the same on your own table, folder of sound files, or a known data set (RUNS=folder"
	@echo "                               keeps its results apart)"
	@echo "make run CHARTS=hot100.csv     the same with a weekly chart, CSV or JSON, to set the songs of SOURCE beside"
	@echo "make test                      run the whole test suite"
	@echo "make test-colab                the same on Colab's versions, in an environment of its own"
	@echo "make bench                     measure speeds"
	@echo "make bench-gtzan IMAGES=... FEATURES=... TRAIN=... VALID=... [TEST=...] [FAST=1]"
	@echo "                               the whole family on a published split, into results/bench_gtzan.csv"
	@echo "make bench-transfer [IMAGES=... TRAIN=... VALID=...]"
	@echo "                               what a trained network is worth for ten songs each of other genres"
	@echo "make bench-tables TOP_HITS=... TIDYTUESDAY=..."
	@echo "                               the table models on the teaching tables: the report's split, and artists held out"
	@echo "make bench-influences KNOWN=96 [MODEL=sample] [STRANGE=folder] [CLIPS=folder]"
	@echo "                               what a starter model finds of what is known"
	@echo "make starter-sample, make starter-gtzan IMAGES=... LISTS=... [FEATURES=...]"
	@echo "                               train the models that are there from the start"
	@echo "make bench-recommend [TIDYTUESDAY=...]"
	@echo "                               recommendations: playlists continued, neighbours that share a genre, speed"
	@echo "make notebooks                 make the notebooks from notebooks/scripts (REPO=owner/name sets the project's address)"
	@echo "make covers                    take the README's pictures from the executed notebooks"
	@echo "make lint                      check the code's style"
	@echo "make clean                     remove environments and results"

# ---- the environment

define create_environment
	@command -v $(PYTHON) >/dev/null || { echo "make: no $(PYTHON) here: install Python 3.11 or newer, or name one with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $(PYTHON) is $$($(PYTHON) -V): Python 3.11 or newer is needed; name one with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
		echo "make: $(PYTHON) cannot make virtual environments: install its venv package (Debian, Ubuntu: apt install python3-venv)"; exit 1; }
	test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check $(2) || { \
		echo "make: the packages could not be installed: is there a connection to PyPI?"; exit 1; }
	@touch $@
endef

$(VENV)/installed: requirements.txt
	$(call create_environment,$(VENV),-r requirements.txt)

$(VENV)/installed-tests: tests/requirements.txt $(VENV)/installed
	$(call create_environment,$(VENV),-r requirements.txt -r tests/requirements.txt)

$(VENV)-colab/installed: requirements.txt tests/requirements.txt tests/constraints-colab.txt
	$(call create_environment,$(VENV)-colab,-r requirements.txt -r tests/requirements.txt -c tests/constraints-colab.txt)

# ---- the notebooks, in the order in which the data flows

TABLES := sample_songs.py tables.py data_sets.py prepare.py preprocessing.py associations.py explore.py
parameters = -r OUT_DIR "$(RUNS)"

$(RUNS)/02_prepare_and_split.ipynb: $(TABLES) $(RUNS)/.source
$(RUNS)/02_prepare_and_split.ipynb: parameters += -r SOURCE "$(SOURCE)"
$(RUNS)/03_explore_popularity.ipynb: $(TABLES) $(RUNS)/02_prepare_and_split.ipynb

# Songs that can be heard: the folder or data set of sound that SOURCE names; else songs made to order.
SOUND := decoding.py audio.py patterns.py pictures.py recipes.py instruments.py synthesis.py corpus.py structure.py librosa_visuals.py portions.py descriptors.py features.py
songs = $(or $(filter fma_% gtzan,$(SOURCE)),$(shell test -d "$(SOURCE)" && echo "$(SOURCE)" || echo sample_songs))
$(RUNS)/04_listen_and_look.ipynb: $(TABLES) $(SOUND) $(RUNS)/.source
$(RUNS)/05_make_spectrograms.ipynb: $(TABLES) $(SOUND) $(RUNS)/.source
$(RUNS)/05_make_spectrograms.ipynb: parameters += -r SOURCE "$(songs)"

$(RUNS)/01_collect_from_spotify.ipynb: $(TABLES) spotify.py collect.py notebooks/recorded_library.json

MODELS := batches.py textures.py networks.py saving.py targets.py classifiers.py models.py training.py evaluate.py
$(RUNS)/06_train_models.ipynb: $(MODELS) $(RUNS)/05_make_spectrograms.ipynb
$(RUNS)/07_compare_models.ipynb: $(MODELS) $(RUNS)/06_train_models.ipynb

NUANCE := $(MODELS) windows.py familiarity.py influences.py explanations.py genre_maps.py starters.py song_cards.py $(wildcard starter_models/*/model.json)
heard = $(shell test -d "$(SOURCE)" && echo "$(SOURCE)")
$(RUNS)/00_quickstart.ipynb: $(SOUND) $(NUANCE)
$(RUNS)/08_genre_influences.ipynb: $(TABLES) $(SOUND) $(NUANCE) labelling.py known_answers.py recommend.py nearness.py $(RUNS)/06_train_models.ipynb
$(RUNS)/08_genre_influences.ipynb: parameters += -r SOURCE "$(heard)"

# Songs to choose from: a table that SOURCE names, where it is one; else what was described before.
RECOMMEND := nearness.py matching.py recommend.py collect.py
table = $(shell test "$(SOURCE)" = sample -o -d "$(SOURCE)" || echo "$(SOURCE)")
$(RUNS)/10_recommend_and_playlists.ipynb: $(RECOMMEND) $(NUANCE) $(RUNS)/05_make_spectrograms.ipynb $(RUNS)/.source
$(RUNS)/10_recommend_and_playlists.ipynb: parameters += -r SOURCE "$(table)"

SUCCESS := sample_charts.py song_names.py nearness.py recommend.py charts.py trends.py hits.py success.py
$(RUNS)/09_commercial_success.ipynb: $(TABLES) $(SOUND) evaluate.py $(SUCCESS) $(RUNS)/02_prepare_and_split.ipynb $(RUNS)/.charts
$(RUNS)/09_commercial_success.ipynb: parameters += $(if $(CHARTS),-r CHARTS "$(CHARTS)")

run: $(RUNS)/index.html
	@echo "done: open $(RUNS)/index.html"

# An executed notebook appears under its name only once it has run to its end.
$(RUNS)/%.ipynb: notebooks/%.ipynb $(VENV)/installed
	@mkdir -p $(RUNS)
	@echo "running $*"
	@env -u MPLBACKEND $(BIN)/papermill --no-log-output --progress-bar $< $(RUNS)/$*.unfinished.ipynb $(parameters) || { \
		echo "make: $* stopped; the cell that failed is shown in $(RUNS)/$*.unfinished.ipynb"; exit 1; }
	@mv $(RUNS)/$*.unfinished.ipynb $@

$(RUNS)/%.html: $(RUNS)/%.ipynb
	@$(BIN)/jupyter-nbconvert --log-level=ERROR --to html --output-dir $(RUNS) $<

$(RUNS)/index.html: $(PAGES) notebooks/make_index.py
	@$(BIN)/python notebooks/make_index.py $(RUNS)

# Change only when another source or chart is named, or what they name has changed.
$(RUNS)/.source: named = $(SOURCE)
$(RUNS)/.charts: named = $(CHARTS)
$(RUNS)/.source $(RUNS)/.charts: FORCE
	@mkdir -p $(RUNS)
	@{ echo "$(named)"; test -z "$(named)" || ls -lnR "$(named)" 2>/dev/null || true; } > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# ---- for those who change the project

# Two files of tests at a time, since the tests of one file share what they have trained; each with one thread for OpenMP,
# whose threads would wait for each other's processor.
pytest = OMP_NUM_THREADS=1 $(1)/bin/python -m pytest -n 2 --dist loadfile

test: $(VENV)/installed-tests
	$(call pytest,$(VENV))

test-colab: $(VENV)-colab/installed
	$(call pytest,$(VENV)-colab)

bench: $(VENV)/installed-tests
	$(BIN)/python tests/benchmark.py

# FAST=1 leaves out the networks on pictures.
bench-gtzan: $(VENV)/installed-tests
	@test -n "$(IMAGES)" -a -n "$(FEATURES)" -a -n "$(TRAIN)" -a -n "$(VALID)" || { \
		echo "make bench-gtzan IMAGES=folder FEATURES=features_30_sec.csv TRAIN=train.txt VALID=valid.txt [TEST=test.txt] [FAST=1]"; exit 1; }
	$(BIN)/python tests/bench_gtzan.py --images "$(IMAGES)" --features "$(FEATURES)" --train "$(TRAIN)" --valid "$(VALID)" \
		$(if $(TEST),--test "$(TEST)") $(if $(FAST),--fast)

bench-transfer: $(VENV)/installed-tests
	$(BIN)/python tests/bench_transfer.py $(if $(IMAGES),--images "$(IMAGES)" --train "$(TRAIN)" --valid "$(VALID)")

bench-tables: $(VENV)/installed-tests
	@test -n "$(TOP_HITS)$(TIDYTUESDAY)" || { \
		echo "make bench-tables TOP_HITS=songs_normalize.csv TIDYTUESDAY=spotify_songs.csv (either or both)"; exit 1; }
	$(BIN)/python tests/bench_tables.py --top-hits "$(TOP_HITS)" --tidytuesday "$(TIDYTUESDAY)"

# KNOWN=96 judges 96 songs of each kind; the others are folders.
bench-influences: $(VENV)/installed-tests
	$(BIN)/python tests/bench_influences.py --model "$(or $(MODEL),sample)" --known "$(or $(KNOWN),0)" --strange "$(STRANGE)" --clips "$(CLIPS)"

starter-sample: $(VENV)/installed
	$(BIN)/python starter_models/make_starters.py sample --songs $(RUNS)/starter_songs

starter-gtzan: $(VENV)/installed
	@test -n "$(IMAGES)" -a -n "$(LISTS)" || { \
		echo "make starter-gtzan IMAGES=folder LISTS='train.txt valid.txt' [FEATURES=features_30_sec.csv]"; exit 1; }
	$(BIN)/python starter_models/make_starters.py gtzan --images "$(IMAGES)" --lists $(LISTS) $(if $(FEATURES),--features "$(FEATURES)")

bench-recommend: $(VENV)/installed-tests
	$(BIN)/python tests/bench_recommend.py --tidytuesday "$(TIDYTUESDAY)"

lint: $(VENV)/installed-tests
	$(BIN)/ruff check .

covers: $(PAGES)
	$(BIN)/python notebooks/make_index.py $(RUNS) covers

notebooks: $(VENV)/installed
	$(BIN)/python notebooks/make_notebooks.py $(REPO)

clean:
	rm -rf $(VENV) $(VENV)-colab $(RUNS)
