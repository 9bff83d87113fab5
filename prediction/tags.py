"""The tags of musicnn in words: what they mean, how rare each is, and where its two networks disagree."""

import numpy as np
import pandas as pd

WORDS = {
    "genre": {
        "rock": ["rock", "rock (MTT)"], "classic rock": ["classic rock"], "hard rock": ["hard rock"],
        "progressive rock": ["Progressive rock"], "alternative rock": ["alternative", "alternative rock"],
        "indie rock": ["indie", "indie rock"], "punk": ["punk"], "metal": ["metal", "heavy metal", "metal (MTT)"],
        "pop": ["pop", "pop (MTT)"], "indie pop": ["indie pop"], "folk": ["folk"],
        "country": ["country", "country (MTT)"], "blues": ["blues"], "jazz": ["jazz"], "soul": ["soul"],
        "funk": ["funk"], "R&B": ["rnb"], "hip hop": ["Hip-Hop"],
        "electronic": ["electronic", "electronica", "electronic (MTT)"], "house": ["House"], "electro": ["electro"],
        "techno": ["techno (MTT)"], "dance": ["dance", "dance (MTT)"], "ambient": ["ambient", "ambient (MTT)"],
        "experimental": ["experimental"], "easy listening": ["easy listening"], "new age": ["new age (MTT)"],
        "classical": ["classical (MTT)", "classic (MTT)"], "opera": ["opera (MTT)"], "Indian music": ["indian (MTT)"],
    },
    "mood": {
        "beautiful": ["beautiful"], "relaxed": ["chillout", "chill"], "mellow": ["Mellow"], "party": ["party"],
        "sexy": ["sexy"], "catchy": ["catchy"], "sad": ["sad"], "happy": ["happy"], "slow": ["slow (MTT)"],
        "fast": ["fast (MTT)"], "loud": ["loud (MTT)"], "quiet": ["quiet (MTT)"], "soft": ["soft (MTT)"],
        "weird": ["weird (MTT)"],
    },
    "era": {"the 60s": ["60s"], "the 70s": ["70s"], "the 80s": ["80s"], "the 90s": ["90s"], "the 2000s": ["00s"],
            "oldies": ["oldies"]},
    "voice": {
        "female voice": ["female vocalists", "female vocalist", "female (MTT)", "woman (MTT)", "female vocal (MTT)",
                         "female voice (MTT)"],
        "male voice": ["male vocalists", "male (MTT)", "man (MTT)", "male vocal (MTT)", "male voice (MTT)"],
        "no voice": ["instrumental", "no vocals (MTT)", "no vocal (MTT)", "no voice (MTT)"],
        "singing": ["singing (MTT)", "vocal (MTT)", "vocals (MTT)", "voice (MTT)"],
        "choir": ["choir (MTT)", "choral (MTT)"],
    },
    "instruments": {
        "guitar": ["guitar", "guitar (MTT)"], "acoustic": ["acoustic"], "strings": ["strings (MTT)"],
        "violin": ["violin (MTT)"], "cello": ["cello (MTT)"], "piano": ["piano (MTT)"], "drums": ["drums (MTT)"],
        "a clear beat": ["beat (MTT)", "beats (MTT)"], "synthesiser": ["synth (MTT)"],
        "harpsichord": ["harpsichord (MTT)"], "flute": ["flute (MTT)"], "harp": ["harp (MTT)"],
        "sitar": ["sitar (MTT)"], "solo instrument": ["solo (MTT)"],
    },
}
"""The words for tags, by group, and the tags of each: several where the networks know more than one name for it."""
DISAGREEMENT = 40.0
"""Percentile points between the two networks from which on a tag is unsure."""


def tag_percentiles(tags, quantiles):
    """The percentile of each word among reference songs.

    Parameters
    ----------
    tags : pd.DataFrame [shape=(n, tags)]
        Probabilities in columns such as ``tag: rock``, as from `features.extract_embeddings`.
    quantiles : pd.DataFrame [shape=(101, tags)]
        Of the same columns among the reference songs.

    Returns
    -------
    percentiles : pd.DataFrame [shape=(n, words)]
        From 0 to 100, the mean over the tags of a word; the columns are (group, word).
    gaps : pd.DataFrame, same shape
        By how much the mean of one network's tags is above that of the other, without sign; 0 where only one of them
        knows the word.
    """
    rank = {column: np.interp(tags[column].to_numpy(float), quantiles[column].to_numpy(float), np.arange(101))
            for column in quantiles}
    percentiles, gaps = {}, {}
    for group, words in WORDS.items():
        for word, names in words.items():
            by_network = [[rank[f"tag: {name}"] for name in names if name.endswith("(MTT)") == is_mtt]
                          for is_mtt in (False, True)]
            means = [np.mean(ranks, axis=0) for ranks in by_network if ranks]
            percentiles[group, word] = np.mean(means, axis=0)
            gaps[group, word] = np.abs(means[0] - means[-1])
    names = pd.MultiIndex.from_tuples(percentiles, names=["group", "word"])
    return (pd.DataFrame(np.column_stack(list(table.values())), tags.index, names) for table in (percentiles, gaps))


def tag_table(tags, quantiles):
    """The tags of one song in words.

    Parameters
    ----------
    tags : pd.Series or pd.DataFrame
        The tags of a song, or of its windows, of which the mean is taken.
    quantiles : pd.DataFrame
        As in `tag_percentiles`.

    Returns
    -------
    pd.DataFrame
        Indexed by group and word, in each group the highest percentile first: `percentile`, from 0 to 100, and
        `unsure`, where the two networks disagree.
    """
    mean = pd.DataFrame([pd.DataFrame(tags).mean() if isinstance(tags, pd.DataFrame) else tags])
    percentiles, gaps = tag_percentiles(mean, quantiles)
    table = pd.DataFrame({"percentile": percentiles.iloc[0], "unsure": gaps.iloc[0] >= DISAGREEMENT})
    order = {group: number for number, group in enumerate(WORDS)}
    table["order"] = [order[group] for group, _ in table.index]
    return table.sort_values(["order", "percentile"], ascending=[True, False]).drop(columns="order")


def tag_sentence(table, *, high=80, most=3):
    """The tags that stand out, in one sentence.

    Parameters
    ----------
    table : pd.DataFrame
        From `tag_table`.
    high : float
        The lowest percentile that is named.
    most : int
        The most words of a group.

    Returns
    -------
    str

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("genre", "rock"), ("genre", "folk"), ("voice", "male voice")])
    >>> tag_sentence(pd.DataFrame({"percentile": [95, 20, 88], "unsure": [False, False, True]}, index))
    'genre: rock; voice: male voice (unsure)'
    """
    parts = []
    for group in dict.fromkeys(table.index.get_level_values(0)):
        named = table.loc[group].query("percentile >= @high").head(most)
        words = [f"{word} (unsure)" if row["unsure"] else word for word, row in named.iterrows()]
        parts += [f"{group}: {', '.join(words)}"] if words else []
    return "; ".join(parts) or "no tag stands out"
