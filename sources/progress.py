"""Progress bars that leave nothing behind, and no warnings of the libraries that work in the background."""

import sys
import warnings

with warnings.catch_warnings():  # other libraries import this module, which warns where there is no ipywidgets
    warnings.simplefilter("ignore")
    import tqdm.auto

# a worker that has loaded a network is taken for one that leaks memory, and is replaced: nothing is lost
# a title in a script that the font of a figure does not have is drawn as boxes
warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)


class _NotebookOutput:
    """A file for tqdm: the last line written to it is shown as one output of a notebook's cell.

    A notebook that is saved keeps every line that is printed, so that a printed bar would fill it.
    """

    encoding = "utf-8"

    def __init__(self):
        self._handle = None

    def write(self, text):
        """Show a line in place of the one before; a blank one clears the output."""
        from IPython.display import display
        shown = {"text/plain": text.replace("\x1b[A", "").strip()}
        if self._handle:
            self._handle.update(shown, raw=True)
        elif shown["text/plain"]:
            self._handle = display(shown, raw=True, display_id=True)

    def flush(self):
        """Nothing is kept back; tqdm calls it."""


def in_notebook():
    """Whether this process is the kernel of a notebook."""
    return "ipykernel" in sys.modules and hasattr(sys.modules["IPython"].get_ipython(), "kernel")


def progress(iterable=None, *, desc, unit="song", total=None, shown=True):
    """A progress bar, for work that takes longer than a second; it is cleared when the work ends.

    In a terminal it is a line, in a notebook an output of its cell. Where the output goes to a file there is none.

    Parameters
    ----------
    iterable : iterable, optional
        What the bar counts; without it, call ``update`` and ``close`` of the bar.
    desc : str
        Text before the bar.
    unit : str
        What is counted, in the singular.
    total : int, optional
        Number of items, if the iterable does not tell its length.
    shown : bool
        False for no bar.

    Returns
    -------
    tqdm.tqdm

    Examples
    --------
    >>> [number ** 2 for number in progress(range(3), desc="squares", unit="number")]
    [0, 1, 4]
    """
    file = _NotebookOutput() if in_notebook() else sys.stdout
    # miniters=1: tqdm never updates the bar from a thread of its own, whose output would appear in another cell
    return tqdm.tqdm(iterable, desc=desc, unit=unit, total=total, file=file, mininterval=.5, miniters=1, delay=1,
                leave=False, ncols=100, disable=None if shown else True)
