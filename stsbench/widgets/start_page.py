"""The page `stsbench lab` opens with: one tile per notebook, served by the Jupyter server itself.

Rules owned here:
- Everything is relative to the server's base URL, so the page works behind JupyterHub on one port.
- The page loads nothing: no script, no font, no picture, and its policy says so to the browser.
- Only who has the server's token sees it. It names notebooks, never a case.

Source: jupyter-server documentation, "Server Extensions"; JupyterLab documentation, URL paths
(`doc/tree/<path>` opens one document without the file browser).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stsbench.files.bundled import notebooks_folder
from stsbench.widgets.labels import labels_in, language_of

__all__ = ["PATH", "Tile", "render_start_page", "tiles_in"]

PATH = "stsbench"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"

_WORDS = ("lead", "others", "lab", "run")


@dataclass(frozen=True, slots=True)
class Tile:
    """One notebook on the page.

    Parameters
    ----------
    link : str
        Relative to the host, with the base URL in front.
    number : str
        Empty for a notebook that is not the package's own.
    title, line : str
    """

    link: str
    number: str
    title: str
    line: str


def tiles_in(folder: Path, *, base_url: str = "/", language: str = "en") -> tuple[Tile, ...]:
    """Return a tile for every notebook of a folder, the package's own first.

    Parameters
    ----------
    folder : Path
    base_url : str
        With a slash at both ends.
    language : str
        One of `labels.LANGUAGES`.
    """
    label = labels_in(language)
    bundled = {path.name for path in notebooks_folder().glob("*.ipynb")}
    own: list[Tile] = []
    others: list[Tile] = []
    for path in sorted(folder.glob("*.ipynb")):
        link = f"{base_url}doc/tree/{quote(path.name)}"
        title = label.find(path.stem, "title")
        if path.name in bundled:
            number = path.stem.split("_")[0]
            own.append(Tile(link, number, title, label.find(path.stem, "line")))
        else:
            others.append(Tile(link, "", path.stem, ""))
    return (*own, *others)


def render_start_page(tiles: Sequence[Tile], *, base_url: str = "/", language: str = "en") -> str:
    """Return the page as HTML."""
    label = labels_in(language)
    text: str = _template().render(
        own=[tile for tile in tiles if tile.number],
        others=[tile for tile in tiles if not tile.number],
        words={name: label(name, "page") for name in _WORDS},
        language=language,
        lab=f"{base_url}lab",
    )
    return text


@cache
def _template() -> Any:
    import jinja2  # noqa: PLC0415 - only the server needs it

    text = files("stsbench.widgets").joinpath("start_page.html").read_text(encoding="utf-8")
    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(text)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Name this module to the Jupyter server."""
    return [{"module": "stsbench.widgets.start_page"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Add the page to a running server."""
    from jupyter_server.base.handlers import JupyterHandler  # noqa: PLC0415
    from tornado import web  # noqa: PLC0415

    class StartPage(JupyterHandler):
        """Shows the tiles of the server's folder."""

        @web.authenticated
        def get(self) -> None:
            """Write the page."""
            base_url = str(self.base_url)
            language = language_of(self.request.headers.get("Accept-Language", ""))
            folder = Path(server.root_dir)
            tiles = tiles_in(folder, base_url=base_url, language=language)
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.set_header("Content-Security-Policy", _POLICY)
            self.finish(render_start_page(tiles, base_url=base_url, language=language))

    address = f"{server.web_app.settings['base_url'].rstrip('/')}/{PATH}"
    server.web_app.add_handlers(".*$", [(address, StartPage)])
