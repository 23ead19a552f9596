"""What a bench says on screen: every text, tooltip and label, and which button is cut off."""

import json
import re
from importlib.resources import files

from tests.widgets.bench_hands import APP

_TABLE = json.loads(files("stsbench.widgets").joinpath("labels.json").read_text("utf-8"))
_LATIN = re.compile(r"[A-Za-z]{3,}")
# Keys of a keyboard, names of scans and files, the notation of teeth, and numbers of checks.
_SAME = re.compile(
    r"Enter|Shift|Ctrl|Alt|Esc(ape)?|Delete|Backspace|Tab|Home|End|Page ?(Up|Down)|Space"
    r"|\blower\b|\bupper\b|FDI|STL|PLY|OBJ|XML|JSON|order\.json|\d_\w+|2\d{3}-\d{4}-\w|T(-\w{4})+|[A-Z]\d\.\w+"
)
_READ = f"""() => {{
    const heads = document.querySelectorAll(".stsbench-head");
    const output = heads[heads.length - 1]?.closest(".jp-OutputArea-output") ?? {APP}.root;
    const said = [], cut = [];
    const walk = document.createTreeWalker(output, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walk.currentNode; node; node = walk.nextNode()) {{
        if (node.nodeType === Node.TEXT_NODE) {{
            if (!["STYLE", "SCRIPT"].includes(node.parentElement.tagName)) said.push(node.data);
            continue;
        }}
        // A field without a description has a label that is never shown, titled "null" by ipywidgets.
        if (node.matches(".widget-label") && node.offsetParent === null) continue;
        for (const name of ["title", "aria-label", "placeholder", "alt"]) {{
            said.push(node.getAttribute(name) ?? "");
        }}
        const shown = node.offsetParent !== null && node.matches("button, .widget-label");
        if (shown && node.scrollWidth > node.clientWidth + 1) cut.push(node.textContent);
    }}
    return [said.map((text) => text.trim()).filter(Boolean), cut];
}}"""


def read_bench(page) -> tuple[list[str], list[str]]:
    """Return every text of the bench in front, and the labels that are cut off."""
    said, cut = page.evaluate(_READ)
    return said, cut


def left_in_english(said: list[str], language: str) -> list[str]:
    """Return what is not in the language: Latin words in Chinese, English labels in German."""
    if language == "zh":
        return sorted({text for text in said if _LATIN.search(_SAME.sub("", text))})
    english = {
        spoken[0]
        for table in _TABLE.values()
        for spoken in table.values()
        if _LATIN.search(spoken[0])
    }
    same = {spoken[2] for table in _TABLE.values() for spoken in table.values()}
    same |= {"lower", "upper"}  # names of scans
    return sorted({text for text in said if text in english - same})
