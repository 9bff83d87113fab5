"""The notebooks: their form, and that each runs headless, by itself, wherever it is started."""

import json
import re
import subprocess
import sys

import make_index
import make_notebooks
import nbformat
import pandas as pd
import pytest
from conftest import ROOT

from synth.corpus import make_corpus

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]
SERIES = ["00_quickstart", "01_collect_from_spotify", "02_prepare_and_split", "03_explore_popularity", "04_listen_and_look",
          "05_make_spectrograms", "06_train_models", "07_compare_models", "08_genre_influences", "09_commercial_success",
          "10_recommend_and_playlists"]


def cells(path, kind="code"):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell["cell_type"] == kind]


def run(name, out, cwd=ROOT, **parameters):
    """Execute a notebook as a user would, by papermill's command, in a fresh kernel."""
    notebook = ROOT / "notebooks" / f"{name}.ipynb"
    options = [part for key, value in parameters.items() for part in ("-p" if isinstance(value, int) else "-r", key, str(value))]
    done = subprocess.run([sys.executable, "-m", "papermill", str(notebook), str(out / f"{name}.ipynb"), *options], cwd=cwd,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return nbformat.read(out / f"{name}.ipynb", as_version=4)


def pictures(notebook):
    return sum("image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", []))


def printed(notebook):
    return "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))


# ---- form

def test_there_are_notebooks_and_each_is_of_the_series():
    assert NAMES and set(NAMES) <= set(SERIES)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_is_what_its_script_makes(path):
    script = ROOT / "notebooks" / "scripts" / f"{path.stem}.py"
    assert path.read_text(encoding="utf-8") == make_notebooks.make_notebook(script), "run `make notebooks`"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_form(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell["outputs"] for cell in cells(path)), "no outputs are kept"
    first = notebook.cells[0]["source"]
    assert first.startswith("# ") and f"/blob/main/notebooks/{path.name}" in first, "title and a badge to its own path"
    tagged = [cell["source"] for cell in cells(path) if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    for line in tagged[0].splitlines():
        typed_and_commented = re.fullmatch(r"[A-Z_]+: \w+ = (\".*\"|[\d.]+|True|False|None)  # .+", line)
        assert typed_and_commented, line
    for cell in cells(path):
        assert len(re.findall(r"^def ", cell["source"], re.MULTILINE)) == 0, "functions live in modules"


def test_the_bootstrap_cell_is_the_same_everywhere_and_short():
    bootstraps = {cells(path)[0]["source"] for path in NOTEBOOKS}
    assert len(bootstraps) == 1
    assert len(bootstraps.pop().splitlines()) <= 12


def test_the_same_parameter_has_the_same_type_everywhere():
    kinds = {}
    for path in NOTEBOOKS:
        for cell in cells(path):
            if "parameters" in cell["metadata"].get("tags", []):
                for name, kind in re.findall(r"^([A-Z_]+): (\w+)", cell["source"], re.MULTILINE):
                    assert kinds.setdefault(name, kind) == kind


# ---- the address

def addresses(text):
    return {match[0].split("github/")[-1].split('"')[-1].split("'")[-1] for match in make_notebooks.ADDRESS.finditer(text)}


def test_all_addresses_agree_with_the_one_setting():
    repo = (ROOT / "notebooks" / "REPO").read_text().strip()
    pages = [*NOTEBOOKS, *(ROOT / "notebooks" / "scripts").glob("[0-9]*.py"), ROOT / "README.md"]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        if page.suffix == ".ipynb":
            text = "\n".join(cell["source"] for cell in nbformat.read(page, as_version=4).cells)
        assert addresses(text) == {repo}, page


def test_one_setting_rewrites_every_address(tmp_path, monkeypatch):
    (tmp_path / "notebooks" / "scripts").mkdir(parents=True)
    for page in ["README.md", "notebooks/REPO", *(f"notebooks/scripts/{name}.py" for name in NAMES)]:
        (tmp_path / page).write_text((ROOT / page).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(make_notebooks, "HERE", tmp_path / "notebooks")
    make_notebooks.main("some-body/some.thing")
    assert (tmp_path / "notebooks" / "REPO").read_text() == "some-body/some.thing\n"
    for page in [tmp_path / "README.md", *(tmp_path / "notebooks").rglob("0*.py")]:
        assert addresses(page.read_text(encoding="utf-8")) == {"some-body/some.thing"}
    for name in NAMES:
        assert (tmp_path / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8").count("some-body/some.thing") == 2
    with pytest.raises(SystemExit, match="owner/name"):
        make_notebooks.main("no address")


# ---- they run

def test_prepare_then_explore(tmp_path):
    prepared = run("02_prepare_and_split", tmp_path, OUT_DIR=tmp_path)
    assert pictures(prepared) == 4
    assert "1,224 rows in, 1,197 tracks out" in printed(prepared)
    sides = {name: pd.read_parquet(tmp_path / "tracks" / f"{name}.parquet") for name in ("train", "validate", "test")}
    artists = [set(side["artist"]) for side in sides.values()]
    assert not (artists[0] & artists[1] or artists[0] & artists[2] or artists[1] & artists[2])

    explored = run("03_explore_popularity", tmp_path, OUT_DIR=tmp_path)
    assert pictures(explored) == 10
    assert f"{len(sides['train'])} of them explored" in printed(explored)
    claims = pd.read_csv(tmp_path / "claims.csv")
    assert claims["verdict_within"].tolist() == ["holds", "holds"], "as the sample was made"

    make_index.main(tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert page.count("<img") == 2 and "Prepare and split" in page and "03_explore_popularity.html" in page


@pytest.mark.parametrize("where", [ROOT / "notebooks", ROOT / "notebooks" / "scripts"])
def test_explore_runs_by_itself_from_elsewhere(tmp_path, where):
    explored = run("03_explore_popularity", tmp_path, cwd=where, OUT_DIR=tmp_path / "nothing here")
    assert "from sample (synthetic)" in printed(explored)


@pytest.mark.parametrize("columns", ["Track Name,Artist Name(s),Genres,Popularity", "Track Name,Popularity",
                                     "title,artist,genre"])
def test_a_users_own_small_table(tmp_path, columns):
    cells = {"Popularity": "{i}", "Genres": "{genre}", "genre": "{genre}", "artist": "a{artist}", "Artist Name(s)": "a{artist}"}
    rows = [",".join(cells.get(column, "s{i}").format(i=i, artist=i % 15, genre="rock" if i % 3 else "pop")
                     for column in columns.split(",")) for i in range(60)]
    (tmp_path / "my songs.csv").write_text("\n".join([columns, *rows]))
    prepared = run("02_prepare_and_split", tmp_path, SOURCE=tmp_path / "my songs.csv", OUT_DIR=tmp_path)
    assert "60 rows in, 60 tracks out" in printed(prepared)
    if "Popularity" in columns:
        explored = run("03_explore_popularity", tmp_path, OUT_DIR=tmp_path)
        assert "cannot be told: no column 'loudness'" in pd.read_csv(tmp_path / "claims.csv")["verdict"].tolist()
        assert pictures(explored) >= 1


def test_quickstart_names_what_the_song_was_made_of(tmp_path):
    told = run("00_quickstart", tmp_path, OUT_DIR=tmp_path)
    assert pictures(told) == 1 and (tmp_path / "song_card.png").exists()
    label = printed(told).split("heard by the model 'sample'")[1]
    assert "hip hop" in label and "metal" in label
    assert "trained on: 960 songs made to order" in label


def test_collect_without_an_account(tmp_path, monkeypatch):
    monkeypatch.delenv("SPOTIPY_CLIENT_ID", raising=False)
    told = run("01_collect_from_spotify", tmp_path, OUT_DIR=tmp_path)
    assert "recorded example with made-up names" in printed(told) and pictures(told) == 1
    assert len(pd.read_csv(tmp_path / "spotify" / "saved_tracks.csv")) == 60
    assert (tmp_path / "spotify" / "first_ten.xspf").exists()


def test_genre_influences(tmp_path):
    told = run("08_genre_influences", tmp_path, OUT_DIR=tmp_path)
    assert pictures(told) == 7
    labels = pd.read_csv(tmp_path / "labels.csv")
    assert len(labels) == 11 and labels["blend"].notna().all()
    pure = labels[~labels["track_id"].str.contains(" and |becomes|,")]
    assert len(pure) == 5 and (pure["blend"] == pure["track_id"]).sum() >= 3
    correlation = float(printed(told).split("the predicted share: ")[1].split(",")[0])
    assert correlation > .5


def test_listen_and_look(tmp_path):
    heard = run("04_listen_and_look", tmp_path, OUT_DIR=tmp_path)
    assert pictures(heard) == 9
    assert "hip hop made to order: " in printed(heard)
    assert len(list((tmp_path / "portions").glob("*"))) >= 4
    assert (tmp_path / "04_listen_and_look.ipynb").stat().st_size < 8e6, "the players' sound is kept short"


def test_make_spectrograms(tmp_path):
    make_corpus(tmp_path / "songs", songs_per_genre=1, seconds=6, long_songs=0, n_jobs=2)
    (tmp_path / "songs" / "jazz" / "broken.mp3").write_text("no music")
    made = run("05_make_spectrograms", tmp_path, SOURCE=tmp_path / "songs", OUT_DIR=tmp_path,
               ARCHIVE=tmp_path / "drive" / "kept.zip")
    manifest = pd.read_parquet(tmp_path / "model_output" / "manifest.parquet")
    assert len(manifest) == 16 and manifest["genre"].nunique() == 8
    assert len(pd.read_parquet(tmp_path / "model_output" / "features.parquet")) == 8
    assert pictures(made) == 4 and (tmp_path / "drive" / "kept.zip").exists()
    files = sorted(map(str, (tmp_path / "songs").glob("*/*.mp3")))[:3]
    pd.DataFrame({"path": files, "tempo": 120.0}).to_csv(tmp_path / "bare.csv", index=False)
    bare = run("05_make_spectrograms", tmp_path, SOURCE=tmp_path / "bare.csv", OUT_DIR=tmp_path / "bare")
    assert pictures(bare) == 2, "without genres, the two contact sheets"


def test_train_then_compare(tmp_path):
    make_corpus(tmp_path / "songs", songs_per_genre=8, genres=["jazz", "metal", "hip hop"], seconds=6, long_songs=0, n_jobs=2)
    run("05_make_spectrograms", tmp_path, SOURCE=tmp_path / "songs", OUT_DIR=tmp_path)
    trained = run("06_train_models", tmp_path, OUT_DIR=tmp_path, MODELS="cnn mlp linear", EPOCHS=2)
    assert "0 artists of the train side stand on another side too" in printed(trained)
    assert {path.name for path in (tmp_path / "models").iterdir()} == {"cnn", "mlp", "linear"}
    compared = run("07_compare_models", tmp_path, OUT_DIR=tmp_path)
    assert pictures(trained) == 1 and pictures(compared) == 4
    scores = pd.read_csv(tmp_path / "scores.csv").set_index(["model", "measure"])
    assert {"cnn", "mlp", "linear", "combined"} == set(scores.index.get_level_values("model"))
    assert (scores["low"].dropna() <= scores["high"].dropna()).all()
    assert len(pd.read_csv(tmp_path / "model_claims.csv")) == 6
    assert "random split of segments reads" in printed(compared)
    carried = run("06_train_models", tmp_path, OUT_DIR=tmp_path, MODELS="transfer", EPOCHS=1,
                  BACKBONE=tmp_path / "models" / "cnn")
    assert pictures(carried) == 1 and (tmp_path / "models" / "transfer" / "model.json").exists()


def test_recommend_and_playlists(tmp_path):
    make_corpus(tmp_path / "songs", songs_per_genre=4, genres=["jazz", "metal", "hip hop"], seconds=6, long_songs=0, n_jobs=2)
    recommended = run("10_recommend_and_playlists", tmp_path, SOURCE=tmp_path / "songs", OUT_DIR=tmp_path, LENGTH=5,
                      SONG=next((tmp_path / "songs" / "jazz").glob("*.mp3")).stem.upper())
    assert pictures(recommended) == 4
    assert "12 songs, compared by beat" in printed(recommended)
    written = {one.name for one in (tmp_path / "playlists").iterdir()}
    assert {"path.m3u8", "path.xspf", "path.csv", "like.m3u8", "run.m3u8"} <= written


def test_commercial_success_finds_what_the_sample_holds_and_only_that(tmp_path):
    told = run("09_commercial_success", tmp_path, OUT_DIR=tmp_path)
    assert pictures(told) == 10
    assert "395 of them stand in the chart of 2000 to 2019" in printed(told) and "0 factors called sure" in printed(told)
    page = pd.read_csv(tmp_path / "conclusions.csv")
    found = page["finding"].where(page["about"].isin(["factors", "genres", "trends"])).dropna()
    assert set(found[~found.str.startswith("nothing seen of")]) == {
        "valence: only between", "danceability: within too", "loudness: hidden by the mix",
        "duration_minutes of what charted fell"}
    claims = pd.read_csv(tmp_path / "success_claims.csv", index_col="claim")["verdict"]
    assert claims["danceable songs are more popular"] == "holds"
    assert claims["each genre has statistics of success of its own"] == "cannot be told"


def test_commercial_success_of_real_songs(shared, tmp_path):
    told = run("09_commercial_success", tmp_path, SOURCE=shared / "top_hits" / "songs_normalize.csv",
               CHARTS=shared / "billboard" / "hot100_2000_2019.csv.gz", OUT_DIR=tmp_path)
    assert "1,465 of them stand in the chart of 2000 to 2019" in printed(told)
    claims = pd.read_csv(tmp_path / "success_claims.csv", index_col="claim")["verdict"]
    assert (claims.filter(like="are more popular") == "does not hold").all()


@pytest.mark.parametrize("name", ["top_hits/songs_normalize.csv", "tidytuesday/spotify_songs.zip"])
def test_real_tables(shared, tmp_path, name):
    run("02_prepare_and_split", tmp_path, SOURCE=shared / name, OUT_DIR=tmp_path)
    explored = run("03_explore_popularity", tmp_path, OUT_DIR=tmp_path)
    assert pictures(explored) >= 9
    assert (tmp_path / "claims.csv").exists()


def test_scripts_hold_no_output_or_secret():
    for path in NOTEBOOKS:
        assert "client_secret" not in json.dumps(nbformat.read(path, as_version=4))
