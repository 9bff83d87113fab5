"""File names that every system accepts, files that are written completely or not at all, and a journal for resuming."""

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
    """Text as the name of a file or folder on any system.

    The name has no separators, is not empty, is no reserved word, and is not too long. Different texts can have the
    same name.

    Parameters
    ----------
    text : str
    longest : int
        The most bytes that the name may have in UTF-8, at least 5.

    Returns
    -------
    str

    Examples
    --------
    >>> safe_name("../AC/DC: Back in Black?"), safe_name("con"), safe_name("...")
    ('_AC_DC_ Back in Black_', 'con_', '_')
    """
    name = unicodedata.normalize("NFKC", str(text))
    name = _cut(re.sub(r"[^\w &'()+,.-]", "_", name), longest)
    stem, dot, rest = name.partition(".")
    reserved = stem.strip().casefold() in RESERVED  # Windows ignores blanks before the dot
    return _cut(f"{stem.strip()}_{dot}{rest}", longest) if reserved else name


def _cut(name, longest):
    """The name in at most so many bytes, without blanks and dots at its ends; an underscore where nothing is left."""
    return name.encode("utf-8")[:longest].decode("utf-8", errors="ignore").strip(" .") or "_"


def same_name(path):
    """The path of an existing file whose name differs at most in how its accents are encoded; else the path as given.

    macOS once stored `é` as two characters, and files keep such names when they are copied.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Path
    """
    path = Path(path)
    if path.exists():
        return path
    others = (Path(unicodedata.normalize(form, str(path))) for form in ("NFC", "NFD"))
    return next((other for other in others if other.exists()), path)


# ---- writing completely or not at all

def _temporary(path):
    """A hidden name in the folder of `path` that no other process or thread uses."""
    return path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")


@contextlib.contextmanager
def atomic_path(path):
    """A temporary path to write a file to; the file is moved to `path` when the ``with`` block ends.

    If the block fails, the temporary file is removed, and an older file at `path` stays as it was. Missing folders are
    made.

    Parameters
    ----------
    path : str or Path

    Yields
    ------
    Path
        In the same folder as `path`. It does not end in the suffix of `path`: a writer that chooses the format by the
        suffix has to be told the format.

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
    """A temporary folder to write files to; it is moved to `folder` when the ``with`` block ends.

    If the block fails, the temporary folder is removed, and an older folder stays as it was. If it succeeds, an older
    folder is replaced with all its files.

    Parameters
    ----------
    folder : str or Path

    Yields
    ------
    Path
        An empty folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     with atomic_folder(Path(parent) / "model") as temporary:
    ...         _ = (temporary / "weights.txt").write_text("1 2 3")
    ...     sorted(path.name for path in (Path(parent) / "model").iterdir())
    ['weights.txt']
    """
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
    """Write a text file in UTF-8, completely or not at all.

    Parameters
    ----------
    path : str or Path
    text : str

    Returns
    -------
    Path
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(path)


def write_table(df, path):
    """Write a table as a Parquet or CSV file, completely or not at all.

    Parameters
    ----------
    df : pd.DataFrame
        In a CSV file its index is written only if it has a name.
    path : str or Path
        CSV if it ends in ``.csv``, else Parquet.

    Returns
    -------
    Path

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
            df.to_parquet(temporary, row_group_size=5000)  # in groups of rows, so that a long table needs little memory
    return path


# ---- resuming

class Journal:
    """A file that lists the finished work of a run, so that a run that was stopped continues where it was.

    Each line is one piece of work: its key, a mark, and its result. The mark is everything that the result depends on;
    if the mark has changed, the work has to be done again. A last line that a killed run did not finish is ignored.

    Parameters
    ----------
    path : str or Path or None
        A file of JSON lines; it is made with the first line. With None the journal is kept in memory only.

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
        """The journal of a file that a run is going to write, hidden in the same folder. For None, one in memory."""
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

    def __iter__(self):
        """The keys of all pieces of work in the journal, in the order in which they were first added."""
        return iter(self._lines)

    def get(self, key, mark):
        """The result of one piece of work; None if there is none, or if the mark is another."""
        line = self._lines.get(key)
        return line["rows"] if line and mark is not None and line["mark"] == mark else None

    def add(self, key, mark, result):
        """Add the result of one piece of work; it takes the place of an earlier result with the same key.

        Parameters
        ----------
        key : str
        mark : object
            As JSON has it: a list rather than a tuple, so that it is equal to itself after it was read from the file.
        result : object
            As JSON has it; not None.
        """
        line = {"key": key, "mark": mark, "rows": result}
        self._lines[key] = line
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a", encoding="utf-8") as lines:
            # the line break comes first: a killed run may have left the line before unfinished
            lines.write("\n" + json.dumps(line, default=float))
