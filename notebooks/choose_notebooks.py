"""Print the names of the notebooks that a source has data for: `python notebooks/choose_notebooks.py SOURCE`.

Sound files have no popularity, so notebooks 03 and 09 are left out for a folder or a public data set of sound files.
Needs Python alone, because make calls it before the environment is made.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from sources.public_datasets import is_sound

ABOUT_POPULARITY = ("03_explore_popularity", "09_commercial_success")


def choose(source):
    """The names of the notebooks for a source, in the order of their numbers."""
    names = [path.stem for path in sorted(HERE.glob("[0-9]*.ipynb"))]
    sound = Path(source).expanduser().is_dir() or is_sound(source)
    return [name for name in names if not (sound and name in ABOUT_POPULARITY)]


if __name__ == "__main__":
    print(*choose(sys.argv[1]), sep="\n")
