import numpy as np
import pandas as pd
import pytest

from learning.pretrained import tag_columns
from prediction.tags import WORDS, tag_percentiles, tag_sentence, tag_table


@pytest.fixture
def quantiles():
    """Of tags that are equally frequent between 0 and 1."""
    return pd.DataFrame({column: np.linspace(0, 1, 101) for column in tag_columns()})


def tags(**values):
    table = pd.DataFrame([dict.fromkeys(tag_columns(), .5)])
    for name, value in values.items():
        table[f"tag: {name.replace('_MTT', ' (MTT)').replace('_', ' ')}"] = value
    return table


def test_every_tag_has_one_word():
    named = [f"tag: {name}" for words in WORDS.values() for names in words.values() for name in names]
    assert sorted(named) == sorted(tag_columns())


def test_a_percentile_is_the_share_of_reference_songs_with_less_of_the_tag(quantiles):
    percentiles, gaps = tag_percentiles(tags(punk=.9), quantiles)
    assert percentiles["genre", "punk"].iloc[0] == pytest.approx(90)
    assert gaps["genre", "punk"].iloc[0] == 0


def test_a_word_of_both_networks_is_unsure_where_they_disagree(quantiles):
    table = tag_table(tags(instrumental=.95, no_vocals_MTT=.1, no_vocal_MTT=.1, no_voice_MTT=.1), quantiles)
    assert table.loc[("voice", "no voice"), "unsure"]
    assert table.loc[("voice", "no voice"), "percentile"] == pytest.approx((95 + 10) / 2)
    agreeing = tag_table(tags(instrumental=.95, no_vocals_MTT=.9, no_vocal_MTT=.9, no_voice_MTT=.9), quantiles)
    assert not agreeing.loc[("voice", "no voice"), "unsure"]


def test_the_groups_are_in_order_and_the_highest_percentile_is_first(quantiles):
    table = tag_table(tags(funk=.9, sad=.8), quantiles)
    assert list(dict.fromkeys(table.index.get_level_values("group"))) == list(WORDS)
    assert table.index[0] == ("genre", "funk") and table.loc["mood"].index[0] == "sad"


def test_windows_are_averaged_and_a_sentence_names_what_stands_out(quantiles):
    windows = pd.concat([tags(punk=1.0), tags(punk=.8)], ignore_index=True)
    table = tag_table(windows, quantiles)
    assert table.loc[("genre", "punk"), "percentile"] == pytest.approx(90)
    assert tag_sentence(table) == "genre: punk"
    assert tag_sentence(tag_table(tags(), quantiles)) == "no tag stands out"
