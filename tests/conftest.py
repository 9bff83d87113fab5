import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

matplotlib.use("Agg")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
sys.path.insert(0, str(ROOT / "notebooks"))


@pytest.fixture
def shared():
    """The folder of real data beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"the real data is not at {SHARED}")
    return SHARED


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def sample():
    """The sample, prepared."""
    from prepare import load_Data, prepare_df
    from preprocessing import create_features
    return create_features(prepare_df(load_Data("sample")))
