"""What a song is made of: shares that mean something, labels by stated rules, maps that keep still, work that is not
lost."""

import html
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import influences
import models
from features import extract_features
from influences import (
    aspect_influences,
    fit_aspects,
    genre_influences,
    label_folder,
    passages,
    song_card,
    song_influences,
    song_tags,
    taggram,
)
from prediction.labels import blend_label, turning_point
from prediction.plots import plot_collection
from signals import recording
from starter_models import load_starter
from starter_models.synthetic_benchmark import check_aspects

# ---- shares

def test_shares_of_a_song(starter, songs):
    for name in ("jazz", "metal"):
        windows = genre_influences(starter.classifier, songs[name])
        assert np.allclose(windows.sum(axis=1), 1) and windows.columns.tolist() == starter.classifier.classes_.tolist()
        assert blend_label(song_influences(windows)["share"]) == name
    both = song_influences(genre_influences(starter.classifier, songs["both"]))
    assert set(both.index[:2]) == {"hip hop", "classical"}


def test_a_turn_is_found(starter, songs):
    windows = genre_influences(starter.classifier, songs["turn"])
    seconds, before, after = turning_point(windows)
    assert abs(seconds - 24) <= windows.attrs["seconds"] and before.startswith("folk") and after.startswith("dance")
    assert turning_point(genre_influences(starter.classifier, songs["jazz"])) is None


def test_the_interval_is_wider_where_windows_differ():
    rng = np.random.default_rng(0)
    steady, restless = (pd.DataFrame({"a": values, "b": 1 - values}) for values in
                        (rng.normal(.5, .01, 30), rng.normal(.5, .2, 30)))
    summaries = [song_influences(table) for table in (steady, restless)]
    assert all(((table["low"] <= table["share"]) & (table["share"] <= table["high"])).all() for table in summaries)
    width = [(table["high"] - table["low"]).mean() for table in summaries]
    assert width[1] > 5 * width[0]


# ---- aspects

def test_aspects_hear_only_their_own_features(starter, songs, tmp_path):
    shares = aspect_influences(starter.aspects, songs["parts"])
    assert shares.index.tolist() == ["beat", "timbre", "pitch"] and np.allclose(shares.sum(axis=1), 1)
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


# ---- the map


# ---- a page, a folder

def test_a_card_says_the_same_as_data_as_a_page_and_as_a_figure(starter, songs, tmp_path):
    card = song_card(starter.classifier, songs["parts"], aspects=starter.aspects, genre_map=starter.genre_map,
                     out=tmp_path)
    assert [path.suffix for path in card.files] == [".html", ".json", ".png"]
    assert json.loads(card.files[1].read_text(encoding="utf-8")) == card.description
    assert card.files[0].read_text(encoding="utf-8") == card.page and "srcdoc" in card._repr_html_()
    label, sentences = card.description["label"], card.description["sentences"]
    shown = " ".join(text.get_text() for text in card.figure.axes[0].texts)
    assert label in shown and all(html.escape(sentence) in card.page for sentence in sentences)
    assert card.description["aspects"]["beat"]["label"] == "hip hop"
    card.figure.savefig(tmp_path / "card.pdf")
    assert (tmp_path / "card.pdf").stat().st_size > 10_000


def test_label_timeline_and_explanation_show_one_share(starter, songs):
    description = song_card(starter.classifier, songs["turn"]).description
    timeline, shares = description["timeline"], {row["genre"]: row["share"] for row in description["shares"]}
    for genre, values in timeline["shares"].items():
        assert np.mean(values) == pytest.approx(shares[genre], abs=1e-3)
    window = timeline["starts"].index(description["found"]["start"])
    for row in description["found"]["genres"]:
        assert row["share"] == timeline["shares"][row["genre"]][window]
    first = description["shares"][0]["genre"]
    assert window == int(np.argmax(timeline["shares"][first])), "where the first genre has its largest share"


def test_a_song_of_one_window_has_no_intervals(starter, songs):
    summary = song_influences(genre_influences(starter.classifier, songs["jazz"], segment_seconds=15))
    assert summary["low"].isna().all() and summary["share"].sum() == pytest.approx(1)


def test_the_card_of_what_is_like_nothing_known_does_not_name_its_aspects(starter, tmp_path):
    soundfile.write(tmp_path / "noise.wav", .2 * np.random.default_rng(0).standard_normal(20 * 22_050), 22_050)
    description = song_card(starter.classifier, tmp_path / "noise.wav", aspects=starter.aspects).description
    assert description["aspects"] is None and description["found"] is None
    assert "unlike the songs" in description["sentences"][1]


def test_nearest_songs_can_be_heard_on_the_page_where_their_files_are_at_hand(starter, songs):
    tracks = extract_features(pd.DataFrame({"path": [str(songs[name]) for name in ("jazz", "metal", "both")],
                                            "song": ["a <b>", "b", "c"], "artist": ["<i>x</i>", "y", None]}), n_jobs=1)
    tracks["song"] = ["a <b>", "b", "c"]
    tracks.loc[tracks.index[1], "path"] = "gone.wav"
    card = song_card(starter.classifier, songs["turn"], songs=tracks)
    assert {row["song"] for row in card.description["nearest"]} == {"a <b>", "b", "c"}
    assert card.page.count('class="excerpt"') == 2 and "<i>x" not in card.page and "a <b>" not in card.page


def test_a_card_decodes_its_song_once(starter, songs, monkeypatch):
    decoded, load_audio = [], recording.load_audio
    monkeypatch.setattr(recording, "load_audio", lambda *a, **k: decoded.append(a) or load_audio(*a, **k))
    song_card(starter.classifier, songs["parts"], aspects=starter.aspects, genre_map=starter.genre_map)
    assert len(decoded) == 1


def test_a_folder_is_labelled_and_goes_on_where_it_stopped(starter, songs, tmp_path, monkeypatch):
    tracks = pd.DataFrame({"track_id": ["jazz", "bad", "metal"],
                           "path": [str(songs["jazz"]), str(tmp_path / "bad.mp3"), str(songs["metal"])]})
    (tmp_path / "bad.mp3").write_text("no music")
    first = label_folder(starter.classifier, tracks[:2], out=tmp_path / "labels.csv")
    judged = []
    monkeypatch.setattr(influences, "genre_influences",
                        lambda *arguments: judged.append(arguments) or genre_influences(*arguments))
    both = label_folder(starter.classifier, tracks, out=tmp_path / "labels.csv")
    assert len(judged) == 1, "the first song is not judged again, the new one is"
    assert both["blend"].tolist() == ["jazz", "metal"] and first["track_id"].tolist() == ["jazz"]
    assert both.filter(like="share: ").sum(axis=1).round(2).eq(1).all()
    assert pd.read_csv(tmp_path / "labels.csv")["blend"].tolist() == ["jazz", "metal"]
    assert "not audio" in pd.read_csv(tmp_path / "labels.skipped.csv")["reason"][0]
    assert len(plot_collection(both)) == 2


def test_songs_are_named_by_their_tags_and_a_file_that_is_added_costs_that_file_alone(starter, songs, tmp_path,
                                                                                      monkeypatch):
    folder = tmp_path / "music"
    folder.mkdir()
    for name, source in (("b.wav", "jazz"), ("Ann - Hey.wav", "metal")):
        (folder / name).write_bytes(songs[source].read_bytes())
    first = label_folder(starter.classifier, folder, out=tmp_path / "labels.csv")
    assert first["track_id"].tolist() == ["ann - hey", str(folder / "b.wav")]
    assert first["artist"].fillna("").tolist() == ["Ann", ""] and first["song"].tolist() == ["Hey", "b"]
    judged = []
    monkeypatch.setattr(influences, "genre_influences",
                        lambda *arguments: judged.append(arguments) or genre_influences(*arguments))
    (folder / "a").mkdir()
    (folder / "a" / "Ann - Hey.wav").write_bytes(songs["jazz"].read_bytes())  # the same name, another recording
    both = label_folder(starter.classifier, folder, out=tmp_path / "labels.csv")
    assert len(judged) == 1 and len(both) == 3 and (both["song"] == "Hey").sum() == 2
    pd.testing.assert_frame_equal(both[both["path"].isin(first["path"])].filter(like="share").reset_index(drop=True),
                                  first.filter(like="share"))
    assert list(pd.read_csv(tmp_path / "labels.csv"))[:4] == ["track_id", "artist", "song", "path"]


def test_songs_of_a_folder_are_placed_on_the_map_where_there_is_one(starter, songs, tmp_path):
    tracks = pd.DataFrame({"track_id": ["jazz"], "path": [str(songs["jazz"])]})
    table = label_folder(starter.classifier, tracks, out=tmp_path / "labels.csv", genre_map=starter.genre_map)
    place = influences.place_on_map(starter.genre_map, songs["jazz"], classifier=starter.classifier)
    assert table[["x", "y"]].iloc[0].tolist() == pytest.approx(place, abs=1e-3)
    moved = starter.genre_map._replace(centre=starter.genre_map.centre + 1)
    again = label_folder(starter.classifier, tracks, out=tmp_path / "labels.csv", genre_map=moved)
    assert again["x"].iloc[0] != table["x"].iloc[0], "another map, another place"


def test_a_folder_without_usable_sound_gives_an_empty_table_with_its_columns(starter, tmp_path):
    (tmp_path / "bad.mp3").write_text("no music")
    tracks = pd.DataFrame({"track_id": ["bad"], "path": [str(tmp_path / "bad.mp3")]})
    table = label_folder(starter.classifier, tracks, out=tmp_path / "labels.csv", aspects=starter.aspects)
    assert len(table) == 0 and {"blend", "share: jazz", "beat", "sentence"} <= set(table)
    assert list(pd.read_csv(tmp_path / "labels.csv")) == list(table)


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




# ---- tags and passages

def test_the_tags_of_a_song_are_percentiles_by_group(musicnn, songs):
    table = song_tags(songs["jazz"])
    assert table["percentile"].between(0, 100).all() and table["unsure"].dtype == bool
    assert set(table.index.get_level_values("group")) == {"genre", "mood", "era", "voice", "instruments"}
    assert table.loc[("genre", "jazz"), "percentile"] > table.loc[("genre", "metal"), "percentile"]


def test_a_taggram_has_a_row_for_each_three_seconds(musicnn, songs):
    table = taggram(songs["jazz"], top=5)
    assert table.shape == (5, 5)
    np.testing.assert_allclose(np.diff(table.index), 2.992, atol=.1)


def test_passages_are_of_the_main_genres_only():
    shares = pd.DataFrame({"rock": [.3, .5], "rock: punk": [.4, .3], "jazz": [.25, .18], "folk": [.05, .02]},
                          index=[0.0, 10.0])
    table = passages(shares)
    assert table.index.tolist() == ["rock", "jazz"]
    assert table["start"].tolist() == [10.0, 0.0] and table.loc["rock", "share"] == pytest.approx(.8)


def test_a_real_song_gets_a_family_and_a_style(musicnn, shared):
    starter = load_starter("music")
    path = next((shared / "tagged_songs").glob("*Raining Blood*"))
    assert blend_label(genre_influences(starter.classifier, path).mean()).startswith("metal")
    card = song_card(starter.classifier, path, aspects=starter.aspects, genre_map=starter.genre_map).description
    assert card["shares"][0]["genre"] == "metal" and card["out_of_distribution"] < .2
    assert card["artist"] == "Slayer" and card["facts"]["key"] and card["sentences"][0].startswith("Mostly")


def test_a_folder_is_labelled_with_the_shares_of_all_styles(musicnn, songs, tmp_path):
    starter = load_starter("music")
    tracks = pd.DataFrame({"track_id": ["a"], "path": [str(songs["metal"])]})
    table = label_folder(starter.classifier, tracks, out=tmp_path / "labels.csv")
    shares = table[[column for column in table if column.startswith("share: ")]]
    assert shares.shape[1] >= 20 and shares.iloc[0].sum() == pytest.approx(1, abs=.01)


def test_files_that_could_not_be_read_in_a_folder_are_listed_with_the_others(starter, songs, tmp_path, capsys):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "song.wav").write_bytes(songs["jazz"].read_bytes())
    (folder / "bad.mp3").write_bytes(b"no sound")
    soundfile.write(folder / "silent.wav", np.zeros(40_000), 16_000)
    table = label_folder(starter.classifier, folder, out=tmp_path / "labels.csv")
    assert len(table) == 1
    assert {Path(entry["path"]).name for entry in table.attrs["skipped"]} == {
        "bad.mp3", "silent.wav"}
    assert "2 of 3 files skipped" in capsys.readouterr().out
