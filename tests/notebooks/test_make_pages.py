"""Executed notebooks as pages: what stands first, what is folded, and that nothing is lost or loaded."""

import html.parser

import make_pages
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

TITLE = ("# Songs & <charts>\n\n[![Open in Colab][badge]][colab]\n\n[badge]: https://colab.example/badge.svg\n"
         "[colab]: https://colab.example/a.ipynb\n\nReads songs. Writes charts.")
PARAMETERS = """SOURCE: str = "sample"  # a table # or a folder
LENGTH: int = 10  # songs
OUT_DIR: str = "runs"  # results"""


def code(source, *outputs, tags=()):
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def shown(**data):
    return new_output("display_data", data={kind.replace("_", "/"): value for kind, value in data.items()})


@pytest.fixture
def notebook():
    return new_notebook(cells=[
        new_markdown_cell(TITLE), code("import os"), code(PARAMETERS, tags=["parameters"]),
        code('# Parameters\nSOURCE = "my <songs>.csv"\nOUT_DIR = "there"\n', tags=["injected-parameters"]),
        new_markdown_cell("## Tempo\n\nIs it *fast*? Look at the line. And here."),
        code("find()", printed("Rock is faster than <jazz>.\n"), printed("It is sure.\n"), tags=["finding"]),
        code("plot()", shown(image_png="AAAA", text_plain="<Figure>")),
        new_markdown_cell("## Table\n\nOne row a song."),
        code("table", shown(text_html="<table><td>12.50</td><td>rock</td></table><script>draw()</script>"),
             printed("a "), printed("line\n"), shown(text_plain=""))])


class Page(html.parser.HTMLParser):
    """The tags of a page, with their attributes, and its visible text in order."""

    def __init__(self, notebook, source="Run on songs."):
        super().__init__()
        self.html = make_pages.make_page(notebook, source)
        self.tags, self.text, self._hidden = [], "", False
        self.feed(self.html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._hidden = tag in ("script", "style")

    def handle_data(self, data):
        self.text += "" if self._hidden else data

    def attributes(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_opens_with_its_title_and_what_was_found(notebook):
    text = Page(notebook).text
    places = [text.index(part) for part in ("Songs & <charts>", "In short", "Rock is faster than <jazz>.",
                                            "It is sure.", "Run on songs.", "Reads songs.", "Tempo", "Table")]
    assert places == sorted(places)


def test_every_finding_links_to_its_place(notebook):
    page = Page(notebook)
    links = [link["href"] for link in page.attributes("a") if link["href"].startswith("#cell")]
    assert links == ["#cell-5", "#cell-5"] and "cell-5" in [part.get("id") for part in page.attributes("div")]
    assert make_pages.findings(notebook) == [(5, "Rock is faster than <jazz>."), (5, "It is sure.")]


def test_a_notebook_without_findings_has_no_box(notebook):
    notebook.cells[5]["metadata"]["tags"] = []
    assert "In short" not in Page(notebook).text


def test_code_is_folded_and_the_set_up_is_marked(notebook):
    folded = [part for part in Page(notebook).attributes("details") if part.get("class", "").startswith("code")]
    assert [part["class"] for part in folded] == ["code setup"] * 3 + ["code"] * 3
    assert not any("open" in part for part in folded)


def test_a_picture_is_described_by_its_heading_and_the_finding_above_it(notebook):
    (image,) = Page(notebook).attributes("img")
    assert image["alt"] == "Tempo: Rock is faster than <jazz>. It is sure."
    notebook.cells[5]["metadata"]["tags"] = []
    (image,) = Page(notebook).attributes("img")
    assert image["alt"] == "Tempo: Is it fast? Look at the line."


def test_tables_scroll_numbers_are_aligned_and_scripts_are_kept(notebook):
    page = Page(notebook).html
    assert '<div class="wide"><table><td class="number">12.50</td><td>rock</td></table><script>draw()</script>' in page


def test_what_was_printed_in_parts_is_one_block_and_a_cleared_bar_is_none(notebook):
    page = Page(notebook).html
    assert "<pre>a line</pre>" in page and "<pre></pre>" not in page


def test_the_settings_tell_what_was_changed(notebook):
    assert [tuple(setting) for setting in make_pages.settings(notebook)] == [
        ("SOURCE", "my <songs>.csv", "a table # or a folder", True), ("LENGTH", 10, "songs", False),
        ("OUT_DIR", "there", "results", True)]
    assert make_pages.changed_settings(notebook) == "SOURCE = my <songs>.csv"
    assert "Settings: SOURCE = my <songs>.csv." in Page(notebook, source="").text


def test_nothing_is_loaded_from_elsewhere_and_the_link_to_colab_is_left_out(notebook):
    page = Page(notebook)
    assert "colab" not in page.html and "http-equiv" in page.html
    sources = [attributes["src"] for _, attributes in page.tags if "src" in attributes]
    assert all(source.startswith("data:") for source in sources)
    assert [link["href"] for link in page.attributes("a") if not link["href"].startswith("#")] == ["index.html"]


def test_errors_and_warnings_are_kept_and_widgets_are_not(notebook):
    widget = new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Upload()"})
    error = new_output("error", ename="E", evalue="e", traceback=["\x1b[31mE\x1b[0m: <e>"])
    notebook.cells.append(code("x", widget, printed("careful\n", "stderr"), error))
    page = Page(notebook)
    assert "careful" in page.text and "E: <e>" in page.text and "Upload" not in page.text


def test_the_page_lies_beside_its_notebook_and_tells_what_it_ran_on(notebook, tmp_path):
    for name in ("03_songs", "04_alone"):
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    (tmp_path / ".parameters").mkdir()
    (tmp_path / ".parameters" / "03_songs.yaml").write_text("# my songs.csv: 7 songs\n# \nSOURCE: my songs.csv\n")
    make_pages.main(tmp_path / "03_songs.ipynb", tmp_path / "04_alone.ipynb")
    assert "Run on my songs.csv: 7 songs." in (tmp_path / "03_songs.html").read_text(encoding="utf-8")
    assert "Run on" not in (tmp_path / "04_alone.html").read_text(encoding="utf-8")
