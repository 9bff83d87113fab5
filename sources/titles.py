"""Titles and artists in different spellings, brought to one form in which they can be compared."""

import difflib
import re
import unicodedata

_FEATURED = re.compile(r"[(\[]\s*(?:with|w/|duet with)\b[^)\]]*[)\]]|[(\[][^)\]]*\b(?:feat|ft|featuring)\b[^)\]]*[)\]]"
                       r"|\s\b(?:feat|ft|featuring)\b\.?\s.*?(?=\s-\s|$)")
# a remix or a live version counts as another song, since it sounds different
_VERSION = (r"remix|mix|live|acoustic|instrumental|karaoke|demo|cover|rework|bootleg|medley|unplugged|reprise|sped up"
            r"|slowed")
_SAME_RECORDING = (r"remaster(?:ed)?|radio edit|radio version|single version|album version|single|explicit|clean|mono"
                   r"|stereo|edit|main|original version|video version|bonus track|soundtrack|from .*|theme .*|version")
# a note in brackets, or after a dash
_NOTE = re.compile(r"[(\[]([^)\]]*)[)\]]|\s-\s(.+?)(?=\s-\s|$)")
# two titles that differ in one of these are two songs
_DISTINCTIVE = re.compile(rf"\d+|\b(?:[ivx]+|{_VERSION})\b")
_BETWEEN_ARTISTS = re.compile(r"\s*(?:[,;/&+]|\b(?:feat|ft|featuring|with|duet with|and|x|vs|presents|starring"
                              r"|introducing)\b\.?)\s*")

MOST_CANDIDATES = 20
"""The most songs of one title that are listed."""


def _folded(text):
    """Text in lower case, without accents, apostrophes and dots of initials; $ and ! inside a word become letters."""
    text = unicodedata.normalize("NFKD", str(text)).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"['’‘`´ʼ]", "", text).replace("$", "s")
    text = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", text)  # initials: R.I.P.
    return re.sub(r"(?<=\w)!(?=\w)", "i", text)


def _words(text):
    """The words of a text without punctuation; & and + become "and"."""
    words = re.sub(r"[^\w]+|_", " ", re.sub(r"[&+]", " and ", text)).split()
    return " ".join({"pt": "part"}.get(word, word) for word in words)


def clean_title(title, *, short=False, version=True):
    """A title in the form in which titles are compared.

    Lower case, without accents, punctuation, featured artists and notes such as "Remastered 2011".

    Parameters
    ----------
    title : str
    short : bool
        Drop all other notes too, in brackets or after a dash.
    version : bool
        Keep notes that name another recording (a remix, a live version). With False, all recordings of a song have one
        title.

    Returns
    -------
    str

    Examples
    --------
    >>> clean_title("Déjà Vu (feat. JAY-Z) - Remastered 2011"), clean_title("Hey! - Remix")
    ('deja vu', 'hey remix')
    >>> clean_title("Satisfaction (I Can't Get No)", short=True), clean_title("So What - Live", version=False)
    ('satisfaction', 'so what')
    """
    folded = _FEATURED.sub(" ", _folded(title))

    def kept(match):
        note = match[1] or match[2] or ""
        other_recording = re.search(rf"\b(?:{_VERSION})\b", note)
        dropped = not version if other_recording else short or re.search(rf"\b(?:{_SAME_RECORDING})\b", note)
        return " " if dropped else f" {note} "
    return _words(_NOTE.sub(kept, folded)) or _words(folded) or str(title).strip().casefold()


def credited(artist):
    """The artists whom a credit names, each in the form in which artists are compared.

    Examples
    --------
    >>> credited("The Black Eyed Peas & P!nk Featuring Beyoncé")
    ['black eyed peas', 'pink', 'beyonce']
    """
    named = re.sub(r"[(\[][^)\]]*[)\]]", " ", _folded(artist))
    parts = [_words(part).removeprefix("the ") for part in _BETWEEN_ARTISTS.split(named)]
    whole = str(artist).strip().casefold()
    return [part for part in dict.fromkeys(parts) if part] or ([whole] if whole else [])


def same_recording(one, other):
    """Whether two cleaned titles have the same numbers and the same words for versions.

    Examples
    --------
    >>> same_recording("bust it part 2", "bust it part 1"), same_recording("halo remix", "halo")
    (False, False)
    >>> same_recording("halo", "hallo")
    True
    """
    return _DISTINCTIVE.findall(one) == _DISTINCTIVE.findall(other)


class SongNotFound(KeyError):
    """No song has this name, or several have; the message says how to choose. A notebook shows the message alone."""

    def __str__(self):
        return str(self.args[0])

    def _render_traceback_(self):
        """What a notebook shows in place of the lines of code: the message is for the one who typed the name."""
        return [str(self)]


def find_song(name, tracks):
    """The id of a track, from its id, its title, or ``artist - title`` in any spelling.

    Of several tracks of the same artist and title, the most popular is taken, and a printed sentence says so.

    Parameters
    ----------
    name : str
    tracks : pd.DataFrame
        With `song` and `artist`, indexed by track. Without `song`, the ids are the titles.

    Returns
    -------
    str
        The id.

    Raises
    ------
    SongNotFound
        There is no such song, and the message names the most similar titles; or several artists have songs of this
        title, and the message lists them and says how to choose. It is a `KeyError`.

    Examples
    --------
    >>> import pandas as pd
    >>> find_song("so what!", pd.DataFrame({"artist": ["Miles Davis"], "song": ["So What"]}, index=["m1"]))
    'm1'
    """
    if name in tracks.index:
        return name
    artists = tracks["artist"].astype(object) if "artist" in tracks else [None] * len(tracks)
    songs = tracks["song"] if "song" in tracks else tracks.index.to_series().astype(str)
    titles = [clean_title(song) for song in songs]
    with_artist = [f"{clean_title(artist)} {title}" for artist, title in zip(artists, titles)]
    wanted = {clean_title(name), clean_title(name.replace(" - ", " "))}
    rows = [row for row, names in enumerate(with_artist) if names in wanted]
    rows = rows or [row for row, title in enumerate(titles) if title in wanted]
    if not rows:
        similar = [songs.iloc[titles.index(title)]
                   for title in difflib.get_close_matches(clean_title(name), titles, n=3)]
        hint = f"; similar are {', '.join(similar)}" if similar else ""
        raise SongNotFound(f"no song {name!r} among the {len(tracks):,} tracks{hint}")
    found = tracks.iloc[rows]
    if len(rows) > 1 and len({with_artist[row] for row in rows}) > 1:
        lines = [_candidate(found.iloc[[number]]) for number in range(min(len(found), MOST_CANDIDATES))]
        lines += ["  ..."] if len(found) > MOST_CANDIDATES else []
        question = f"{len(rows)} songs are called {name!r}. Which one? Write one of these:"
        raise SongNotFound("\n".join([question, *lines]))
    if len(rows) > 1 and "popularity" in found:
        found = found.sort_values("popularity", ascending=False, kind="stable", na_position="last")
    if len(rows) > 1:
        print(f"find_song: {len(rows)} tracks are {_candidate(found.iloc[[0]]).strip()}; the "
              f"{'most popular' if 'popularity' in found else 'first'} of them is taken, {found.index[0]!r} "
              f"(the others: {', '.join(map(repr, found.index[1:6]))}{' ...' if len(found) > 6 else ''})")
    return found.index[0]


def _candidate(track):
    """One line for a track, as it can be typed: artist and title, with what else is known of it."""
    row = track.iloc[0].dropna()
    name = " - ".join(str(row[column]) for column in ("artist", "song") if column in row)
    year = next((f"{row[column]:.0f}" for column in ("release_year", "year") if column in row), "")
    about = ", ".join(filter(None, [year, str(row.get("album", ""))]))
    return f'  "{name}"' + (f" ({about})" if about else "") + f", or its id {track.index[0]!r}"
