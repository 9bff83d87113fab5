"""Songs gathered and split, lists of tracks, models combined, predictions kept."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_images import corpus

from signals.spectrogram_images import index_images
from training import (
    combine,
    combine_held_out,
    gather,
    predictions,
    read_predictions,
    stacking_weights,
    table_features,
    tracks_on_list,
    train_family,
    write_predictions,
)


@pytest.fixture
def folder(tmp_path):
    """Pictures of 60 tracks of three genres and 30 artists, as notebook 05 leaves them."""
    rows = corpus(tmp_path / "model_output", 60, kinds=("mel", "chroma"))
    rows.to_parquet(tmp_path / "model_output" / "manifest.parquet")
    return tmp_path


def test_songs_are_split_by_artist_and_described(folder):
    songs = gather(folder, n_jobs=1)
    assert len(songs.tracks) == 60 and songs.features.shape[0] == 60 and "chroma_path" in songs.pictures
    assert (songs.tracks.groupby("artist")["side"].nunique() == 1).all()
    assert set(songs.tracks["side"]) == {"train", "validate", "test"}
    pd.testing.assert_frame_equal(gather(folder, n_jobs=1).tracks, songs.tracks)


def test_a_published_split_is_run_as_published(folder, tmp_path):
    lists = [tmp_path / f"{side}.txt" for side in ("train", "valid", "test")]
    for file, numbers in zip(lists, (range(30), range(30, 40), range(40, 44))):
        file.write_text("\n".join(f"folk/t{number}.wav" for number in numbers))
    songs = gather(folder, lists=[str(file) for file in lists], n_jobs=1)
    assert songs.tracks["side"].value_counts().to_dict() == {"train": 30, "validate": 10, "test": 4}
    with pytest.raises(ValueError, match="no songs on the side validate: give lists for both"):
        gather(folder, lists=[str(lists[0]), "", str(lists[2])], n_jobs=1)
    lists[2].write_text("t0.wav\nt41.wav\nnobody.wav")
    with pytest.raises(ValueError, match="names 't0', which another list names too"):
        gather(folder, lists=[str(file) for file in lists], n_jobs=1)
    with pytest.raises(ValueError, match="'t.1' and 't1' differ only in dots"):
        tracks_on_list(lists[0], ["t.1", "t1"])
    lists[2].write_text("who.wav\n")
    with pytest.raises(ValueError, match="names 1 tracks .*, none of which is among the 60"):
        gather(folder, lists=[str(file) for file in lists], n_jobs=1)


def only(folder, keep):
    """The same folder with the rows of its manifest for which `keep` is true."""
    file = folder / "model_output" / "manifest.parquet"
    rows = pd.read_parquet(file)
    rows[keep(rows)].to_parquet(file)
    return folder


@pytest.mark.parametrize("keep, words", [
    (lambda rows: rows["genre"] == "folk", r"folk \(20 songs by \d+ artists\): at least two genres"),
    (lambda rows: rows["genre"] == "none", "no song has a genre: at least two"),
    (lambda rows: rows["artist"].isin(rows["artist"].unique()[:2]), "songs by three artists each are needed")])
def test_too_few_songs_are_no_error_but_a_reason(folder, keep, words):
    songs = gather(only(folder, keep), n_jobs=1)
    assert re.search(words, songs.obstacle) and songs.tracks["side"].isna().all()
    with pytest.raises(ValueError, match="needed to train models"):
        train_family(["knn"], songs)


def test_songs_of_rare_genres_are_left_out_of_training_and_named(folder, capsys):
    def keep(rows):
        few = rows.loc[rows["genre"] == "folk", "artist"].unique()[:2]
        return (rows["genre"] != "folk") | rows["artist"].isin(few)
    songs = gather(only(folder, keep), n_jobs=1)
    assert not songs.obstacle and set(songs.tracks["genre"]) == {"metal", "techno"}
    assert "fewer than three artists left out of training (folk)" in capsys.readouterr().out


def test_pictures_made_elsewhere_and_features_by_file_name(folder, tmp_path):
    pictures = folder / "model_output" / "mel"
    manifest = index_images(pictures)
    table = pd.DataFrame(
        {"filename": [f"{name}.wav" for name in manifest["track_id"]], "length": 1, "a": 1.0, "label": "x"}
    )
    table.to_csv(tmp_path / "features.csv", index=False)
    songs = gather(tmp_path / "elsewhere", pictures=pictures, features=tmp_path / "features.csv", n_jobs=1)
    assert list(songs.features) == ["a"] and len(songs.features) == 60
    table.drop(columns="filename").to_csv(tmp_path / "features.csv", index=False)
    with pytest.raises(ValueError, match="no column track_id, filename or path"):
        table_features(tmp_path / "features.csv", manifest["track_id"])


def test_a_family_is_trained_kept_and_judged(folder, capsys):
    songs = gather(folder, n_jobs=1)
    few = {"pictures": {"epochs": 2, "width": 4, "columns": 32, "n_bands": 32}, "tables": {"epochs": 3}}
    fitted, report = train_family(["cnn", "mlp", "linear"], songs, out=folder / "models", settings=few, verbose=False)
    assert report.loc["linear", "accuracy"] > .8 and (report["weights"] > 0).all()
    assert {path.name for path in (folder / "models").iterdir()} == {"cnn", "mlp", "linear"}
    probas_of = {
        (name, side): proba for side in ("validate", "test") for name, proba in predictions(fitted, songs, side).items()
    }
    file = write_predictions(folder / "predictions.parquet", probas_of, songs)
    genre, artist, probas, genres = read_predictions(file, "test")
    assert list(probas) == ["cnn", "mlp", "linear"] and genres == ["folk", "metal", "techno"]
    assert genre.index.equals(probas["cnn"].index) and len(artist) == (songs.tracks["side"] == "test").sum()
    pd.testing.assert_frame_equal(probas["mlp"], probas_of["mlp", "test"], check_names=False)
    with pytest.raises(ValueError, match="no predictions of the train side"):
        read_predictions(file, "train")


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 5), st.integers(0, 10 ** 6))
def test_combinations_are_probabilities(n_models, seed):
    probas = np.random.default_rng(seed).dirichlet(np.ones(4), size=(n_models, 7))
    assert combine(probas).sum(axis=1) == pytest.approx(1)
    np.testing.assert_allclose(combine([probas[0]] * 3), probas[0], atol=1e-6)


def test_the_model_that_knows_gets_the_weight():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 300)
    knows = .6 * np.eye(3)[truth] + .4 * rng.dirichlet(np.ones(3), 300)
    random_proba = rng.dirichlet(np.ones(3), 300)
    weights = stacking_weights([random_proba, knows], truth)
    assert weights[1] > 5 * weights[0]


def test_weights_are_fitted_without_the_songs_that_they_are_judged_on():
    """Models that say nothing: fitted on all songs, the weights follow the chance in them; held out, they gain
    nothing."""
    rng = np.random.default_rng(0)
    truth, groups = rng.integers(0, 3, 60), np.arange(60) // 3
    probas = [rng.dirichlet(np.ones(3), 60) for _ in range(12)]
    in_sight = combine(probas, stacking_weights(probas, truth, penalty=0))
    held_out = combine_held_out(probas, truth, groups, penalty=0)
    loss = [-np.log(proba[np.arange(60), truth]).mean() for proba in (in_sight, held_out)]
    assert loss[0] < np.log(3) < loss[1]
    assert held_out.sum(axis=1) == pytest.approx(1)
    changed = truth.copy()
    changed[groups == 0] = (truth[groups == 0] + 1) % 3  # what songs are says nothing of how they are judged
    np.testing.assert_array_equal(
        combine_held_out(probas, changed, groups, penalty=0)[groups == 0], held_out[groups == 0]
    )


def test_the_benchmark_goes_from_lists_to_a_table(folder, tmp_path, monkeypatch, capsys):
    import bench_gtzan
    lists = {side: tmp_path / f"{side}.txt" for side in ("train", "valid", "test")}
    for file, numbers in zip(lists.values(), (range(30), range(30, 48), range(48, 60))):
        file.write_text("\n".join(f"t{number}" for number in numbers))
    pd.DataFrame({"filename": [f"t{number}.wav" for number in range(60)], "tempo": np.arange(60) % 3}).to_csv(
        tmp_path / "f.csv"
    )
    asked = [
        "bench_gtzan",
        "--images",
        str(folder / "model_output" / "mel"),
        "--features",
        str(tmp_path / "f.csv"),
        "--out",
        str(tmp_path / "results"),
        "--models",
        "linear svm",
        *(f"--{side}={file}" for side, file in lists.items()),
    ]
    monkeypatch.setattr("sys.argv", asked)
    bench_gtzan.main()
    table = pd.read_csv(tmp_path / "results" / "bench_gtzan.csv")
    assert list(table) == "model split n accuracy low high macro_f1 roc_auc log_loss ece seconds weights".split()
    assert table.groupby("split")["n"].unique().map(list).to_dict() == {"folds": [48], "valid": [18], "test": [12]}
    assert set(table["model"]) == {"linear", "svm", "combined"} and (table["accuracy"] > .9).all()  # the tempo tells
    monkeypatch.setattr(bench_gtzan.models, "build", lambda *_, **__: pytest.fail("what is done is trained again"))
    bench_gtzan.main()


def test_the_benchmark_of_transfer_goes_from_songs_to_a_table(tmp_path, monkeypatch, capsys):
    import bench_transfer
    build = bench_transfer.models.build
    small = {"epochs": 1, "width": 4, "n_bands": 32, "columns": 32}
    monkeypatch.setattr(bench_transfer.models, "build", lambda name, **asked: build(name, **asked | small))
    for name, value in {"KNOWN": 12, "JUDGED": 1, "DESIGNS": 1, "SONGS": 1}.items():
        monkeypatch.setattr(bench_transfer, name, value)
    monkeypatch.setattr("sys.argv", ["bench_transfer", "--draws", "1", "--out", str(tmp_path)])
    bench_transfer.main()
    table = pd.read_csv(tmp_path / "bench_transfer.csv")
    assert table["from"].tolist() == ["frozen network", "tuned network", "nothing"]
    assert (table["songs"] == 8).all() and table["accuracy"].between(0, 1).all()
    learned, judged = ([path.stem.split(" ", 1)[1] for path in (tmp_path / "bench_transfer" / part).glob("*.png")]
                       for part in ("known", "design_0"))
    assert len(judged) == 24 and not set(learned) & set(judged), "the network was not trained on the new genres"
