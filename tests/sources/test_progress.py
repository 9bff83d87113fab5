import sys
import time

import nbformat
from conftest import ROOT
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from sources.progress import in_notebook, progress


class Terminal:
    """Keeps what is written to it, and says that it is a terminal."""

    encoding = "utf-8"

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


def slowly(numbers, seconds):
    for number in numbers:
        time.sleep(seconds)
        yield number


def test_a_bar_counts_in_a_terminal_and_is_cleared(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert list(progress(slowly(range(4), .6), desc="songs", total=4)) == [0, 1, 2, 3]
    assert "songs" in terminal.text and "3/4" in terminal.text
    assert terminal.text.split("\r")[-2].strip() == "", "the last thing written is blank"


def test_work_of_less_than_a_second_shows_no_bar(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    list(progress(range(1000), desc="songs"))
    assert terminal.text == ""


def test_a_file_gets_no_bar(capfd):
    list(progress(slowly(range(4), .4), desc="songs"))
    assert capfd.readouterr() == ("", "")


def test_a_saved_notebook_keeps_no_bar():
    code = (f"import sys, time; sys.path.insert(0, {str(ROOT)!r})\n"
            "from sources.progress import in_notebook, progress\n"
            "print('before', in_notebook())\n"
            "for number in progress(range(5), desc='songs'): time.sleep(.6)\n"
            "print('after')")
    notebook = new_notebook(cells=[new_code_cell(code)])
    shown = []
    client = NotebookClient(notebook, kernel_name="python3")
    output = client.output
    client.output = lambda outs, message, *rest: shown.append(message["content"]) or output(outs, message, *rest)
    client.execute()
    nbformat.validate(notebook)
    assert any("songs" in str(content.get("data")) for content in shown), "the bar was there while the cell ran"
    kept = notebook.cells[0]["outputs"]
    assert "".join(output.get("text", "") for output in kept) == "before True\nafter\n"
    assert all(not output["data"]["text/plain"] for output in kept if "data" in output)


def test_a_script_is_no_notebook():
    assert not in_notebook()
