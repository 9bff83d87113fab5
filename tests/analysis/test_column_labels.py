"""The axes of plots name units."""

import pytest

from analysis.associations import FEATURES
from analysis.column_labels import LABELS, label
from analysis.trends import TRENDS


@pytest.mark.parametrize("column, unit", [("tempo", "BPM"), ("loudness", "dB"), ("loudness_lufs", "LUFS"),
                                          ("duration_minutes", "minutes"), ("spectral_centroid_mean", "Hz")])
def test_a_label_ends_with_the_unit(column, unit):
    assert label(column).endswith(f"({unit})")


def test_every_feature_has_a_label():
    assert set(FEATURES) | set(TRENDS) <= set(LABELS)


def test_any_other_column_is_named_as_it_is():
    assert label("my_own_column") == "my own column" and label(7) == "7"
