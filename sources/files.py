"""Names and files: names that are safe on every system, and tables that are written whole or not at all."""

import os
import re
import tempfile
import unicodedata
from pathlib import Path

RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))}


# ---- names

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


def write_table(df, path):
    """Write a frame to a Parquet or CSV file that appears whole or not at all; returns the path.

    Examples
    --------
    >>> import pandas as pd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(pd.DataFrame({"song": ["So What"]}), Path(folder) / "new" / "songs.csv").name
    'songs.csv'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    try:
        if path.suffix == ".csv":
            df.to_csv(beside, index=df.index.name is not None)
        else:
            df.to_parquet(beside, row_group_size=5000)  # packed a piece at a time, so that a long table needs little memory
        os.chmod(beside, 0o644)  # mkstemp makes files that only their owner can read
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
    return path
