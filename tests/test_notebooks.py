"""The notebooks: their form, and that each runs without a user, by itself, from any folder of the project."""

import json
import re
import subprocess
import sys

import make_index
import make_pages
import nbformat
import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import ROOT

from synth.corpus import make_corpus
from synth.sample_table import GENRES, make_table

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]
SERIES = ["00_quickstart", "01_collect_from_spotify", "02_prepare_and_split", "03_explore_popularity",
          "04_listen_and_look", "05_make_spectrograms", "06_train_models", "07_compare_models", "08_genre_influences",
          "09_commercial_success", "10_recommend_and_playlists"]
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell["cell_type"] == "code"]


def parameter_lines(path):
    """The lines of the cells tagged `parameters`, a list for each cell."""
    tagged = [cell for cell in code_cells(path) if "parameters" in cell["metadata"].get("tags", [])]
    return [cell["source"].splitlines() for cell in tagged]


def run(name, out, cwd=ROOT, **parameters):
    """Execute a notebook as a user would, by papermill's command, in a new kernel; returns the executed notebook."""
    notebook = ROOT / "notebooks" / f"{name}.ipynb"
    executed = out / f"{name}.ipynb"
    options = []
    for key, value in parameters.items():
        options += ["-p" if isinstance(value, int) else "-r", key, str(value)]
    done = subprocess.run([sys.executable, "-m", "papermill", str(notebook), str(executed), *options], cwd=cwd,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    notebook = nbformat.read(executed, as_version=4)
    assert lines_of_libraries(notebook) == []
    page = make_pages.make_page(notebook, "")
    assert 'src="http' not in page and page.count("<img") == page.count('<img alt="')
    return notebook


def lines_of_libraries(notebook):
    """What no output may hold: lines on standard error, warnings, logs, and the lines of progress bars."""
    texts = [(output.get("name"), output["text"]) for output in outputs(notebook) if output["output_type"] == "stream"]
    log = re.compile(r"\r|\d%\||Warning:|^[IWEF]\d{4} |^WARNING|absl::")
    return [line for name, text in texts for line in text.splitlines(keepends=True)
            if name == "stderr" or log.search(line)]


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def count_figures(notebook):
    return sum("image/png" in output.get("data", {}) for output in outputs(notebook))


def printed(notebook):
    return "".join(output.get("text", "") for output in outputs(notebook))


def small_corpus(folder, songs_per_genre, genres=GENRES):
    """Synthetic songs of six seconds in a folder for each genre."""
    make_corpus(folder, songs_per_genre=songs_per_genre, genres=genres, seconds=6, long_songs=0, n_jobs=2)
    return folder


# ---- form

def test_the_notebooks_are_those_of_the_series():
    assert NAMES == SERIES


@each_notebook
def test_a_notebook_is_valid_and_keeps_no_outputs(path):
    nbformat.validate(nbformat.read(path, as_version=4))
    assert not any(cell["outputs"] for cell in code_cells(path))


@each_notebook
def test_a_notebook_begins_with_its_title_and_a_badge_to_its_own_path(path):
    first = nbformat.read(path, as_version=4).cells[0]["source"]
    assert first.startswith("# ") and f"/blob/main/notebooks/{path.name}" in first


@each_notebook
def test_the_parameters_are_in_one_cell_typed_and_commented(path):
    (lines,) = parameter_lines(path)
    for line in lines:
        assert re.fullmatch(r"[A-Z_]+: \w+ = (\".*\"|[\d.]+|True|False|None)  # .+", line)


@each_notebook
def test_no_cell_defines_a_function(path):
    for cell in code_cells(path):
        assert not re.search(r"^def ", cell["source"], re.MULTILINE)


@each_notebook
def test_no_notebook_holds_a_secret(path):
    assert "client_secret" not in path.read_text(encoding="utf-8")


def test_the_bootstrap_cell_is_the_same_everywhere_and_short():
    bootstraps = {code_cells(path)[0]["source"] for path in NOTEBOOKS}
    assert len(bootstraps) == 1
    assert len(bootstraps.pop().splitlines()) <= 12


@each_notebook
def test_the_parameters_are_checked_before_anything_else(path):
    cells = code_cells(path)
    (number,) = (number for number, cell in enumerate(cells) if "parameters" in cell["metadata"].get("tags", []))
    assert cells[number + 1]["source"] == "from prepare import check_parameters; check_parameters()"


def test_a_parameter_that_a_notebook_does_not_have_stops_it(tmp_path):
    command = [sys.executable, "-m", "papermill", str(ROOT / "notebooks" / "02_prepare_and_split.ipynb"),
               str(tmp_path / "02.ipynb"), "-r", "SOURC", "x"]
    stopped = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert stopped.returncode and "did you mean SOURCE?" in stopped.stderr


def test_the_bootstrap_cell_says_in_one_sentence_that_the_project_is_not_there(tmp_path):
    address = (ROOT / "notebooks" / "REPO").read_text(encoding="utf-8").strip()
    cell = code_cells(NOTEBOOKS[0])[0]["source"].replace(address, "owner/name")
    done = subprocess.run([sys.executable, "-c", cell], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and not list(tmp_path.iterdir())
    assert re.fullmatch(rf"{tmp_path} is outside the project's folder: .*\.\n", done.stderr)


def test_a_parameter_has_the_same_type_in_every_notebook():
    types = {}
    for path in NOTEBOOKS:
        for line in sum(parameter_lines(path), []):
            name, kind = re.match(r"([A-Z_]+): (\w+)", line).groups()
            assert types.setdefault(name, kind) == kind


# ---- they run

def test_quickstart_describes_the_synthetic_song_on_a_page_and_as_data(musicnn, tmp_path):
    notebook = run("00_quickstart", tmp_path, OUT_DIR=tmp_path)
    assert count_figures(notebook) == 2, "the tags over time and the card for print"
    page, data, card = (next((tmp_path / "songs").glob(f"*.{kind}")) for kind in ("html", "json", "png"))
    description = json.loads(data.read_text(encoding="utf-8"))
    assert {"hip hop", "metal"} <= {row["genre"] for row in description["shares"][:2]}
    assert ("genre", "electro") in {(tag["group"], tag["word"]) for tag in description["tags"][:5]}
    assert all(sentence in printed(notebook) for sentence in description["sentences"])
    assert "turns into metal" in description["sentences"][0] and page.stat().st_size < 6e6


def test_collect_runs_without_an_account(tmp_path, monkeypatch):
    monkeypatch.delenv("SPOTIPY_CLIENT_ID", raising=False)
    notebook = run("01_collect_from_spotify", tmp_path, OUT_DIR=tmp_path)
    assert "recorded example with made-up names" in printed(notebook) and count_figures(notebook) == 1
    assert len(pd.read_csv(tmp_path / "spotify" / "saved_tracks.csv")) == 60
    assert (tmp_path / "spotify" / "first_ten.xspf").exists()


def test_explore_reads_the_split_of_prepare_in_which_no_artist_is_on_two_sides(tmp_path):
    prepared = run("02_prepare_and_split", tmp_path, OUT_DIR=tmp_path)
    assert count_figures(prepared) == 4
    assert "1,224 rows in, 1,197 tracks out" in printed(prepared)
    sides = [pd.read_parquet(tmp_path / "tracks" / f"{name}.parquet") for name in ("train", "validate", "test")]
    train, validate, test = (set(side["artist"]) for side in sides)
    assert not (train & validate or train & test or validate & test)

    explored = run("03_explore_popularity", tmp_path, OUT_DIR=tmp_path)
    assert count_figures(explored) == 10
    assert f"{len(sides[0])} of them explored" in printed(explored)
    claims = pd.read_csv(tmp_path / "claims.csv")
    assert claims["verdict_within"].tolist() == ["holds", "holds"], "the sample was made so that both claims hold"

    make_index.main(tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert page.count("<img") == 2 and "Prepare and split" in page and "03_explore_popularity.html" in page


@pytest.mark.parametrize("where", [ROOT / "notebooks", ROOT / "notebooks" / "scripts"], ids=lambda path: path.name)
def test_explore_runs_by_itself_from_another_folder(tmp_path, where):
    explored = run("03_explore_popularity", tmp_path, cwd=where, OUT_DIR=tmp_path / "nothing here")
    assert "from sample (synthetic)" in printed(explored)


@pytest.mark.parametrize("columns", ["Track Name,Artist Name(s),Genres,Popularity", "Track Name,Popularity",
                                     "title,artist,genre"])
def test_a_small_table_of_a_user_is_prepared_and_explored(tmp_path, columns):
    texts = {"Popularity": "{i}", "Genres": "{genre}", "genre": "{genre}", "artist": "a{artist}",
             "Artist Name(s)": "a{artist}"}
    rows = [",".join(texts.get(column, "s{i}").format(i=i, artist=i % 15, genre="rock" if i % 3 else "pop")
                     for column in columns.split(",")) for i in range(60)]
    (tmp_path / "my songs.csv").write_text("\n".join([columns, *rows]))
    prepared = run("02_prepare_and_split", tmp_path, SOURCE=tmp_path / "my songs.csv", OUT_DIR=tmp_path)
    assert "60 rows in, 60 tracks out" in printed(prepared)
    explored = run("03_explore_popularity", tmp_path, OUT_DIR=tmp_path)
    assert pd.read_csv(tmp_path / "claims.csv")["verdict"].str.contains("no column 'loudness'").any()
    if "Popularity" in columns:
        assert count_figures(explored) >= 1
    else:
        assert "so nothing is explained below" in printed(explored)


@pytest.mark.parametrize("name", ["top_hits/songs_normalize.csv", "tidytuesday/spotify_songs.zip"])
def test_real_tables_are_prepared_and_explored(shared, tmp_path, name):
    run("02_prepare_and_split", tmp_path, SOURCE=shared / name, OUT_DIR=tmp_path)
    explored = run("03_explore_popularity", tmp_path, OUT_DIR=tmp_path)
    assert count_figures(explored) >= 9
    assert (tmp_path / "claims.csv").exists()


def test_listen_and_look_writes_excerpts_and_stays_small(tmp_path):
    notebook = run("04_listen_and_look", tmp_path, OUT_DIR=tmp_path)
    assert count_figures(notebook) == 9
    assert re.search(r"hip hop.*: \d+ BPM", printed(notebook)), "the known tempo of the synthetic song"
    excerpts = {path.stem for path in tmp_path.glob("*/*.flac")}
    assert {"beat", "percussive", "harmonic", "hook", "loop"} <= excerpts
    assert (tmp_path / "04_listen_and_look.ipynb").stat().st_size < 8e6, "the players hold short excerpts"


def test_make_spectrograms_skips_a_broken_file_and_needs_no_genres(tmp_path):
    songs = small_corpus(tmp_path / "songs", songs_per_genre=1)
    (songs / "jazz" / "broken.mp3").write_text("no music")
    with_genres = run("05_make_spectrograms", tmp_path, SOURCE=songs, OUT_DIR=tmp_path,
                      ARCHIVE=tmp_path / "drive" / "kept.zip")
    manifest = pd.read_parquet(tmp_path / "model_output" / "manifest.parquet")
    assert len(manifest) == 16 and manifest["genre"].nunique() == 8
    assert len(pd.read_parquet(tmp_path / "model_output" / "features.parquet")) == 8
    assert count_figures(with_genres) == 4 and (tmp_path / "drive" / "kept.zip").exists()

    files = sorted(map(str, songs.glob("*/*.mp3")))[:3]
    pd.DataFrame({"path": files, "tempo": 120.0}).to_csv(tmp_path / "bare.csv", index=False)
    without_genres = run("05_make_spectrograms", tmp_path, SOURCE=tmp_path / "bare.csv", OUT_DIR=tmp_path / "bare")
    assert count_figures(without_genres) == 2, "the two contact sheets"


def test_models_are_trained_compared_and_tuned_on_songs_that_share_no_artist(tmp_path):
    files = sorted(small_corpus(tmp_path / "songs", songs_per_genre=8, genres=["jazz", "metal", "hip hop"]).glob("*/*"))
    table = pd.DataFrame({"path": files, "genre": [file.parent.name for file in files],
                          "artist": [f"artist {number}" for number in range(len(files))]})  # enough for a comparison
    table.to_csv(tmp_path / "songs.csv", index=False)
    run("05_make_spectrograms", tmp_path, SOURCE=tmp_path / "songs.csv", OUT_DIR=tmp_path)
    trained = run("06_train_models", tmp_path, OUT_DIR=tmp_path, MODELS="cnn mlp linear", EPOCHS=2)
    assert re.search(r"\b0 artists of the train", printed(trained)), "none of them is on another side"
    assert {path.name for path in (tmp_path / "models").iterdir()} == {"cnn", "mlp", "linear"}

    compared = run("07_compare_models", tmp_path, OUT_DIR=tmp_path)
    assert count_figures(trained) == 1 and count_figures(compared) == 4
    scores = pd.read_csv(tmp_path / "scores.csv").set_index(["model", "measure"])
    assert {"cnn", "mlp", "linear", "combined"} == set(scores.index.get_level_values("model"))
    assert (scores["low"].dropna() <= scores["high"].dropna()).all()
    assert len(pd.read_csv(tmp_path / "model_claims.csv")) == 6
    assert "the split 'random segments' scores" in printed(compared), "the score with a leak, beside the honest one"

    transferred = run("06_train_models", tmp_path, OUT_DIR=tmp_path, MODELS="transfer", EPOCHS=1,
                      BACKBONE=tmp_path / "models" / "cnn")
    assert count_figures(transferred) == 1 and (tmp_path / "models" / "transfer" / "model.json").exists()


def test_a_folder_of_one_genre_ends_with_what_can_be_said(tmp_path):
    songs = small_corpus(tmp_path / "songs", songs_per_genre=2, genres=["jazz"])
    assert "nothing to split by" in printed(run("02_prepare_and_split", tmp_path, SOURCE=songs, OUT_DIR=tmp_path))
    assert len(pd.read_parquet(tmp_path / "tracks" / "train.parquet")) == 2
    run("05_make_spectrograms", tmp_path, SOURCE=songs, OUT_DIR=tmp_path)
    assert "jazz (2 songs by 2 artists): at least two genres" in printed(
        run("06_train_models", tmp_path, OUT_DIR=tmp_path))
    compared = run("07_compare_models", tmp_path, OUT_DIR=tmp_path)
    assert "jazz (2 songs by 2 artists): at least two genres" in printed(compared) and count_figures(compared) == 0
    described = run("08_genre_influences", tmp_path, SOURCE=songs, OUT_DIR=tmp_path, MODEL="sample")
    assert re.search(r"2 songs: .*label", printed(described))
    page = (tmp_path / "collection.html").read_text(encoding="utf-8")
    labels = pd.read_csv(tmp_path / "labels.csv")
    assert all(song in page for song in labels["song"]) and labels["artist"].notna().all()


def test_a_test_set_of_few_artists_is_no_comparison(tmp_path):
    songs = small_corpus(tmp_path / "songs", songs_per_genre=8, genres=["jazz", "metal"])
    run("05_make_spectrograms", tmp_path, SOURCE=songs, OUT_DIR=tmp_path)
    compared = run("07_compare_models", tmp_path, OUT_DIR=tmp_path)
    assert "too little to compare models on" in printed(compared) and count_figures(compared) == 0
    assert not (tmp_path / "scores.csv").exists()


def test_genre_influences_names_most_songs_of_one_genre_and_orders_the_blends(tmp_path):
    notebook = run("08_genre_influences", tmp_path, OUT_DIR=tmp_path)
    assert count_figures(notebook) == 7
    labels = pd.read_csv(tmp_path / "labels.csv")
    assert len(labels) == 11 and labels["blend"].notna().all()
    pure = labels[~labels["track_id"].str.contains(" and |becomes|,")]
    assert len(pure) == 5 and (pure["blend"] == pure["track_id"]).sum() >= 3
    correlation = float(printed(notebook).split("the predicted share: ")[1].split(",")[0])
    assert correlation > .5


def test_genre_influences_of_a_folder_without_usable_sound_ends_with_the_reasons(tmp_path):
    (tmp_path / "songs").mkdir()
    for name in ("first", "second"):
        soundfile.write(tmp_path / "songs" / f"{name}.wav", np.zeros(5 * 22_050), 22_050)
    notebook = run("08_genre_influences", tmp_path, SOURCE=tmp_path / "songs", OUT_DIR=tmp_path / "runs")
    assert "silent" in str(outputs(notebook)), "the reason for each file"


def test_albums_are_kept_together_where_the_table_has_no_artists(tmp_path):
    rows = pd.DataFrame({"song": [f"song {n}" for n in range(90)], "album": [f"album {n // 3}" for n in range(90)],
                         "genre": [("rock", "jazz")[n // 3 % 2] for n in range(90)]})
    rows.to_csv(tmp_path / "songs.csv", index=False)
    notebook = run("02_prepare_and_split", tmp_path, SOURCE=tmp_path / "songs.csv", GROUP="album",
                   OUT_DIR=tmp_path / "runs")
    assert "album" in printed(notebook) and "artists kept together" not in printed(notebook)
    sides = [set(pd.read_parquet(tmp_path / "runs" / "tracks" / f"{side}.parquet")["album"])
             for side in ("train", "validate", "test")]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]


def test_commercial_success_finds_the_effects_of_the_sample_and_no_others(tmp_path):
    notebook = run("09_commercial_success", tmp_path, OUT_DIR=tmp_path)
    assert count_figures(notebook) == 11
    assert "395 of the 1,197 songs of the table (33%) are in the chart of 2000 to 2019" in printed(notebook)
    assert "A hit is here a song that is in the chart" in printed(notebook)
    assert "significant factors: 0\n" in printed(notebook), "where success is shuffled"
    conclusions = pd.read_csv(tmp_path / "conclusions.csv")
    of_data = conclusions["about"].isin(["factors", "genres", "trends"])
    findings = conclusions["finding"].where(of_data).dropna()
    assert set(findings[~findings.str.startswith("nothing seen of")]) == {
        "valence: only between", "danceability: hidden by the mix", "duration_minutes of songs that charted fell"}
    claims = pd.read_csv(tmp_path / "success_claims.csv", index_col="claim")["verdict"]
    assert claims["danceable songs are more popular"] == "holds"
    assert claims["each genre has statistics of success of its own"] == "cannot be told"


def test_an_own_song_leads_the_page_and_only_what_charted_is_called_that(tmp_path):
    songs = make_corpus(tmp_path / "songs", songs_per_genre=2, genres=["jazz", "metal"], seconds=6, long_songs=0)
    table = make_table(200, seed=1).drop(columns=["popularity", "source"], errors="ignore")
    table.to_csv(tmp_path / "table.csv", index=False)
    file = songs["path"].iloc[0]
    notebook = run("09_commercial_success", tmp_path, OUT_DIR=tmp_path, SOURCE=tmp_path / "table.csv", SONG=file)
    finding = next(cell for cell in notebook.cells if "finding" in cell["metadata"].get("tags", []))
    said = "".join(output["text"] for output in finding["outputs"])
    assert said.startswith(f"{songs['song'].iloc[0]} by {songs['artist'].iloc[0]}: ") and "LUFS" in said
    assert "songs of the table" in said and "charted" not in said and "it is not in the table" in said
    drawn = next(cell for cell in notebook.cells
                 if any("image/png" in output.get("data", {}) for output in cell.get("outputs", [])))
    assert "plot_own_song" in drawn["source"], "the first figure is that of the song"
    assert "The table cannot tell hits from other songs: it has no popularity" in printed(notebook)


@pytest.mark.parametrize("name", ["names", "thirty", "one kind"])
def test_commercial_success_of_a_poor_table_ends_with_what_can_be_said(tmp_path, name):
    table = make_table(300, seed=1)
    poor = {"names": table[["song", "artist"]], "thirty": table.head(30).drop(columns=["genre", "release_date"]),
            "one kind": table.drop(columns="artist").assign(popularity=50, tempo=None)}[name]
    poor.to_csv(tmp_path / "table.csv", index=False)
    notebook = run("09_commercial_success", tmp_path, OUT_DIR=tmp_path, SOURCE=tmp_path / "table.csv")
    assert "The table cannot tell hits from other songs" in printed(notebook)
    assert "Hits are not predicted" in printed(notebook)
    claims = pd.read_csv(tmp_path / "success_claims.csv", index_col="claim")["verdict"]
    assert claims["each genre has statistics of success of its own"] == "cannot be told"
    assert not claims.index.str.contains("predicted").any()


def test_commercial_success_of_real_songs_supports_no_claim_on_popularity(shared, tmp_path):
    song = next((shared / "tagged_songs").glob("*Cant Stop*"))
    notebook = run("09_commercial_success", tmp_path, SOURCE=shared / "top_hits" / "songs_normalize.csv",
                   CHARTS=shared / "billboard" / "hot100_2000_2019.csv.gz", OUT_DIR=tmp_path, SONG=song)
    assert re.search(r"it is in the chart: best place 57, 20 weeks", printed(notebook))
    assert "1,465 of the 1,925 songs of the table (76%) are in the chart of 2000 to 2019" in printed(notebook)
    assert "150 of 1,925 songs (8%) have a popularity of 0 or 1" in printed(notebook)
    claims = pd.read_csv(tmp_path / "success_claims.csv", index_col="claim")["verdict"]
    assert (claims.filter(like="are more popular") == "does not hold").all()


def test_recommend_finds_a_song_by_its_title_and_writes_playlists(tmp_path):
    songs = small_corpus(tmp_path / "songs", songs_per_genre=4, genres=["jazz", "metal", "hip hop"])
    title = next((songs / "jazz").glob("*.mp3")).stem.upper()
    notebook = run("10_recommend_and_playlists", tmp_path, SOURCE=songs, OUT_DIR=tmp_path, LENGTH=5, SONG=title)
    assert count_figures(notebook) == 4
    assert "12 songs, compared by beat" in printed(notebook)
    playlists = {path.name for path in (tmp_path / "playlists").iterdir()}
    assert {"path.m3u8", "path.xspf", "path.csv", "like.m3u8", "run.m3u8"} <= playlists
