"""Pages that hold all they need, whatever texts they show."""

import base64
import gzip
import html
import html.parser
import json

from hypothesis import given
from hypothesis import strategies as st

from prediction.html_pages import figure_html, in_notebook, packed_plotly, page, script_json

HOSTILE = "</script><script>alert(1)</script>\u2028<!-- \" ' & ]]>"


class Elements(html.parser.HTMLParser):
    """The elements of a page and the text of its title, as a browser reads them."""

    def __init__(self, text):
        super().__init__()
        self.names, self.addresses, self.title = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.names.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data):
        self.title += data if self.names and self.names[-1] == "title" and not self.title else ""


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=5))
def test_json_in_a_script_is_the_same_data_and_cannot_end_the_script(data):
    text = script_json([HOSTILE, data])
    assert json.loads(text) == [HOSTILE, data]
    assert not set("<>&\u2028\u2029") & set(text)


def test_a_hostile_title_and_figure_add_no_element():
    figure = {"data": [{"text": [HOSTILE]}], "layout": {}}
    harmless = Elements(page("title", figure_html("map", {"data": [], "layout": {}})))
    hostile = Elements(page(HOSTILE, figure_html("map", figure)))
    assert hostile.names == harmless.names and hostile.title == HOSTILE


def test_a_page_loads_nothing_from_elsewhere():
    with_figures = page("title", "", with_figures=True)
    assert Elements(with_figures).addresses == []
    assert with_figures.count(packed_plotly()) == 1 and "default-src 'none'" in with_figures
    assert packed_plotly() not in page("title", "")


def test_plotly_is_packed_so_that_a_browser_can_unpack_it():
    text = gzip.decompress(base64.b64decode(packed_plotly())).decode()
    assert "Plotly" in text and len(packed_plotly()) < 2.5e6 < len(text)


def test_a_page_in_a_notebook_is_the_page_in_a_frame():
    text = in_notebook(page("a \"b\"", "<p>c</p>"), height=300).data
    assert html.unescape(text.split('srcdoc="')[1].split('" style')[0]) == page("a \"b\"", "<p>c</p>")
    assert 'sandbox="allow-scripts"' in text
