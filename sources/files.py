"""File names that every system accepts, files that are written completely or not at all, and a journal for resuming.

Two runs that write to one place take turns (`one_at_a_time`). An error of the disk says what could not be written, and
why.
"""

import contextlib
import errno
import json
import os
import re
import shutil
import threading
import unicodedata
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

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


# ---- taking turns

@contextlib.contextmanager
def one_at_a_time(path):
    """Hold a place in this ``with`` block: another run that writes to the same file or folder waits until it has ended.

    The lock is the system's, so it ends with the process that holds it, however that ends. On Windows, and on drives
    that have no locks, nothing is held.

    Parameters
    ----------
    path : str or Path or None
        A file or a folder that a run is going to write. None for nothing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with one_at_a_time(Path(folder) / "songs.csv"):
    ...         [path.name for path in Path(folder).iterdir()]
    ...     list(Path(folder).iterdir())
    ['.songs.csv.lock']
    []
    """
    file = None if path is None else _hidden(Path(path), "lock")
    lock = None if file is None or fcntl is None else _locked(file)
    try:
        yield
    finally:
        if lock is not None:
            file.unlink(missing_ok=True)  # while it is held: who waits for it sees that it is gone
            lock.close()


def _locked(file):
    """The open file of a lock, once it is free; None on a drive without locks."""
    waiting = False
    while True:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            lock = open(file, "a")  # noqa: SIM115  (closed when the lock ends)
        except OSError:  # the run itself will say what cannot be written
            return None
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not waiting:
                    print(f"another run writes to {file.with_name(file.name[1:-5])}: this one waits until it has ended")
                waiting = True
                fcntl.flock(lock, fcntl.LOCK_EX)
            if file.exists() and os.path.samestat(os.stat(file), os.fstat(lock.fileno())):
                return lock
            lock.close()  # the run before has removed the file: the lock of a new one counts
        except OSError:
            lock.close()
            return None
        except BaseException:
            lock.close()
            raise


def _hidden(path, ending):
    """A hidden name beside `path`."""
    path = path.absolute()
    return path.with_name(f".{path.name}.{ending}")


# ---- writing completely or not at all

class WriteError(OSError):
    """Something cannot be written; the message says what, and why."""


REASONS = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "your share of the disk is used up",
           errno.EROFS: "the disk is read-only", errno.EFBIG: "the file is larger than allowed",
           errno.EACCES: "there is no permission to write there", errno.EPERM: "there is no permission to write there",
           errno.ENOENT: "its folder was removed", errno.ENOTDIR: "a file is where its folder should be",
           errno.EEXIST: "a file is where its folder should be", errno.ENAMETOOLONG: "its name is too long"}
OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
"""Errors that only writing can have; others are about writing where they name the file or its folder."""


@contextlib.contextmanager
def _explained(path, temporary):
    """Say in an error of the disk what could not be written, and why."""
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        named = str(error.filename) in {str(name) for name in (path, temporary, *path.parents)}
        if error.errno not in OF_THE_DISK and not (named and error.errno in REASONS):
            raise
        raise WriteError(error.errno, f"{path} cannot be written: {REASONS[error.errno]}. What was finished before is "
                                      "kept, and the same call continues from there") from error


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
    temporary = _temporary(path)
    with _explained(path, temporary):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            os.replace(temporary, path)
        finally:
            with contextlib.suppress(OSError):  # its folder may be gone
                temporary.unlink()


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
    temporary = _temporary(folder)
    with _explained(folder, temporary):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            temporary.mkdir()
            yield temporary
            before = temporary.with_suffix(".before")
            if folder.exists():  # moved away rather than removed: between two moves there is hardly time for a kill
                os.replace(folder, before)
            try:
                os.replace(temporary, folder)
            except OSError:
                if before.exists():
                    os.replace(before, folder)
                raise
            shutil.rmtree(before, ignore_errors=True)
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

    In a CSV file an apostrophe is put before a text that a spreadsheet would take for a formula, since opening a file
    should not run what a stranger wrote into a title; `without_apostrophes` removes it, and `table_files.read_table`
    calls that.

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
            _with_apostrophes(df).to_csv(temporary, index=df.index.name is not None, errors="backslashreplace")
        else:
            df.to_parquet(temporary, row_group_size=5000)  # in groups of rows, so that a long table needs little memory
    return path


def path_from(path, folder):
    """A path as it leads there from a folder; the whole path where none leads there, as to another drive of Windows.

    Examples
    --------
    >>> path_from("music/song.mp3", "music/runs").replace(os.sep, "/")
    '../song.mp3'
    """
    try:
        return os.path.relpath(path, folder)
    except ValueError:
        return os.path.abspath(path)


FORMULA = re.compile(r"\s*([=@]|[+-](?!\d+([.,]\d+)?\s*$))")
"""How a text begins that a spreadsheet takes for a formula; numbers with a sign are none."""


def _with_apostrophes(df):
    """A table for a CSV file. A lone carriage return, which pandas does not put into quotes, becomes a line break; a
    half character, as of a file name in another encoding, is written as its code."""
    def safe(cell):
        if not isinstance(cell, str):
            return cell
        cell = cell.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "backslashreplace").decode()
        return f"'{cell}" if FORMULA.match(cell) else cell
    import pandas as pd
    out = df.copy(deep=False)
    for place, dtype in enumerate(out.dtypes):
        if dtype.kind == "O":  # text, categories, lists
            cells = [safe(cell) for cell in out.iloc[:, place]]  # as objects: Arrow has no half characters
            out.isetitem(place, pd.Series(cells, out.index, dtype=object))
    if out.columns.nlevels == 1:
        out.columns = [safe(name) for name in out.columns]
    if out.index.name is not None and out.index.dtype.kind not in "iufbM":
        out.index = out.index.map(safe)
    return out


def without_apostrophes(column):
    """A column of texts as it was before `write_table` made it safe for spreadsheets.

    Examples
    --------
    >>> import pandas as pd
    >>> without_apostrophes(pd.Series(["'=1+1", "'Round Midnight", None])).tolist()[:2]
    ['=1+1', "'Round Midnight"]
    """
    return column.map(lambda cell: cell[1:] if isinstance(cell, str) and cell[:1] == "'" and FORMULA.match(cell[1:])
                      else cell, na_action="ignore")


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
        for text in self.path.read_bytes().split(b"\n"):
            with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):  # a damaged line
                line = json.loads(text)
                lines[line["key"]] = {name: line[name] for name in ("key", "mark", "rows")}
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
        # the line break comes first: a killed run may have left the line before unfinished
        text = "\n" + json.dumps(line, default=float)
        with _explained(self.path, self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "ab", buffering=0) as lines:  # in one piece: another run may write to it too
                if lines.write(text.encode()) < len(text):
                    raise OSError(errno.ENOSPC, "only a part was written")
