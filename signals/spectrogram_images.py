"""Spectrogram pictures as data: levels and decibels, PNG files that know how they were made, folders of them.

Our own pictures are 8-bit grey, low bands at the bottom, their settings in the file. Coloured pictures made elsewhere are
read back to the same levels by their colour map.
"""

import functools
import hashlib
import json
import os
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from isal import isal_zlib
from PIL import Image
from tqdm import tqdm

from sources.files import safe_name

DECIBELS = 80
GTZAN = {"sr": 22_050, "n_fft": 2048, "hop_length": 512, "n_mels": 128, "decibels": 40, "rows": 216, "row_step": .587,
"row_from": .75,
         "frames_per_column": 3.865, "first_frame": 6.75, "colour_map": "magma"}
"""How the widely used pictures of GTZAN were made, as far as it can be told from them and from recordings: 40 dB of power between
black and white, rows and columns picked without averaging."""
COLOUR_MAPS = ("magma", "viridis", "inferno", "plasma", "jet", "gray")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")


def file_stem(track_id, source):
    """The beginning of a track's file names: readable, and different for every track and source."""
    return f"{safe_name(track_id)}-{hashlib.sha1(f'{track_id}|{source}'.encode(errors='replace')).hexdigest()[:10]}"


def folder_names(genres):
    """A folder's name for each genre; two genres never share one, on systems that ignore capitals either.

    Examples
    --------
    >>> folder_names(["rock", "dance/electronic"])
    {'dance/electronic': 'dance_electronic', 'rock': 'rock'}
    """
    genres = sorted({str(genre) for genre in genres if not pd.isna(genre)})
    names = {genre: safe_name(genre) for genre in genres}
    folded = [name.casefold() for name in names.values()]
    return {genre: name if folded.count(name.casefold()) == 1 else f"{name}-{hashlib.sha1(genre.encode()).hexdigest()[:6]}"
            for genre, name in names.items()}


# ---- one picture

def power_to_levels(power):
    """Power as grey levels: white at its own peak, black 80 dB below.

    Parameters
    ----------
    power : np.ndarray [shape=(bands, frames)]
        Low bands first.

    Returns
    -------
    np.ndarray [shape=(bands, frames)], uint8

    Examples
    --------
    >>> power_to_levels(np.array([[1, 1e-4, 0]])).tolist()
    [[255, 128, 0]]
    """
    peak = max(float(power.max()), 1e-30)
    with np.errstate(divide="ignore"):
        levels = np.log(power / np.float32(peak))  # the natural logarithm is several times as fast as that to base 10
    levels *= 10 / np.log(10) * 255 / DECIBELS
    levels += 255.5
    return np.maximum(levels, 0, out=levels).astype(np.uint8)


def power_to_levels_as(power, settings):
    """Power as grey levels, made as certain pictures were: ours, or those of which `settings` say how they were made elsewhere.

    Parameters
    ----------
    power : np.ndarray [shape=(bands, frames)]
        Low bands first.
    settings : dict
        As in a manifest, such as `GTZAN`.

    Returns
    -------
    np.ndarray [shape=(rows, columns)], uint8

    Examples
    --------
    >>> power_to_levels_as(np.ones((128, 1293)), GTZAN).shape
    (216, 333)
    """
    if "frames_per_column" not in settings:
        return power_to_levels(power)
    rows = (np.arange(settings["rows"]) * settings["row_step"] + settings["row_from"]).astype(int).clip(max=len(power) - 1)
    columns = np.arange(settings["first_frame"], power.shape[1], settings["frames_per_column"]).round().astype(int)
    picked = power[np.ix_(rows, columns[columns < power.shape[1]])]
    with np.errstate(divide="ignore"):
        levels = 1 + 10 * np.log10(picked / max(float(power.max()), 1e-30)) / settings["decibels"]
    return np.round(255 * levels.clip(0, 1)).astype(np.uint8)


def write_image(path, levels, settings):
    """Write levels as a grey PNG, low bands at the bottom, with its settings in it; whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")  # made again, and so replaced, by the run after one that was killed
    beside.write_bytes(_png(levels[::-1], "settings", json.dumps(settings)))
    os.replace(beside, path)


def _png(levels, key, text):
    """The bytes of an 8-bit grey PNG with one text in it, a tenth of the time that Pillow takes to choose a filter a row.

    Every row is stored as differences of neighbours (filter 1), which ISA-L packs in a quarter of zlib's time, 3 % larger.
    """
    rows = np.empty((levels.shape[0], levels.shape[1] + 1), np.uint8)
    rows[:, 0] = 1
    rows[:, 1:2] = levels[:, :1]
    np.subtract(levels[:, 1:], levels[:, :-1], out=rows[:, 2:])
    chunks = {b"IHDR": struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], 8, 0, 0, 0, 0),
              b"tEXt": key.encode() + b"\0" + text.encode("ascii"),  # json.dumps escapes all that is not ASCII
              b"IDAT": isal_zlib.compress(rows, 1), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
                                            for name, data in chunks.items())


def image_settings(path):
    """What made one of our pictures, as a dict; None where there is no such picture or it is not ours."""
    try:
        with Image.open(path) as picture:
            return json.loads(picture.text["settings"])
    except (OSError, AttributeError, KeyError, ValueError, SyntaxError):
        return None


def read_image(path, *, crop=None, colour_map=None):
    """Read a spectrogram picture back to decibels below its peak.

    Parameters
    ----------
    path : str or Path
    crop : tuple of int, optional
        First row, last row, first column, last column of the part that is the spectrogram.
    colour_map : str, optional
        matplotlib's name of the colour map of a coloured picture.

    Returns
    -------
    np.ndarray [shape=(bands, frames)], float32
        From -80 to 0, low bands first.

    Raises
    ------
    ValueError
        It is no picture that can be read.
    """
    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture if picture.mode == "L" else picture.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{path} is no picture that can be read ({error})") from error
    if crop is not None:
        pixels = pixels[crop[0]:crop[1] + 1, crop[2]:crop[3] + 1]
    levels = pixels if pixels.ndim == 2 else _levels_of_colours(pixels, colour_map or recognise_colour_map(pixels))
    return levels[::-1].astype(np.float32) * np.float32(DECIBELS / 255) - np.float32(DECIBELS)


@functools.cache
def _colours(colour_map):
    """The nearest of a colour map's 256 levels for each colour, in a cube of 64 steps a side, and the distance to it."""
    cube = np.stack(np.meshgrid(*[np.arange(64) * 4 + 2] * 3, indexing="ij"), -1).reshape(-1, 3)
    distance, level = _palette(colour_map).query(cube)
    return level.astype(np.uint8), distance.astype(np.float32)


def _levels_of_colours(pixels, colour_map):
    """The level whose colour is nearest to each pixel's."""
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, where = np.unique(packed, return_inverse=True)
    parts = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    return _palette(colour_map).query(parts)[1].astype(np.uint8)[where].reshape(packed.shape)


@functools.cache
def _palette(colour_map):
    """A colour map's 256 colours, to be asked which is nearest."""
    import matplotlib
    from scipy.spatial import cKDTree
    return cKDTree(matplotlib.colormaps[colour_map](np.arange(256), bytes=True)[:, :3])


def recognise_colour_map(pixels):
    """The name of the colour map whose colours lie nearest to a picture's."""
    cells = pixels.reshape(-1, 3) // 4
    cells = cells[:: max(1, len(cells) // 5000)].astype(int) @ [4096, 64, 1]
    return min(COLOUR_MAPS, key=lambda name: _colours(name)[1][cells].mean())


def recognise_crop(pixels):
    """First row, last row, first column, last column of a coloured picture inside its white border and its axes' frame."""
    ink = (pixels[..., :3] < 250).any(axis=-1)
    rows, columns = np.flatnonzero(ink.mean(axis=1) > .5), np.flatnonzero(ink.mean(axis=0) > .5)
    if not (rows.size and columns.size):
        return 0, pixels.shape[0] - 1, 0, pixels.shape[1] - 1
    top, bottom, left, right = int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])
    rows = pixels[top:bottom + 1, left:right + 1]
    columns = rows.swapaxes(0, 1)
    return top + _is_frame(rows), bottom - _is_frame(rows[::-1]), left + _is_frame(columns), right - _is_frame(columns[::-1])


def _is_frame(lines):
    """Whether most of the first line of pixels is of one grey and the second is not: the frame around a coloured picture."""
    colour = np.median(lines[0], axis=0)
    outer, inner = ((line == colour).all(axis=-1).mean() for line in (lines[0], lines[min(1, len(lines) - 1)]))
    return bool(np.ptp(colour) == 0 and outer > .5 >= inner)


# ---- folders of pictures

def index_images(folder, *, crop=None, colour_map=None):
    """List a folder of spectrogram pictures by genre, ours or made elsewhere, as a manifest.

    Parameters
    ----------
    folder : str or Path
        ``genre/picture.png``, such as ``out_dir/mel``.
    crop, colour_map : optional
        As in `read_image`, for pictures made elsewhere; recognised from them where they are not given.

    Returns
    -------
    pd.DataFrame
        The manifest, as from `audio.write_spectrograms`. Pictures made elsewhere are one segment a track of unknown length;
        their `settings` hold `crop` and `colour_map`, ready for `read_image`. What cannot be read is listed in
        ``attrs["skipped"]``.

    Raises
    ------
    ValueError
        There are no pictures in the folder.
    """
    folder = Path(folder)
    paths = sorted(path for path in folder.glob("*/*")
                   if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith("."))
    if not paths:
        raise ValueError(f"no pictures ({', '.join(IMAGE_SUFFIXES)}) in the folders of {folder.absolute()}")
    rows, skipped, elsewhere = [], [], None
    for path in tqdm(paths, desc="pictures", unit="picture", disable=len(paths) < 500):
        ours = image_settings(path)
        try:
            if ours is None:
                with Image.open(path) as picture:
                    picture.verify()
                elsewhere = elsewhere or _recognised(paths, path, crop, colour_map)
        except (OSError, SyntaxError) as error:
            skipped.append({"path": str(path), "reason": f"no picture that can be read ({type(error).__name__})"})
            continue
        rows.append(_row(path, ours, elsewhere))
    manifest = pd.DataFrame(rows)
    for column in ("genre", "kind", "settings"):
        manifest[column] = manifest[column].astype("category")
    manifest.attrs["skipped"] = skipped
    return manifest


def _recognised(paths, path, crop, colour_map):
    """Crop box and colour map of a folder's pictures. The darkest of sixteen show the frame whole, through which the pictures
    shine."""
    pixels = _pixels(path)
    crop = crop or recognise_crop(functools.reduce(np.minimum, (
        other for other in map(_pixels, [paths[at] for at in np.linspace(0, len(paths) - 1, 16).astype(int)])
        if other is not None and other.shape == pixels.shape), pixels))
    inside = pixels[crop[0]:crop[1] + 1, crop[2]:crop[3] + 1]
    found = {"crop": list(crop), "colour_map": colour_map or recognise_colour_map(inside), "decibels": DECIBELS}
    of_gtzan = found["crop"] == [36, 251, 55, 388] and found["colour_map"] == GTZAN["colour_map"]
    return found | (GTZAN if of_gtzan else {})


def _pixels(path):
    """A picture's colours [shape=(rows, columns, 3)]; None where it cannot be read."""
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError):
        return None


MARKS = ("track_id", "source", "source_size", "source_time", "kind", "segment", "start", "seconds", "last")
"""What our pictures say of themselves beside the settings that they share."""


def _row(path, ours, elsewhere):
    genre = path.parent.name
    if ours is None:
        return {"track_id": path.stem, "segment": 0, "start": 0.0, "seconds": np.nan, "genre": genre, "artist": None,
                "path": str(path), "source": str(path), "kind": "mel", "settings": json.dumps(elsewhere)}
    shared = {name: value for name, value in ours.items() if name not in MARKS}
    return {"track_id": ours["track_id"], "segment": ours["segment"], "start": ours["start"], "seconds": ours["seconds"],
            "genre": genre, "artist": None, "path": str(path), "source": ours["source"], "kind": ours["kind"],
            "settings": json.dumps(shared)}


def save_archive(folder, archive):
    """Keep a folder of pictures as one zip file, on a mounted drive say; it appears whole or not at all.

    Thousands of small files are slow on a mounted drive, one large one is not. Notes of what is done (`.features.parquet.jsonl`)
    go along, so that it is not done again.
    """
    folder, archive = Path(folder), Path(archive)
    archive.parent.mkdir(parents=True, exist_ok=True)
    beside = archive.with_name(f".{archive.name}.part")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as packed:  # PNG is compressed already
        for path in sorted(path for path in folder.rglob("*") if path.is_file()
                           and (not path.name.startswith(".") or path.suffix == ".jsonl")):
            packed.write(path, path.relative_to(folder))
    os.replace(beside, archive)
    return archive


def restore_archive(archive, folder):
    """Take up again from an archive: what is not in the folder yet is unpacked there; nothing where there is no archive."""
    folder = Path(folder)
    if not Path(archive).exists():
        return folder
    try:
        with zipfile.ZipFile(archive) as packed:
            for member in packed.infolist():
                if not (folder / member.filename).exists():
                    packed.extract(member, folder)  # zipfile keeps members inside the folder
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{archive} is damaged, or no zip file ({error}): name another, or move it away") from error
    return folder


def plot_contact_sheet(manifest, *, kind="mel", each=4, seconds=None, axs=None):
    """A few pictures of each genre, a row a genre, on one scale of time.

    Parameters
    ----------
    manifest : pd.DataFrame
        As from `audio.write_spectrograms` or `index_images`.
    kind : str
    each : int
        Pictures a genre, of different tracks where there are as many.
    seconds : float, optional
        Show no more than this from each segment's start; the shortest length among them where it is not given.
    axs : array of matplotlib Axes, optional

    Returns
    -------
    np.ndarray of matplotlib Axes [shape=(genres, each)]
    """
    import matplotlib.pyplot as plt
    rows = manifest[manifest["kind"] == kind].drop_duplicates("track_id")
    rows = rows.assign(genre=rows["genre"].astype(object).where(rows["genre"].notna(), "unknown"))
    chosen = [part.head(each) for _, part in rows.groupby("genre", observed=True)]
    if axs is None:
        _, axs = plt.subplots(len(chosen), each, figsize=(2.4 * each, 1.25 * len(chosen) + .5), squeeze=False, sharex=True,
                              sharey=True, layout="constrained")
    seconds = seconds or pd.concat(chosen)["seconds"].min()
    for genre, line in zip(chosen, axs):
        for number, ax in enumerate(line):
            ax.set(xticks=[], yticks=[])
            if number < len(genre):
                _draw_start(ax, genre.iloc[number], seconds)
            else:
                ax.set_axis_off()
        line[0].set_ylabel(str(genre["genre"].iloc[0]).replace("/", "/\n"), rotation=0, ha="right", va="center")
    axs[-1, 0].set_xlabel("the whole picture" if np.isnan(seconds) else f"first {seconds:.0f} s")
    return axs


def _draw_start(ax, row, seconds):
    about = json.loads(row["settings"])
    levels = read_image(row["path"], crop=about.get("crop"), colour_map=about.get("colour_map"))
    if not np.isnan(seconds):
        levels = levels[:, :max(1, round(levels.shape[1] * min(1, seconds / row["seconds"])))]
    ax.imshow(levels, origin="lower", aspect="auto", cmap="magma", vmin=-DECIBELS, vmax=0, interpolation="nearest")


def add_chroma_paths(manifest):
    """A manifest's mel rows, with the path of each one's chroma picture in `chroma_path`, as `multi_cnn` takes them."""
    mel, chroma = (manifest[manifest["kind"] == kind] for kind in ("mel", "chroma"))
    if chroma.empty:
        raise ValueError("the manifest has no chroma pictures: make them with write_spectrograms(..., kinds=('mel', 'chroma'))")
    paths = chroma.set_index(["track_id", "segment", "source"])["path"]
    rows = pd.MultiIndex.from_frame(mel[["track_id", "segment", "source"]])
    return mel.assign(chroma_path=paths.reindex(rows).to_numpy()).dropna(subset=["chroma_path"])
