"""Files: names that are safe on every system, files that appear whole or not at all, and a journal of what is done."""

import contextlib
import json
import os
import re
import shutil
import threading
import unicodedata
from pathlib import Path

RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))}
"""Names that Windows keeps for devices."""


def safe_name(text, longest=60):
    """Text as the name of a file or folder on any system: no separators, no reserved word, not too long.

    Examples
    --------
    >>> safe_name("../AC/DC: Back in Black?"), safe_name("con"), safe_name("...")
    ('_AC_DC_ Back in Black_', 'con_', '_')
    """
    name = unicodedata.normalize("NFKC", str(text))
    name = re.sub(r"[^\w &'()+,.-]", "_", name)
    name = name.encode("utf-8")[:longest].decode("utf-8", errors="ignore").strip(" .") or "_"
    stem, dot, rest = name.partition(".")
    return f"{stem}_{dot}{rest}" if stem.casefold() in RESERVED else name


# ---- whole or not at all

def _temporary(path):
    """A hidden name beside `path` that no other process or thread uses."""
    return path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")


@contextlib.contextmanager
def atomic_path(path):
    """A temporary path to write a file to; the file is moved to `path` when the ``with`` block ends.

    Where the block fails, nothing is left and a file that was at `path` stays as it was. Folders are made as needed.

    Parameters
    ----------
    path : str or Path

    Yields
    ------
    Path
        In the same folder, without the file's ending.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_path(Path(folder) / "new" / "a.txt") as temporary:
    ...         _ = temporary.write_text("hello")
    ...     (Path(folder) / "new" / "a.txt").read_text()
    'hello'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(folder):
    """As `atomic_path`, for a folder and all that is in it; a folder that was there is replaced."""
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(folder)
    temporary.mkdir()
    try:
        yield temporary
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(path, text):
    """Write text as UTF-8, whole or not at all; returns the path."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(path)


def write_table(df, path):
    """Write a frame to a Parquet or CSV file, whole or not at all; returns the path.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(pd.DataFrame({"song": ["So What"]}), Path(folder) / "new" / "songs.csv").name
    'songs.csv'
    """
    path = Path(path)
    with atomic_path(path) as temporary:
        if path.suffix == ".csv":
            df.to_csv(temporary, index=df.index.name is not None)
        else:
            df.to_parquet(temporary, row_group_size=5000)  # piece by piece, so that a long table needs little memory
    return path


# ---- resuming

class Journal:
    """A file that lists what is done, so that a run that was killed continues where it stopped.

    Each line is one piece of work: its key, a mark of everything that its result depends on, and the result. A last line
    that a killed run left unfinished is ignored.

    Parameters
    ----------
    path : str or Path or None
        A JSON-lines file. None keeps nothing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Journal(Path(folder) / "done.jsonl").add("song 1", [1024], {"tempo": 120.0})
    ...     journal = Journal(Path(folder) / "done.jsonl")
    ...     journal.get("song 1", [1024]), journal.get("song 1", [2048])
    ({'tempo': 120.0}, None)
    """

    def __init__(self, path):
        self.path = None if path is None else Path(path)
        self._lines = {} if self.path is None else self._read()

    @classmethod
    def beside(cls, file):
        """The journal of a file that is to be written: hidden, in the same folder. None for None."""
        return cls(None if file is None else Path(file).with_name(f".{Path(file).name}.jsonl"))

    def _read(self):
        if not self.path.exists():
            return {}
        lines = {}
        for text in self.path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                line = json.loads(text)
                lines[line["key"]] = line
        return lines

    def get(self, key, mark):
        """The result that is known for a key; None where there is none, or where the mark differs."""
        line = self._lines.get(key)
        return line["rows"] if line and mark is not None and line["mark"] == mark else None

    def add(self, key, mark, result):
        """Write down the result of one piece of work."""
        line = {"key": key, "mark": mark, "rows": result}
        self._lines[key] = line
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a", encoding="utf-8") as lines:
            # a line break first: the line before may be one that a killed run left unfinished
            lines.write("\n" + json.dumps(line, default=float))
