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


def find_song(name, tracks):
    """The id of a track, from its id, its title, or ``artist - title`` in any spelling.

    Parameters
    ----------
    name : str
    tracks : pd.DataFrame
        With `song` and `artist`, indexed by track. Without `song`, the ids are the titles.

    Returns
    -------
    str
        The id; of several tracks with this name, the first.

    Raises
    ------
    KeyError
        There is no such song; the message names the most similar titles.

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
    wanted = clean_title(name), clean_title(name.replace(" - ", " "))
    for row, names in enumerate(zip(with_artist, titles)):
        if set(wanted) & set(names):
            return tracks.index[row]
    similar = [songs.iloc[titles.index(title)] for title in difflib.get_close_matches(wanted[0], titles, n=3)]
    hint = f"; similar are {', '.join(similar)}" if similar else ""
    raise KeyError(f"no song {name!r} among the {len(tracks):,} tracks{hint}")
