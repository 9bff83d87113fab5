"""The card of one song for print: one matplotlib figure."""

from matplotlib.figure import Figure

from prediction.plots import plot_aspects, plot_explanation, plot_map, plot_song, plot_timeline, short_name
from prediction.song_facts import fact_words


def draw_song_card(description, recording, *, shares, summary, explanation=None, by_aspect=None, genre_map=None):
    """Draw the card of a song.

    Parameters
    ----------
    description : dict
        What `influences.song_card` says of the song.
    recording : Recording
    shares : pd.DataFrame
        From `influences.genre_influences`.
    summary : pd.DataFrame
        From `influences.song_influences`.
    explanation : Explanation, optional
        Its `shares` are those of the timeline.
    by_aspect : pd.DataFrame, optional
        From `influences.aspect_influences`.
    genre_map : GenreMap, optional

    Returns
    -------
    matplotlib Figure
    """
    figure = Figure(figsize=(12, 13), layout="constrained")
    rows = figure.add_gridspec(4, 6, height_ratios=(1.3, 2.2, 1.7, 5))
    _draw_header(figure.add_subplot(rows[0, :]), description)
    plot_song(summary, ax=figure.add_subplot(rows[1, :3]))
    if genre_map is not None and description["map"]:
        place = description["map"]["x"], description["map"]["y"]
        ax = plot_map(genre_map, {"this song": place}, ax=figure.add_subplot(rows[1:3, 3:]))
        ax.set(xlabel="", ylabel="")  # the axes have no meaning in words: what counts is the distance
    if by_aspect is not None:
        plot_aspects(by_aspect, ax=figure.add_subplot(rows[2, :3]))
    n_maps = len(explanation.maps) if explanation else 1
    bottom = rows[3, :].subgridspec(3, n_maps, height_ratios=(1.5, .45, 1.7))
    plot_timeline(shares, recording, axs=[figure.add_subplot(bottom[0, :]), figure.add_subplot(bottom[1, :])])
    if explanation:
        plot_explanation(explanation, axs=[figure.add_subplot(bottom[2, number]) for number in range(n_maps)])
    return figure


def draw_explanation(explanation):
    """What was found where, as a figure of its own for the page."""
    n_maps = len(explanation.maps)
    figure = Figure(figsize=(max(6, 4.2 * n_maps), 3.2), layout="constrained")
    plot_explanation(explanation, axs=figure.subplots(1, n_maps, sharey=True, squeeze=False)[0])
    return figure


def _draw_header(ax, description):
    """Name, label and facts, and below them the sentences."""
    ax.set_axis_off()
    name = " – ".join(filter(None, (description["artist"], description["title"])))
    facts = "   ".join(f"{name} {value}" for name, value in fact_words(description).items())
    ax.text(0, 1, short_name(name, 110), fontsize=11, va="top", color=".35", parse_math=False)
    ax.text(0, .83, facts, fontsize=9.5, va="top", color=".35", parse_math=False)
    ax.text(0, .66, description["label"], fontsize=22, weight="bold", va="top", parse_math=False)
    ax.text(0, .02, "\n".join(description["sentences"]), fontsize=9.5, va="bottom", color=".2", parse_math=False,
            wrap=True)
