"""The song that a notebook describes: named by its path, or uploaded with a button."""

import sys
from pathlib import Path

from sources.files import atomic_path, safe_name

_uploaded = {}


def find_sound_file(name, *folders):
    """The sound file that a user named, wherever the notebook runs.

    Parameters
    ----------
    name : str
        A path; ``~`` is the home folder.
    *folders : str or Path
        Where a relative path is looked for, in this order.

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    FileNotFoundError
        There is no such file; the message names the absolute paths that were tried.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "my song.mp3").touch()
    ...     find_sound_file("my song.mp3", folder).name
    'my song.mp3'
    """
    path = Path(name.strip()).expanduser()
    tried = list(dict.fromkeys((Path(folder) / path).absolute() for folder in folders or [Path.cwd()]))
    found = next((file for file in tried if file.is_file()), None)
    if found:
        return found
    if any(file.is_dir() for file in tried):
        raise FileNotFoundError(f"{name} is a folder: name one sound file (notebooks 05, 08 and 10 read folders)")
    raise FileNotFoundError(f"no sound file {name!r}; looked for {', '.join(map(str, tried))}: give its full path")


def upload_song(folder):
    """Show a button to upload a song, where somebody can press it: in Jupyter or on Colab.

    Colab waits for the file. In Jupyter the notebook runs on: run it again after the upload.

    Parameters
    ----------
    folder : str or Path
        Uploaded files are written to it.

    Returns
    -------
    Path or None
        The file that was uploaded last in this session; None if there is none.
    """
    if "google.colab" in sys.modules:
        from google.colab import files
        for name, content in files.upload().items():  # files.upload keeps a copy in the working folder
            keep_upload(folder, name, content)
            Path(name).unlink(missing_ok=True)
    elif _somebody_is_there():
        _show_button(folder)
    return _uploaded.get(Path(folder).absolute())


def _somebody_is_there():
    """Whether the cell that runs was sent by a front end that can ask its user; papermill cannot."""
    import IPython
    kernel = getattr(IPython.get_ipython(), "kernel", None)
    return bool(kernel and kernel.get_parent().get("content", {}).get("allow_stdin"))


def _show_button(folder):
    try:
        import ipywidgets
    except ImportError:
        print("for an upload button, install ipywidgets; or set SONG to the path of a sound file")
        return
    from IPython.display import display
    button = ipywidgets.FileUpload(accept="audio/*", multiple=False, description="Upload a song",
                                   layout=ipywidgets.Layout(width="14rem"))
    note = ipywidgets.Label("Then run the notebook again: Run > Run All Cells.")

    def save(change):
        for name, content in files_of_upload(change["new"]):
            note.value = f"{keep_upload(folder, name, content).name} is here. Now choose Run > Run All Cells."

    button.observe(save, names="value")
    display(ipywidgets.HBox([button, note]))


def files_of_upload(value):
    """Names and contents of what a FileUpload holds: a dict up to version 7 of ipywidgets, a tuple since version 8."""
    items = value.items() if isinstance(value, dict) else ((item["name"], item) for item in value)
    return [(name, bytes(item["content"])) for name, item in items]


def keep_upload(folder, name, content):
    """Write an uploaded file, and remember it as the last one; its name cannot lead out of the folder."""
    stem, suffix = Path(name).stem, Path(name).suffix
    path = Path(folder).absolute() / safe_name(f"{safe_name(stem)}{suffix}")
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    _uploaded[Path(folder).absolute()] = path
    return path
