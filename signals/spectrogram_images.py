"""Spectrogram images: grey levels, PNG files that hold the settings that made them, folders and archives of them.

Images of this package are 8-bit grey, with low bands at the bottom and their settings in the file. Coloured images made
elsewhere are converted to the same levels by their colour map.
"""

import functools
import hashlib
import json
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from isal import isal_zlib
from PIL import Image

from signals.plain_names import plain_names
from signals.spectrograms import DECIBELS
from sources.files import atomic_path, safe_name
from sources.progress import progress

GTZAN = {"sr": 22_050, "n_fft": 2048, "hop_length": 512, "n_mels": 128, "decibels": 40, "rows": 216, "row_step": .587,
         "row_from": .75, "frames_per_column": 3.865, "first_frame": 6.75, "colour_map": "magma"}
"""How the widely used images of GTZAN were made, as measured by comparing them with recordings: 40 dB of power between
black and white, rows and columns picked without averaging."""
COLOUR_MAPS = ("magma", "viridis", "inferno", "plasma", "jet", "gray")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")


def file_stem(track_id, source):
    """The first part of a track's file names: readable, and different for every track and source."""
    digest = hashlib.sha1(f"{track_id}|{source}".encode(errors="replace")).hexdigest()
    return f"{safe_name(track_id)}-{digest[:10]}"


def folder_names(genres):
    """A folder's name for each genre. Two genres never share one, even on systems that ignore upper and lower case.

    Examples
    --------
    >>> folder_names(["rock", "dance/electronic"])
    {'dance/electronic': 'dance_electronic', 'rock': 'rock'}
    """
    genres = sorted({str(genre) for genre in genres if not pd.isna(genre)})
    names = {genre: safe_name(genre) for genre in genres}
    folded = [name.casefold() for name in names.values()]
    for genre, name in names.items():
        if folded.count(name.casefold()) > 1:
            names[genre] = f"{name}-{hashlib.sha1(genre.encode()).hexdigest()[:6]}"
    return names


# ---- one image

def power_to_levels(power):
    """Power as grey levels: white is its own peak, black is 80 dB below it.

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
        levels = np.log(power / np.float32(peak))  # several times as fast as log10
    levels *= 10 / np.log(10) * 255 / DECIBELS
    levels += 255.5
    return np.maximum(levels, 0, out=levels).astype(np.uint8)


def power_to_levels_as(power, settings):
    """Power as grey levels, drawn in the same way as the images that have these settings.

    Parameters
    ----------
    power : np.ndarray [shape=(bands, frames)]
        Low bands first.
    settings : dict
        As in a manifest: those of this package's images, or of images made elsewhere, such as `GTZAN`.

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
    rows = (np.arange(settings["rows"]) * settings["row_step"] + settings["row_from"]).astype(int)
    rows = rows.clip(max=len(power) - 1)
    columns = np.arange(settings["first_frame"], power.shape[1], settings["frames_per_column"]).round().astype(int)
    picked = power[np.ix_(rows, columns[columns < power.shape[1]])]
    with np.errstate(divide="ignore"):
        levels = 1 + 10 * np.log10(picked / max(float(power.max()), 1e-30)) / settings["decibels"]
    return np.round(255 * levels.clip(0, 1)).astype(np.uint8)


def write_image(path, levels, settings):
    """Write levels as a grey PNG with its settings inside; the file appears complete or not at all.

    Parameters
    ----------
    path : str or Path
    levels : np.ndarray [shape=(bands, frames)], uint8
        Low bands first; in the image they are at the bottom.
    settings : dict
        Stored in the file as JSON; `image_settings` reads them.
    """
    png = _png(levels[::-1], "settings", json.dumps(settings))
    with atomic_path(path) as temporary:
        temporary.write_bytes(png)


def _png(levels, key, text):
    """The bytes of an 8-bit grey PNG with one text in it.

    Every row is stored as differences of neighbours (filter 1), in a tenth of the time of Pillow, which chooses a
    filter for each row. ISA-L compresses it in a quarter of zlib's time, to files that are 3% larger.
    """
    rows = np.empty((levels.shape[0], levels.shape[1] + 1), np.uint8)
    rows[:, 0] = 1
    rows[:, 1:2] = levels[:, :1]
    np.subtract(levels[:, 1:], levels[:, :-1], out=rows[:, 2:])
    chunks = {b"IHDR": struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], 8, 0, 0, 0, 0),
              b"tEXt": key.encode() + b"\0" + text.encode("ascii"),  # json.dumps escapes all that is not ASCII
              b"IDAT": isal_zlib.compress(rows, 1), b"IEND": b""}
    packed = [struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
              for name, data in chunks.items()]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


UNREADABLE = (OSError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises for files that are no images, or that have far more pixels than bytes."""


def image_settings(path):
    """The settings stored in an image of this package, as a dict; None for other images and where there is no image."""
    try:
        with Image.open(path) as image:
            return json.loads(image.text["settings"])
    except (*UNREADABLE, AttributeError, KeyError, ValueError):
        return None


def read_image(path, *, crop=None, colour_map=None):
    """Read a spectrogram image as decibels below its peak.

    Parameters
    ----------
    path : str or Path
    crop : tuple of int, optional
        First row, last row, first column, last column of the part that is the spectrogram.
    colour_map : str, optional
        matplotlib's name of a coloured image's colour map; recognised from the colours where it is not given.

    Returns
    -------
    np.ndarray [shape=(bands, frames)], float32
        From -80 to 0, low bands first.

    Raises
    ------
    ValueError
        The file cannot be read as an image.
    """
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image if image.mode == "L" else image.convert("RGB"))
    except UNREADABLE as error:
        raise ValueError(f"{path} cannot be read as an image ({error})") from error
    if crop is not None:
        pixels = pixels[crop[0]:crop[1] + 1, crop[2]:crop[3] + 1]
    levels = pixels if pixels.ndim == 2 else _levels_of_colours(pixels, colour_map or recognise_colour_map(pixels))
    return levels[::-1].astype(np.float32) * np.float32(DECIBELS / 255) - np.float32(DECIBELS)


# ---- images made elsewhere

@functools.cache
def _palette(colour_map):
    """A colour map's 256 colours, as a tree that finds the nearest one."""
    import matplotlib
    from scipy.spatial import cKDTree
    return cKDTree(matplotlib.colormaps[colour_map](np.arange(256), bytes=True)[:, :3])


def _levels_of_colours(pixels, colour_map):
    """The level whose colour is nearest to each pixel's."""
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, inverse = np.unique(packed, return_inverse=True)
    channels = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    return _palette(colour_map).query(channels)[1].astype(np.uint8)[inverse].reshape(packed.shape)


@functools.cache
def _distances(colour_map):
    """The distance to the nearest colour of a colour map, for each colour of a cube with 64 steps a side."""
    cube = np.stack(np.meshgrid(*[np.arange(64) * 4 + 2] * 3, indexing="ij"), -1).reshape(-1, 3)
    return _palette(colour_map).query(cube)[0].astype(np.float32)


def recognise_colour_map(pixels):
    """The name of the colour map whose colours are nearest to those of an image [shape=(rows, columns, 3)]."""
    cells = pixels.reshape(-1, 3) // 4
    cells = cells[:: max(1, len(cells) // 5000)].astype(int) @ [4096, 64, 1]
    return min(COLOUR_MAPS, key=lambda name: _distances(name)[cells].mean())


def recognise_crop(pixels):
    """The part of a coloured image inside its white border and its axes' frame: rows and columns, as `crop`."""
    ink = (pixels[..., :3] < 250).any(axis=-1)
    rows = np.flatnonzero(ink.mean(axis=1) > .5)
    columns = np.flatnonzero(ink.mean(axis=0) > .5)
    if not (rows.size and columns.size):
        return 0, pixels.shape[0] - 1, 0, pixels.shape[1] - 1
    top, bottom = int(rows[0]), int(rows[-1])
    left, right = int(columns[0]), int(columns[-1])
    rows = pixels[top:bottom + 1, left:right + 1]
    columns = rows.swapaxes(0, 1)
    return (top + _is_frame(rows), bottom - _is_frame(rows[::-1]),
            left + _is_frame(columns), right - _is_frame(columns[::-1]))


def _is_frame(lines):
    """Whether the first line of pixels is the frame around an image: mostly one grey, unlike the second line."""
    colour = np.median(lines[0], axis=0)
    outer, inner = ((line == colour).all(axis=-1).mean() for line in (lines[0], lines[min(1, len(lines) - 1)]))
    return bool(np.ptp(colour) == 0 and outer > .5 >= inner)


# ---- folders of images

def index_images(folder, *, crop=None, colour_map=None):
    """List the spectrogram images in a folder by genre, of this package or made elsewhere, as a manifest.

    Parameters
    ----------
    folder : str or Path
        ``genre/image.png``, such as ``out_dir/mel``.
    crop, colour_map : optional
        As in `read_image`, for images made elsewhere; recognised from the images where they are not given.

    Returns
    -------
    pd.DataFrame
        The manifest, as from `audio.write_spectrograms`. An image made elsewhere is one track with one segment of
        unknown length; its `settings` hold `crop` and `colour_map` for `read_image`. Files that cannot be read are
        listed in ``attrs["skipped"]``.

    Raises
    ------
    ValueError
        There are no images in the folder.
    """
    folder = Path(folder)
    paths = sorted(path for path in folder.glob("*/*")
                   if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith("."))
    if not paths:
        raise ValueError(f"no images ({', '.join(IMAGE_SUFFIXES)}) in the folders of {folder.absolute()}")
    rows, skipped, elsewhere = [], [], None
    for path in progress(paths, desc="images", unit="image"):
        ours = image_settings(path)
        try:
            if ours is None:
                with Image.open(path) as image:
                    image.verify()
                elsewhere = elsewhere or _recognised_settings(paths, path, crop, colour_map)
        except UNREADABLE as error:
            skipped.append({"path": str(path), "reason": f"cannot be read as an image ({type(error).__name__})"})
            continue
        rows.append(_manifest_row(path, ours, elsewhere))
    manifest = pd.DataFrame(rows)
    for column in ("genre", "kind", "settings"):
        manifest[column] = manifest[column].astype("category")
    manifest.attrs["skipped"] = skipped
    return manifest


def _recognised_settings(paths, path, crop, colour_map):
    """Crop box and colour map of a folder of images.

    The frame around a spectrogram can be partly transparent. In the darkest pixels of sixteen images it is complete.
    """
    pixels = _pixels(path)
    if crop is None:
        sample = [_pixels(paths[number]) for number in np.linspace(0, len(paths) - 1, 16).astype(int)]
        alike = [other for other in sample if other is not None and other.shape == pixels.shape]
        crop = recognise_crop(functools.reduce(np.minimum, alike, pixels))
    inside = pixels[crop[0]:crop[1] + 1, crop[2]:crop[3] + 1]
    colour_map = colour_map or recognise_colour_map(inside)
    settings = {"crop": list(crop), "colour_map": colour_map, "decibels": DECIBELS}
    of_gtzan = settings["crop"] == [36, 251, 55, 388] and colour_map == GTZAN["colour_map"]
    return settings | (GTZAN if of_gtzan else {})


def _pixels(path):
    """An image's colours [shape=(rows, columns, 3)]; None where it cannot be read."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except UNREADABLE:
        return None


MARKS = ("track_id", "source", "source_size", "source_time", "source_checksum", "kind", "segment", "start", "seconds",
         "last")
"""What is stored in an image about its own segment, beside the settings that all images of a run share."""


def _manifest_row(path, ours, elsewhere):
    row = {"track_id": path.stem, "segment": 0, "start": 0.0, "seconds": np.nan, "genre": path.parent.name,
           "artist": None, "path": str(path), "source": str(path), "kind": "mel", "settings": json.dumps(elsewhere)}
    if ours is None:
        return row
    shared = {name: value for name, value in ours.items() if name not in MARKS}
    own = {name: ours[name] for name in ("track_id", "segment", "start", "seconds", "source", "kind")}
    return row | own | {"settings": json.dumps(shared)}


# ---- archives

def save_archive(folder, archive):
    """Store a folder of images as one zip file, for example on a mounted drive; it appears complete or not at all.

    Thousands of small files are slow on a mounted drive; one large file is not. Journals of finished work
    (`.features.parquet.jsonl`) are included, so that the work is not repeated. Returns the archive's path.
    """
    folder, archive = Path(folder), Path(archive)
    files = sorted(path for path in folder.rglob("*") if path.is_file()
                   and (not path.name.startswith(".") or path.suffix == ".jsonl"))
    with atomic_path(archive) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as packed:
        for path in files:  # stored, not compressed: PNG is compressed already
            packed.write(path, path.relative_to(folder))
    return archive


def restore_archive(archive, folder):
    """Unpack the files of an archive that are not yet in the folder; does nothing where there is no archive.

    Returns the folder's path. A damaged archive raises a ValueError.
    """
    folder = Path(folder)
    if not Path(archive).exists():
        return folder
    try:
        with zipfile.ZipFile(archive) as packed:
            for member in packed.infolist():
                if not (folder / member.filename).exists():
                    packed.extract(member, folder)  # zipfile keeps members inside the folder
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{archive} is damaged, or not a zip file ({error}): name another, or move it away") from error
    return folder


# ---- manifests

NOTES = {0: "C", 2: "D", 4: "E", 5: "F", 7: "G", 9: "A", 11: "B"}
"""The rows of a chroma image that are named."""


@plain_names
def plot_contact_sheet(manifest, *, kind="mel", each=4, seconds=None, axs=None):
    """Plot a few images of each genre, a row a genre, on one time scale; the rows of chroma images have note names.

    Parameters
    ----------
    manifest : pd.DataFrame
        As from `audio.write_spectrograms` or `index_images`.
    kind : str
    each : int
        Images a genre, each of another track; fewer where a genre has fewer tracks.
    seconds : float, optional
        Show this much from the start of each segment; the length of the shortest segment where it is not given.
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
        size = (2.4 * each, 1.25 * len(chosen) + .5)
        axs = plt.subplots(len(chosen), each, figsize=size, squeeze=False, sharex=True, sharey=True,
                           layout="constrained")[1]
    seconds = seconds or pd.concat(chosen)["seconds"].min()
    for images, row_of_axes in zip(chosen, axs):
        for number, ax in enumerate(row_of_axes):
            ax.set(xticks=[], yticks=[])
            if number < len(images):
                _draw_start(ax, images.iloc[number], seconds)
            else:
                ax.set_axis_off()
        genre = str(images["genre"].iloc[0]).replace("/", "/\n")
        row_of_axes[0].set_ylabel(genre, rotation=0, ha="right", va="center")
    if kind == "chroma":
        for ax in axs.flat:
            ax.set_yticks(*zip(*NOTES.items()), fontsize=6)
            ax.tick_params("y", length=0, labelleft=ax in axs[:, 0])
    axs[-1, 0].set_xlabel("the whole image" if np.isnan(seconds) else f"first {seconds:.0f} s")
    return axs


def _draw_start(ax, row, seconds):
    settings = json.loads(row["settings"])
    decibels = read_image(row["path"], crop=settings.get("crop"), colour_map=settings.get("colour_map"))
    if not np.isnan(seconds):
        decibels = decibels[:, :max(1, round(decibels.shape[1] * min(1, seconds / row["seconds"])))]
    ax.imshow(decibels, origin="lower", aspect="auto", cmap="magma", vmin=-DECIBELS, vmax=0, interpolation="nearest")


def add_chroma_paths(manifest):
    """A manifest's mel rows with the paths of their chroma images in `chroma_path`, as `multi_cnn` takes them."""
    mel, chroma = (manifest[manifest["kind"] == kind] for kind in ("mel", "chroma"))
    if chroma.empty:
        raise ValueError("the manifest has no chroma images: "
                         "make them with write_spectrograms(..., kinds=('mel', 'chroma'))")
    paths = chroma.set_index(["track_id", "segment", "source"])["path"]
    segments = pd.MultiIndex.from_frame(mel[["track_id", "segment", "source"]])
    return mel.assign(chroma_path=paths.reindex(segments).to_numpy()).dropna(subset=["chroma_path"])
