"""What a song is made of: shares that mean something, labels by stated rules, maps that keep still, work that is not lost."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import influences
import models
from audio import write_spectrograms
from influences import aspect_influences, fit_aspects, genre_influences, label_folder, song_card, song_influences
from learning import persistence
from learning.out_of_distribution import fit_distribution, out_of_distribution_score
from prediction.genre_map import load_map, place_on_map, project, save_map
from prediction.labels import SECOND, blend_label, certainty, turning_point
from prediction.plots import genre_colors, plot_collection, plot_explanation, plot_map, plot_shares, plot_timeline
from prediction.saliency import PATCHES, explain
from signals import recording
from starter_models import load_starter, model_card
from starter_models.synthetic_benchmark import check_aspects
from synth.sample_table import GENRES
from synth.songs import blend, change, render


@pytest.fixture(scope="module")
def starter():
    return load_starter("sample")


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("songs")
    made = {"jazz": render("jazz", seconds=15, seed=9000, artist=9000),
            "metal": render("metal", seconds=15, seed=9001, artist=9001),
            "both": blend("hip hop", "classical", .5, seconds=15, seed=9002, artist=9002),
            "turn": change("folk/acoustic", "dance/electronic", 24, seconds=48, seed=9003, artist=9003),
            "parts": render(beat="hip hop", timbre="metal", pitch="classical", seconds=15, seed=9004, artist=9004)}
    for name, song in made.items():
        soundfile.write(folder / f"{name}.wav", song.y, song.sr)
    return {name: folder / f"{name}.wav" for name in made}


shares_of_eight = st.lists(st.floats(.001, 1), min_size=8, max_size=8).map(lambda values: pd.Series(values, GENRES) / sum(values))


# ---- labels

@given(shares_of_eight)
def test_a_label_names_the_largest_shares_or_nothing(shares):
    label, largest = blend_label(shares, families={}), shares.nlargest(2)
    assert label in (largest.index[0], "-".join(largest.index), "ambiguous")
    if label != "ambiguous":
        assert largest.sum() >= .5


@given(shares_of_eight)
def test_certainty_lies_between_none_and_all(shares):
    assert 0 <= certainty(shares) <= 1 + 1e-9
    assert certainty(pd.Series(1 / 8, GENRES)) == pytest.approx(0) and certainty(pd.Series([1, 0, 0])) == pytest.approx(1)


def test_labels_by_the_stated_thresholds():
    assert blend_label(pd.Series({"jazz": 1 - SECOND, "rock": SECOND})) == "jazz-rock"
    assert blend_label(pd.Series({"rock": .30, "punk": .16, "metal": .16, "jazz": .19, "folk": .19})) == "rock family"
    assert blend_label(pd.Series(1 / 8, GENRES)) == "ambiguous"


# ---- shares

def test_shares_of_a_song(starter, songs):
    for name in ("jazz", "metal"):
        windows = genre_influences(starter.classifier, songs[name])
        assert np.allclose(windows.sum(axis=1), 1) and windows.columns.tolist() == starter.classifier.classes_.tolist()
        assert blend_label(song_influences(windows)["share"]) == name
    both = song_influences(genre_influences(starter.classifier, songs["both"]))
    assert set(both.index[:2]) == {"hip hop", "classical"}
    assert ((both["low"] <= both["share"] + 1e-9) & (both["share"] <= both["high"] + 1e-9)).all()


def test_a_turn_is_found(starter, songs):
    windows = genre_influences(starter.classifier, songs["turn"])
    seconds, before, after = turning_point(windows)
    assert abs(seconds - 24) <= windows.attrs["seconds"] and before.startswith("folk") and after.startswith("dance")
    assert turning_point(genre_influences(starter.classifier, songs["jazz"])) is None


def test_the_interval_is_wider_where_windows_differ():
    rng = np.random.default_rng(0)
    steady, restless = (pd.DataFrame({"a": values, "b": 1 - values}) for values in
                        (rng.normal(.5, .01, 30), rng.normal(.5, .2, 30)))
    width = [(table["high"] - table["low"]).mean() for table in map(song_influences, (steady, restless))]
    assert width[1] > 5 * width[0]


def test_strange_sounds_are_ambiguous_and_not_by_a_rule_of_their_own(starter, tmp_path):
    rng, t = np.random.default_rng(0), np.arange(15 * 22_050) / 22_050
    strange = {"noise": rng.normal(size=len(t)), "sweep": np.sin(2 * np.pi * (50 * t + 200 * t ** 2)),
               "note": np.sin(2 * np.pi * 440 * t) * np.exp(-t)}
    for name, y in strange.items():
        soundfile.write(tmp_path / f"{name}.wav", .3 * y / np.abs(y).max(), 22_050)
        assert blend_label(genre_influences(starter.classifier, tmp_path / f"{name}.wav").mean()) == "ambiguous", name


def test_familiarity_of_held_out_songs_is_mostly_whole():
    rng = np.random.default_rng(0)
    lines = rng.normal(size=(3, 20))

    def songs(n):
        return pd.DataFrame(rng.normal(size=(n, 3)) @ lines + .1 * rng.normal(size=(n, 20)))
    names, one = list(map(str, range(20))), pd.DataFrame({"jazz": np.ones(200)})
    known = fit_distribution(songs(300).set_axis(names, axis=1), ["jazz"] * 300, songs(100).set_axis(names, axis=1), ["jazz"]
                              * 100)
    new = songs(200).set_axis(names, axis=1)
    assert (out_of_distribution_score(known, new, one) == 0).mean() > .85
    assert (out_of_distribution_score(known, new + 3 * rng.normal(size=new.shape), one) == 1).mean() > .95


def test_a_song_that_is_taken_for_another_genre_is_strange():
    rng = np.random.default_rng(0)
    genres, names = np.array(["jazz", "rock"] * 200), list("abcdefgh")
    songs = pd.DataFrame(rng.normal(size=(400, 8)) + 3 * (genres == "rock")[:, None], columns=names)
    known = fit_distribution(songs[:200], genres[:200], songs[200:], genres[200:])
    rock = pd.DataFrame(rng.normal(size=(100, 8)) + 3, columns=names)
    right, wrong = (pd.DataFrame({"jazz": np.full(100, share), "rock": np.full(100, 1 - share)}) for share in (0.0, 1.0))
    assert out_of_distribution_score(known, rock, right).mean() < .1
    assert out_of_distribution_score(known, rock, wrong).mean() > .9


# ---- aspects

def test_aspects_hear_only_their_own_features(starter, songs, tmp_path):
    said = aspect_influences(starter.aspects, songs["parts"])
    assert said.index.tolist() == ["beat", "timbre", "pitch"] and np.allclose(said.sum(axis=1), 1)
    assert check_aspects(starter.aspects, tmp_path, n=6).to_numpy().mean() > .6, "chance is .125"
    names = [set(model.feature_names_in_) for model in starter.aspects.values()]
    assert not names[0] & names[1] and not names[0] & names[2] and not names[1] & names[2]


def test_fit_aspects_takes_a_genre_or_one_an_aspect():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"tempo": rng.normal(size=60), "mfcc_01_mean": rng.normal(size=60),
                          "chroma_01_mean": rng.normal(size=60)})
    genres = pd.DataFrame({aspect: np.where(table[column] > 0, "one", "two") for aspect, column in
                           (("beat", "tempo"), ("timbre", "mfcc_01_mean"), ("pitch", "chroma_01_mean"))})
    before = table.copy()
    for aspect, model in fit_aspects(table, genres).items():
        assert (model.predict(table) == genres[aspect]).mean() > .95
    assert table.equals(before)
    with pytest.raises(ValueError, match="no feature of timbre"):
        fit_aspects(table[["tempo"]], genres["beat"])


@pytest.mark.parametrize("model", ["linear", "mlp", "knn"])
def test_aspects_can_be_fitted_with_any_model_on_features_and_artists_held_out(model):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=["tempo", "mfcc_01_mean", "chroma_01_mean"])
    genres = np.where(table.sum(axis=1) > 0, "one", "two")
    settings = {"epochs": 2, "verbose": False} if model == "mlp" else {}
    fitted = fit_aspects(table, genres, groups=np.arange(60) // 3, model=model, **settings)
    assert set(fitted) == {"beat", "timbre", "pitch"}
    for classifier in fitted.values():
        assert classifier.takes == "features" and "no validation" not in classifier.calibrated_on_


# ---- where it was found

def test_what_is_marked_matters(starter, songs):
    found = explain(starter.classifier, songs["metal"], top=2)
    assert found.method == "occlusion" and list(found.maps)[0] == found.shares.index[0] == "metal"
    assert found.maps["metal"].shape == PATCHES
    assert found.check.loc["metal", "marked"] > found.check.loc["metal", "random"]
    assert len(plot_explanation(found)) == len(found.maps) >= 1


def test_a_cnn_shows_where_it_looked(songs, tmp_path):
    tracks = pd.DataFrame({"path": [str(songs["jazz"]), str(songs["metal"])], "genre": ["jazz", "metal"]})
    manifest = write_spectrograms(tracks, tmp_path, segment_seconds=5, n_jobs=1)
    cnn = models.build("cnn", width=4, columns=64, epochs=1, verbose=False).fit(manifest, manifest["genre"])
    found = explain(cnn, songs["metal"], top=2)
    assert found.method == "class activation" and all(values.shape == PATCHES for values in found.maps.values())
    assert found.levels.shape[0] == cnn.n_bands and found.shares.sum() <= 1.001


def test_a_song_shorter_than_the_window_of_a_cnn_is_explained_and_has_a_card(songs, tmp_path):
    tracks = pd.DataFrame({"path": [str(songs["jazz"]), str(songs["metal"])], "genre": ["jazz", "metal"]})
    manifest = write_spectrograms(tracks, tmp_path, segment_seconds=5, n_jobs=1)
    cnn = models.build("cnn", width=4, columns=64, epochs=1, verbose=False).fit(manifest, manifest["genre"])
    y, sr = soundfile.read(songs["jazz"])
    soundfile.write(tmp_path / "short.wav", y[5 * sr:5 * sr + round(1.2 * sr)], sr)
    assert len(genre_influences(cnn, tmp_path / "short.wav")) == 1
    explanation = explain(cnn, tmp_path / "short.wav", top=2)
    assert explanation.seconds == pytest.approx(1.2, abs=.01) and np.isfinite(explanation.check.to_numpy()).all()
    assert song_card(cnn, tmp_path / "short.wav").description["label"]


def test_a_model_on_no_pictures_cannot_be_shown_on_one(songs):
    model = models.build("linear").fit(pd.DataFrame({"tempo": [80, 82, 140, 141]}), ["a", "a", "b", "b"])
    with pytest.raises(ValueError, match="a linear found cannot be shown"):
        explain(model, songs["jazz"])


# ---- the map

def test_a_map_keeps_still(tmp_path, starter, songs):
    rng = np.random.default_rng(0)
    genres = np.repeat(["a", "b", "c"], 30)
    embedded = pd.DataFrame(rng.normal(size=(90, 5)) + 6 * np.eye(5)[np.repeat([0, 1, 2], 30)],
                            index=[f"t{n}" for n in range(90)])
    features = pd.DataFrame({"bright": embedded[0], "noise": rng.normal(size=90)})
    drawn = project(embedded, genres, features=features)
    here = place_on_map(drawn, embedded.iloc[0].to_numpy())
    assert here == pytest.approx(tuple(drawn.songs[["x", "y"]].iloc[0]))
    nearest = ((drawn.regions[["x", "y"]] - np.array(here)) ** 2).sum(axis=1).idxmin()
    assert nearest == "a" and drawn.meaning.abs().max(axis=1).idxmax() == "bright"
    again = load_map(save_map(drawn, tmp_path / "map.json"))
    assert place_on_map(again, embedded.iloc[0].to_numpy()) == pytest.approx(here) and again.songs.empty
    ax = plot_map(drawn, {"a song": here})
    assert "bright" in ax.get_xlabel() + ax.get_ylabel()
    x, y = place_on_map(starter.genre_map, songs["metal"], classifier=starter.classifier)
    regions = starter.genre_map.regions
    assert ((regions["x"] - x) ** 2 + (regions["y"] - y) ** 2).idxmin() in ("metal", "rock")
    with pytest.raises(ValueError, match="three genres"):
        project(embedded[:60], genres[:60])


# ---- a page, a folder

def test_a_card_says_it_all(starter, songs, tmp_path):
    figure = song_card(starter.classifier, songs["parts"], aspects=starter.aspects, genre_map=starter.genre_map)
    assert {"label", "summary", "aspects"} <= set(figure.description)
    figure.savefig(tmp_path / "card.pdf")
    assert (tmp_path / "card.pdf").stat().st_size > 10_000
    ribbon, wave = plot_timeline(genre_influences(starter.classifier, songs["turn"]), songs["turn"])
    assert "share" in ribbon.get_ylabel() and "time" in wave.get_xlabel()
    wave.figure.canvas.draw()
    for at, label in zip(wave.get_xticks(), wave.get_xticklabels()):
        minutes, seconds = label.get_text().split(":")
        assert 60 * int(minutes) + float(seconds) == at, "a tick says where it stands"
    assert plot_shares(pd.DataFrame([figure.description["summary"]["share"]], index=["a"])).get_xlim() == (0, 1)


def test_the_card_of_what_is_like_nothing_known_does_not_name_its_aspects(starter, tmp_path):
    soundfile.write(tmp_path / "noise.wav", .2 * np.random.default_rng(0).standard_normal(20 * 22_050), 22_050)
    figure = song_card(starter.classifier, tmp_path / "noise.wav", aspects=starter.aspects)
    said = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert "mean little" in said and "in timbre" not in said


def test_a_card_decodes_its_song_once(starter, songs, monkeypatch):
    decoded, load_audio = [], recording.load_audio
    monkeypatch.setattr(recording, "load_audio", lambda *a, **k: decoded.append(a) or load_audio(*a, **k))
    song_card(starter.classifier, songs["parts"], aspects=starter.aspects, genre_map=starter.genre_map)
    assert len(decoded) == 1


def test_colours_are_the_same_for_the_same_genres():
    assert genre_colors(GENRES) == genre_colors(GENRES[::-1]) and len(set(genre_colors(GENRES).values())) == 8


def test_a_folder_is_labelled_and_goes_on_where_it_stopped(starter, songs, tmp_path, monkeypatch):
    tracks = pd.DataFrame({"track_id": ["jazz", "bad", "metal"],
                           "path": [str(songs["jazz"]), str(tmp_path / "bad.mp3"), str(songs["metal"])]})
    (tmp_path / "bad.mp3").write_text("no music")
    first = label_folder(starter.classifier, tracks[:2], out=tmp_path / "labels.csv")
    heard = []
    monkeypatch.setattr(influences, "genre_influences",
                        lambda *arguments: heard.append(arguments) or genre_influences(*arguments))
    both = label_folder(starter.classifier, tracks, out=tmp_path / "labels.csv")
    assert len(heard) == 2, "the first song is not heard again; the bad one and the new one are"
    assert both["blend"].tolist() == ["jazz", "metal"] and first["track_id"].tolist() == ["jazz"]
    assert both.filter(like="share: ").sum(axis=1).round(2).eq(1).all()
    assert pd.read_csv(tmp_path / "labels.csv")["blend"].tolist() == ["jazz", "metal"]
    assert "not audio" in pd.read_csv(tmp_path / "labels.skipped.csv")["reason"][0]
    assert len(plot_collection(both)) == 2


def test_another_model_labels_a_folder_anew(starter, songs, tmp_path):
    tracks = pd.DataFrame({"track_id": ["jazz"], "path": [str(songs["jazz"])]})
    first = label_folder(starter.classifier, tracks, out=tmp_path / "labels.csv")
    other = models.load(models.save(starter.classifier, tmp_path / "other"))
    kernel, bias = other.network_.get_layer("scores").get_weights()
    other.network_.get_layer("scores").set_weights([kernel[:, ::-1], bias[::-1]])  # the same genres, other weights
    other = models.load(models.save(other, tmp_path / "other"))
    assert other.fingerprint() != starter.classifier.fingerprint()
    second = label_folder(other, tracks, out=tmp_path / "labels.csv")
    assert first["share: jazz"].iloc[0] > .5 > second["share: jazz"].iloc[0]


# ---- starters

@pytest.mark.parametrize("name", ["sample", "gtzan"])
def test_starters_are_small_hold_no_songs_and_say_what_they_are(name):
    from starter_models import FOLDER
    files = [path for path in (FOLDER / name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 3e6
    assert {path.name for path in files} <= {"model.json", "weights.keras", "weights.skops", "map.json"}
    scores = model_card(load_starter(name))
    assert {"accuracy", "ece", "roc_auc"} <= set(scores.index) and {"trained on", "trust"} <= set(scores.attrs)
    assert ((scores["low"] <= scores["value"]) & (scores["value"] <= scores["high"]))[["accuracy", "roc_auc"]].all()


def test_the_card_of_a_model_that_notebook_06_saved():
    """Its scores are figures alone, without intervals."""
    starter = load_starter("sample")
    starter.classifier.saved_scores_ = {"validate accuracy": .6, "n": 24}
    assert model_card(starter)["value"].to_dict() == {"validate accuracy": .6, "n": 24}


def test_a_model_that_is_not_there_is_named():
    with pytest.raises(persistence.ModelError, match="gtzan, sample"):
        load_starter("no such model")


def test_real_recordings_are_read_sensibly(shared):
    gtzan = load_starter("gtzan")
    dance = next((shared / "librosa_examples").glob("Hungarian_Dance*.ogg"))
    assert genre_influences(gtzan.classifier, dance).mean().idxmax() == "classical"
