"""The page of tiles: relative links, nothing loaded, nothing unescaped."""

import shutil
from html.parser import HTMLParser

import pytest

from stsbench.files.bundled import notebooks_folder
from stsbench.widgets.start_page import render_start_page, tiles_in


class Read(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "a":
            self.links.append(given["href"])
        elif tag in {"script", "img", "iframe", "object"} or (tag == "link" and "href" in given):
            self.loads.append((tag, given.get("href", "")))

    def handle_data(self, data):
        self.words.append(data.strip())


@pytest.fixture
def folder(tmp_path):
    for path in notebooks_folder().glob("*.ipynb"):
        shutil.copy(path, tmp_path)
    (tmp_path / "mine & <b>yours.ipynb").write_text("{}")
    return tmp_path


@pytest.mark.parametrize("language", ["en", "zh", "de"])
@pytest.mark.parametrize("base_url", ["/", "/user/anna/"])
def test_every_notebook_has_a_tile_behind_any_base_url(base_url, language, folder):
    tiles = tiles_in(folder, base_url=base_url, language=language)
    page = Read(render_start_page(tiles, base_url=base_url, language=language))
    names = ["1_intake", "2_repair_scan", "3_make_model", "4_review_model"]
    assert page.links[:4] == [f"{base_url}doc/tree/{name}.ipynb" for name in names]
    assert page.links[4] == f"{base_url}doc/tree/mine%20%26%20%3Cb%3Eyours.ipynb"
    assert page.links[5] == f"{base_url}lab"
    assert page.loads == [("link", "data:,")]
    assert "mine & <b>yours" in page.words


def test_own_tiles_come_first_and_carry_their_number(folder):
    tiles = tiles_in(folder)
    assert [tile.number for tile in tiles] == ["1", "2", "3", "4", ""]
    assert tiles[1].title == "Repair scan"
