"""The card for print shows the song's label and facts, and no names of features."""

import numpy as np
import soundfile
from matplotlib.text import Text
from songs_described import described, shares_over_time

from prediction.song_figure import draw_song_card
from prediction.windows import song_influences
from signals.recording import Recording


def test_a_card_is_drawn_without_map_aspects_and_explanation(tmp_path):
    soundfile.write(tmp_path / "a.wav", .3 * np.sin(np.arange(12 * 22_050) / 9), 22_050)
    shares = shares_over_time()
    figure = draw_song_card(described("a $name$"), Recording(tmp_path / "a.wav"), shares=shares,
                            summary=song_influences(shares))
    figure.canvas.draw()
    texts = " ".join(text.get_text() for text in figure.findobj(Text))
    assert "a $name$" in texts and "A minor" in texts and "rock" in texts and "12" in texts
