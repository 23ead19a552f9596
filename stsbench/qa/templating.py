"""How pages are filled in: escaped, complete, self-contained.

Rules owned here:
- Everything that is filled in is escaped; a missing value is an error, not an empty space.
- A page carries its style and its pictures with it, runs no script and asks no one for anything;
  its own security policy forbids both.
"""

import base64
from functools import cache
from importlib import metadata, resources

from jinja2 import Environment, FunctionLoader, StrictUndefined

__all__ = ["fill_page", "picture_source", "version"]


def _read(template: str) -> str | None:
    """Return a template out of the installed package, None where there is none."""
    file = resources.files("stsbench.qa").joinpath("templates", template)
    return file.read_text(encoding="utf-8") if file.is_file() else None


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def version() -> str:
    """Return the version of the installed package."""
    return metadata.version("stsbench")


def picture_source(png: bytes) -> str:
    """Return a PNG as the source of an image."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def fill_page(template: str, values: dict[str, object]) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        A file of `templates/`.
    values : dict
        Plain values; all text is escaped.
    """
    page = _environment().get_template(template)
    return page.render(**values, version=version())
