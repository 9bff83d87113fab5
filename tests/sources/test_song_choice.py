"""A song is found wherever it lies; an uploaded file stays in its folder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import song_choice
from sources.song_choice import find_sound_file, upload_song


def test_a_song_is_looked_for_beside_the_notebook_then_at_the_root_and_at_home(tmp_path, monkeypatch):
    notebooks, root = tmp_path / "notebooks", tmp_path
    notebooks.mkdir()
    for file in (notebooks / "a.mp3", root / "a.mp3", root / "b.mp3"):
        file.touch()
    monkeypatch.setenv("HOME", str(root))
    assert find_sound_file("a.mp3", notebooks, root) == notebooks / "a.mp3"
    assert find_sound_file("b.mp3", notebooks, root) == root / "b.mp3"
    assert find_sound_file("~/b.mp3", notebooks) == root / "b.mp3"


def test_the_error_names_all_absolute_paths_that_were_tried(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        find_sound_file("c.mp3", tmp_path / "notebooks", tmp_path)
    assert str(tmp_path / "notebooks" / "c.mp3") in str(error.value) and str(tmp_path / "c.mp3") in str(error.value)
    with pytest.raises(FileNotFoundError, match="is a folder"):
        find_sound_file(".", tmp_path)


def test_nothing_is_shown_and_nothing_chosen_where_nobody_can_press_a_button(tmp_path, capsys):
    assert upload_song(tmp_path) is None and capsys.readouterr().out == ""


@pytest.mark.parametrize("value", [{"../x.mp3": {"content": b"12"}},
                                   ({"name": "../x.mp3", "content": memoryview(b"12")},)],
                         ids=["ipywidgets 7", "ipywidgets 8"])
def test_an_uploaded_file_is_kept_in_its_folder(tmp_path, value):
    for name, content in song_choice.files_of_upload(value):
        kept = song_choice.keep_upload(tmp_path / "uploads", name, content)
    assert kept.parent == tmp_path / "uploads" and kept.suffix == ".mp3" and kept.read_bytes() == b"12"
    assert upload_song(tmp_path / "uploads") == kept


@given(name=st.text(max_size=300))
def test_no_name_leads_out_of_the_folder(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("uploads")
    assert song_choice.keep_upload(folder, name, b"").parent == folder
