"""Print the names of the notebooks that can say something about a source: `python notebooks/choose_notebooks.py SOURCE`.

Sound files have no popularity, so notebooks 03 and 09 are left out for a folder or a data set of sound files. Needs Python
alone: make asks before the environment is there.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from sources.public_datasets import is_sound

ABOUT_POPULARITY = ("03_explore_popularity", "09_commercial_success")


def choose(source):
    """The notebooks' names, in their order."""
    names = [path.stem for path in sorted(HERE.glob("[0-9]*.ipynb"))]
    sound = Path(source).expanduser().is_dir() or is_sound(source)
    return [name for name in names if not (sound and name in ABOUT_POPULARITY)]


if __name__ == "__main__":
    print(*choose(sys.argv[1]), sep="\n")
