import subprocess
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import soundfile
from synthetic_signals import SR, tone

matplotlib.use("Agg")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


LONGEST = ("test_notebooks.py", "test_network_classifier.py", "test_picture_classifier.py", "test_success.py")
"""The test files that take longest. They run first, so that the last minutes do not wait for one of them."""

COMPILED = [f"librosa.{name}" for name in (
    "util.utils", "util.matching", "core.audio", "core.notation", "core.spectrum", "core.pitch", "core.constantq",
    "filters", "feature.utils", "sequence", "beat")]
"""The modules of librosa that numba compiles. They are imported by name, because librosa's own EAGER_IMPORT loads them
in a random order, which is a circular import one time in six."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes():
    """Compile librosa before the workers start.

    When two processes compile the same function at once, numba may cache machine code that crashes in every later run
    (https://github.com/numba/numba/issues/10128).
    """
    subprocess.run([sys.executable, "-c", f"import {', '.join(COMPILED)}"], check=True)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture
def shared():
    """The folder of real data beside the project; a test that needs it is skipped where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"the real data is not at {SHARED}")
    return SHARED


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def sample():
    """The synthetic sample table, prepared and with its features."""
    from prepare import load_Data, prepare_df
    from preprocessing import create_features
    return create_features(prepare_df(load_Data("sample")))


@pytest.fixture
def song():
    """Twelve seconds of a tone with a burst of noise on each beat, 120 beats a minute; samples and sampling rate."""
    rng = np.random.default_rng(0)
    beat = (np.arange(12 * SR) % (SR // 2) < 800) * rng.normal(size=12 * SR)
    return (.3 * tone(330, 12) + .3 * beat).astype(np.float32), SR


@pytest.fixture(scope="session")
def musicnn():
    """The files of the pre-trained network's weights; a test that needs them is skipped where they cannot be had."""
    from learning import pretrained
    from learning.persistence import ModelError
    try:
        return pretrained.fetch()
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def starter():
    """The starter model for synthetic songs."""
    from starter_models import load_starter
    return load_starter("sample")


@pytest.fixture(scope="session")
def songs(tmp_path_factory):
    """Paths of five synthetic songs whose genres are known."""
    from synth.songs import blend, change, render
    folder = tmp_path_factory.mktemp("songs")
    made = {"jazz": render("jazz", seconds=15, seed=9000, artist=9000),
            "metal": render("metal", seconds=15, seed=9001, artist=9001),
            "both": blend("hip hop", "classical", .5, seconds=15, seed=9002, artist=9002),
            "turn": change("folk/acoustic", "dance/electronic", 24, seconds=48, seed=9003, artist=9003),
            "parts": render(beat="hip hop", timbre="metal", pitch="classical", seconds=15, seed=9004, artist=9004)}
    for name, song in made.items():
        soundfile.write(folder / f"{name}.wav", song.y, song.sr)
    return {name: folder / f"{name}.wav" for name in made}
