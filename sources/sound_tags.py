"""The tags and the duration of one sound file: ID3, Vorbis comments, MP4, APE and LIST INFO."""

from sources.sound_containers import examine

# Vorbis comment and easy name, ID3 frame, APE key, key of LIST INFO
KEYS = {"artist": ("artist", "TPE1", "Artist", "IART"), "title": ("title", "TIT2", "Title", "INAM"),
        "album": ("album", "TALB", "Album", "IPRD"), "date": ("date", "TDRC", "Year", "ICRD"),
        "genre": ("genre", "TCON", "Genre", "IGNR")}


def read_sound_tags(path):
    """The tags and the duration of a sound file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    tags : dict of str to str
        `artist, title, album, date, genre`, as far as the file has them. Several artists are joined with ``;``, several
        genres with commas.
    seconds : float or None
        What can be decoded, also where the file's header tells something else.
    note : str
        That the file is cut short; empty for a whole file.

    Raises
    ------
    ValueError
        The file cannot be read; the message is the reason.
    """
    import mutagen
    try:
        sound = mutagen.File(path, easy=True)
    except Exception as error:  # a damaged header can raise any error in mutagen
        sound, problem = None, f"unreadable: {error}"
    else:
        problem = "not a sound file of a known format"
    examined = examine(path)
    seconds = examined.seconds or _duration(path) or (sound.info.length if sound is not None else None)
    if sound is None and seconds is None:
        raise ValueError(problem)
    found = [getattr(sound, "tags", None) or {}, _ape(path), _list_info(path)]
    values = {name: next(filter(None, (_values(tags, keys) for tags in found)), None) for name, keys in KEYS.items()}
    joined = {"artist": "; ", "genre": ", "}
    return {name: joined[name].join(texts) if name in joined else texts[0]
            for name, texts in values.items() if texts}, seconds, examined.note


def _values(tags, keys):
    """The texts of a tag, without empty ones; ID3 separates several by a zero."""
    for key in keys:
        value = tags.get(key)
        if not value:
            continue
        texts = value if isinstance(value, list) else getattr(value, "text", None) or [value]
        parts = [part.strip() for text in texts for part in str(text).split("\0")]
        if parts := [part for part in dict.fromkeys(parts) if part]:
            return parts
    return []


def _duration(path):
    """The seconds of a file of samples, such as WAV and RF64; None for other files."""
    import soundfile
    with open(path, "rb") as file:
        if file.read(4) not in (b"RIFF", b"RF64", b"FORM", b"fLaC"):
            return None
    try:
        return soundfile.info(str(path)).duration
    except soundfile.LibsndfileError:
        return None


def _ape(path):
    """The APE tags at the end of an MP3 file; an empty dict if there are none."""
    import mutagen.apev2
    try:
        return mutagen.apev2.APEv2(path)
    except Exception:  # there are none, or they are damaged
        return {}


def _list_info(path):
    """The LIST INFO chunk of a RIFF file as a dict; empty if there is none."""
    tags = {}
    with open(path, "rb") as file:
        if file.read(12)[:4] not in (b"RIFF", b"RF64"):
            return tags
        while len(head := file.read(8)) == 8:
            size = int.from_bytes(head[4:], "little")
            if head[:4] != b"LIST" or size > 1 << 20:
                file.seek(size + size % 2, 1)
                continue
            chunk = file.read(size + size % 2)
            at = 4
            while chunk[:4] == b"INFO" and at + 8 <= len(chunk):
                length = int.from_bytes(chunk[at + 4:at + 8], "little")
                text = chunk[at + 8:at + 8 + length].rstrip(b"\0")
                try:
                    tags[chunk[at:at + 4].decode("ascii", "replace")] = text.decode()
                except UnicodeDecodeError:
                    tags[chunk[at:at + 4].decode("ascii", "replace")] = text.decode("cp1252", "replace")
                at += 8 + length + length % 2
    return tags
