"""Titles and artists as they are written here and there, brought to the form in which they can be compared."""

import difflib
import re
import unicodedata

_FEATURED = re.compile(r"[(\[]\s*(?:with|w/|duet with)\b[^)\]]*[)\]]|[(\[][^)\]]*\b(?:feat|ft|featuring)\b[^)\]]*[)\]]"
                       r"|\s\b(?:feat|ft|featuring)\b\.?\s.*?(?=\s-\s|$)")
# another recording of the song is another song here: it sounds different
_VERSION = r"remix|mix|live|acoustic|instrumental|karaoke|demo|cover|rework|bootleg|medley|unplugged|reprise|sped up|slowed"
_HARMLESS = (r"remaster(?:ed)?|radio edit|radio version|single version|album version|single|explicit|clean|mono|stereo|edit|main"
             r"|original version|video version|bonus track|soundtrack|from .*|theme .*|version")
_TAIL = re.compile(r"[(\[]([^)\]]*)[)\]]|\s-\s(.+?)(?=\s-\s|$)")
_TELLING = re.compile(rf"\d+|\b(?:[ivx]+|{_VERSION})\b")  # two titles that differ in one of these are two songs
_CREDITS = re.compile(r"\s*(?:[,;/&+]|\b(?:feat|ft|featuring|with|duet with|and|x|vs|presents|starring|introducing)\b\.?)\s*")


def _folded(text):
    """Lower case without accents, & and + as and, apostrophes gone, $ and ! as the letters they stand for."""
    text = unicodedata.normalize("NFKD", str(text)).casefold()
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"['’‘`´ʼ]", "", text).replace("$", "s")
    text = re.sub(r"\b(\w)\.(?=\w\b)", r"\1", text)  # initials: R.I.P.
    return re.sub(r"(?<=\w)!(?=\w)", "i", text)


def _words(text):
    words = re.sub(r"[^\w]+|_", " ", re.sub(r"[&+]", " and ", text)).split()
    return " ".join({"pt": "part"}.get(word, word) for word in words)


def clean_title(title, *, short=False, version=True):
    """A title in the form in which titles are compared.

    Lower case, without accents, punctuation, featured artists and notes such as "Remastered 2011"; `short` drops every other
    bracket and what follows a dash as well. What names another recording (a remix, a live version) is kept, unless `version` is
    False: then all recordings of a song have one title.

    Examples
    --------
    >>> clean_title("Déjà Vu (feat. JAY-Z) - Remastered 2011"), clean_title("(You Drive Me) Crazy"), clean_title("Hey! - Remix")
    ('deja vu', 'you drive me crazy', 'hey remix')
    >>> clean_title("Satisfaction (I Can't Get No)", short=True), clean_title("So What - Live in Stockholm", version=False)
    ('satisfaction', 'so what')
    """
    folded = _FEATURED.sub(" ", _folded(title))

    def kept(match):
        note = match[1] or match[2] or ""
        other_recording = re.search(rf"\b(?:{_VERSION})\b", note)
        dropped = not version if other_recording else short or re.search(rf"\b(?:{_HARMLESS})\b", note)
        return " " if dropped else f" {note} "
    return _words(_TAIL.sub(kept, folded)) or _words(folded) or str(title).strip().casefold()


def credited(artist):
    """The artists that a credit names, each in the form in which they are compared.

    Examples
    --------
    >>> credited("The Black Eyed Peas & P!nk Featuring Beyoncé")
    ['black eyed peas', 'pink', 'beyonce']
    """
    named = re.sub(r"[(\[][^)\]]*[)\]]", " ", _folded(artist))
    parts = [_words(part).removeprefix("the ") for part in _CREDITS.split(named)]
    whole = str(artist).strip().casefold()
    return [part for part in dict.fromkeys(parts) if part] or ([whole] if whole else [])


def same_recording(one, other):
    """Whether two cleaned titles have the same numbers, and name the same kind of recording.

    Examples
    --------
    >>> same_recording("bust it part 2", "bust it part 1"), same_recording("halo remix", "halo"), same_recording("halo", "hallo")
    (False, False, True)
    """
    return _TELLING.findall(one) == _TELLING.findall(other)


def find_song(name, tracks):
    """The id of the track that someone means: by id, by title, or by ``artist - title``, however it is spelt.

    Parameters
    ----------
    name : str
    tracks : pd.DataFrame
        With `song` and `artist`, indexed by track; of several that fit, the first is taken. Without `song`, ids are the titles.

    Raises
    ------
    KeyError
        There is no such song; the message names the most similar ones.

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
    whole = [f"{clean_title(artist)} {title}" for artist, title in zip(artists, titles)]
    wanted = clean_title(name), clean_title(name.replace(" - ", " "))
    for row, spelt in enumerate(zip(whole, titles)):
        if set(wanted) & set(spelt):
            return tracks.index[row]
    near = [songs.iloc[titles.index(title)] for title in difflib.get_close_matches(wanted[0], titles, n=3)]
    raise KeyError(f"no song {name!r} among the {len(tracks):,} tracks" + (f"; similar are {', '.join(near)}" if near else ""))
