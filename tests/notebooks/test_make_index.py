import base64
import html.parser
import io

import make_index
import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

TEXT = "# Songs & <charts>\n\n[![Open in Colab](badge.svg)](address)\n\nTakes a song. It reads a file,\nand writes one."


def png(grey, width=20, height=10):
    """A figure of one grey as base64."""
    file = io.BytesIO()
    Image.fromarray(np.full((height, width), grey, dtype=np.uint8)).save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode()


def figure_cell(figure, tags=()):
    return new_code_cell("plot()", outputs=[new_output("display_data", data={"image/png": figure})],
                         metadata={"tags": list(tags)})


def write_notebook(path, *cells, text=TEXT):
    nbformat.write(new_notebook(cells=[new_markdown_cell(text), *cells]), path)
    return path


class Tags(html.parser.HTMLParser):
    """The attributes of all tags of a page, by the name of the tag."""

    def __init__(self, page):
        super().__init__()
        self.found = {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.setdefault(tag, []).append(dict(attributes))


@pytest.fixture
def run(tmp_path):
    """A folder with two executed notebooks, one of them without a figure, and one that stopped."""
    write_notebook(tmp_path / "02_songs.ipynb", figure_cell(png(7)))
    write_notebook(tmp_path / "03_no_figure.ipynb", text="# No figure\n\nText.")
    write_notebook(tmp_path / "04_stopped.unfinished.ipynb")
    return tmp_path


def page_of(folder):
    make_index.main(folder)
    return (folder / "index.html").read_text(encoding="utf-8")


def finding_cell(text):
    return new_code_cell("find()", outputs=[new_output("stream", name="stdout", text=text)],
                         metadata={"tags": ["finding"]})


def test_a_notebook_is_described_by_its_title_its_first_paragraph_and_its_first_figure(tmp_path):
    path = write_notebook(tmp_path / "00_a.ipynb", new_code_cell("1"), figure_cell(png(1)), figure_cell(png(2)))
    about = make_index.describe(path)
    assert (about.title, about.findings, about.figure) == ("Songs & <charts>", [], png(1))
    assert about.introduction == "Takes a song. It reads a file,\nand writes one."


def test_findings_stand_in_place_of_the_introduction(run):
    write_notebook(run / "05_found.ipynb", finding_cell("Rock is <fast>.\nJazz is slow.\nA third.\nA fourth.\n"))
    page = page_of(run)
    assert "<li>Rock is &lt;fast&gt;.</li><li>Jazz is slow.</li><li>A third.</li></ul>" in page and "fourth" not in page
    assert page.count("<p>Takes a song.") == 1, "of the notebook without findings"


def test_the_figure_of_the_cell_tagged_cover_goes_before_the_first(tmp_path):
    path = write_notebook(tmp_path / "00_a.ipynb", figure_cell(png(1)), figure_cell(png(2), tags=["cover"]))
    assert make_index.describe(path).figure == png(2)


def test_the_page_links_every_notebook_that_was_executed_to_its_end(run):
    links = Tags(page_of(run)).found["a"]
    assert [link["href"] for link in links] == ["02_songs.html", "02_songs.html", "03_no_figure.html"]


def test_the_alternative_text_of_a_figure_is_what_stands_above_it(run):
    (image,) = Tags(page_of(run)).found["img"]
    assert image["alt"] == "Songs & <charts>: Takes a song. It reads a file, and writes one."
    shown = Image.open(io.BytesIO(base64.b64decode(image["src"].split(",")[1])))
    assert (np.asarray(shown.convert("L")) == 7).all()


def test_titles_and_sources_are_escaped(run):
    (run / ".source").write_text("<my songs>.csv\n-rw-r--r-- 1 0 0 10 songs.csv\n")
    page = page_of(run)
    assert "Songs &amp; &lt;charts&gt;" in page and "<charts>" not in page
    assert "Run on &lt;my songs&gt;.csv." in page and "rw-r" not in page


def test_the_page_tells_that_the_sample_is_synthetic(run):
    assert "synthetic" not in page_of(run), "it is not known what these notebooks were run on"
    (run / ".source").write_text("sample\n")
    assert "the embedded sample, which is synthetic" in page_of(run)


def test_pages_of_songs_are_linked_by_their_titles(run):
    assert "Pages of songs" not in page_of(run)
    (run / "songs").mkdir()
    (run / "songs" / "a - b.html").write_text("<html><title>A &amp; B</title></html>", encoding="utf-8")
    (run / "collection.html").write_text("<html></html>", encoding="utf-8")
    page = page_of(run)
    assert '<a href="collection.html">collection</a>' in page and '<a href="songs/a%20-%20b.html">A &amp; B</a>' in page


def test_notebooks_that_were_not_run_are_named_with_the_reason_and_not_shown(run):
    (run / ".left_out").write_text("02_songs: the songs have no popularity\n", encoding="utf-8")
    page = page_of(run)
    assert "<li>02_songs: the songs have no popularity</li>" in page and "02_songs.html" not in page
    make_index.main(run, left_out={"09_charts": "no <chart>"})
    page = (run / "index.html").read_text(encoding="utf-8")
    assert "<li>09_charts: no &lt;chart&gt;</li>" in page and "02_songs.html" in page


def test_figures_for_the_readme_are_narrow_and_have_few_colours(tmp_path):
    wide = png(9, width=3000, height=1000)
    executed = [write_notebook(tmp_path / "02_wide.ipynb", figure_cell(wide)),
                write_notebook(tmp_path / "03_none.ipynb")]
    covers = tmp_path / "covers"
    covers.mkdir()
    make_index.write_figures(executed, covers)
    assert [path.name for path in covers.iterdir()] == ["02_wide.png"]
    with Image.open(covers / "02_wide.png") as image:
        assert image.size == (900, 300) and image.mode == "P"


def test_pages_of_notebooks_that_were_not_run_are_not_listed(run):
    (run / "songs").mkdir()
    for name in ("collection.html", "songs/a.html"):
        (run / name).write_text("<html></html>", encoding="utf-8")
    (run / ".left_out").write_text("08_genre_influences: no sound\n", encoding="utf-8")
    assert "collection.html" not in page_of(run) and "songs/a.html" in page_of(run)
    (run / ".left_out").write_text("00_quickstart: no sound\n", encoding="utf-8")
    assert "collection.html" in page_of(run) and "songs/a.html" not in page_of(run)
