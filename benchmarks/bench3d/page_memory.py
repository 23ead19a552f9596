"""What one mesh costs the page that shows it, without a notebook around: processes and scripts.

    .venv/bin/python benchmarks/bench3d/page_memory.py [--faces 200000 500000]

The viewer is opened first, so its code and drawing buffers are not counted; then a mesh comes in one
binary message, as a kernel sends it. Reported per byte of mesh (12 per vertex and per face): what
the renderer's resident and proportional memory and the GPU process grew by, at once and after a
garbage collection, and what the scripts hold.
"""

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.bench3d.processes import process_bytes  # noqa: E402
from stsbench.widgets.mirrors import LayerMirror  # noqa: E402
from tests.shapes import sheet  # noqa: E402
from tests.widgets.pages import ARGUMENTS, CHROMIUM, HOST, STATIC  # noqa: E402

PAGE = """<!doctype html><meta charset="utf-8"><body style="margin:0"><div id="view"></div>
<script type="module">
import viewer from "./viewer.js";
const heard = new Set();
const traits = { height_px: 700, language: "en", tooth_numbers: "fdi", shows_colours: true };
const model = {
  get: (name) => traits[name], off: () => {}, send: (content) => { window.sent = content.type; },
  on: (event, work) => { if (event === "msg:custom") heard.add(work); },
};
window.open3d = () => viewer.render({ model, el: document.getElementById("view") });
window.show = async (name, content, lengths) => {
  const raw = await (await fetch(name)).arrayBuffer();
  let at = 0;
  const buffers = lengths.map((length) => new DataView(raw, (at += length) - length, length));
  for (const work of heard) work(content, buffers);
};
window.ready = true;
</script>"""


def collect(session) -> None:
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
        time.sleep(0.5)


def held(session) -> dict[str, int]:
    usage = session.send("Runtime.getHeapUsage")
    return {name: int(usage[name]) for name in ("usedSize", "backingStorageSize")}


def bumps(x, y):
    return 0.4 * (x % 7) * (y % 5) / 10


def measure(playwright, faces: int) -> dict[str, float]:
    count = round((faces / 2) ** 0.5)
    mesh = sheet(count, count, pitch_mm=60.0 / count, height=bumps)
    mirror = LayerMirror(
        mesh.vertices.astype("<f4"), mesh.faces.astype("<u4"), None, {"layer": "scan", "title": "s"}
    )
    message = mirror.message()
    size = 12 * (mesh.vertex_count + mesh.face_count)
    served = {
        "": (PAGE.encode(), "text/html"),
        "viewer.js": ((STATIC / "viewer.js").read_bytes(), "text/javascript"),
        "mesh.bin": (b"".join(bytes(one) for one in message.buffers), "application/octet-stream"),
    }
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
    page = browser.new_page(viewport={"width": 1280, "height": 720})

    def serve(route):
        body, kind = served.get(route.request.url.removeprefix(HOST), (b"", "text/plain"))
        route.fulfill(body=body, content_type=kind)

    page.route(f"{HOST}**", serve)
    page.goto(HOST)
    page.wait_for_function("window.ready")
    session = page.context.new_cdp_session(page)
    page.evaluate("void open3d()")  # what it returns would be called, and close it
    time.sleep(1)
    collect(session)
    before, scripts = process_bytes(), held(session)
    lengths = [len(one) for one in message.buffers]
    page.evaluate(
        "([content, lengths]) => show('mesh.bin', content, lengths)", [message.content, lengths]
    )
    time.sleep(2)
    found: dict[str, float] = {"faces": mesh.face_count, "mesh_mb": size / 1e6}
    after = process_bytes()
    for name, value in after.items():
        found[f"{name}_at_once"] = (value - before[name]) / size
    collect(session)
    after = process_bytes()
    for name, value in after.items():
        found[f"{name}_collected"] = (value - before[name]) / size
    for name, value in held(session).items():
        found[f"held_{name}"] = (value - scripts[name]) / size
    for name in ("mesh", "tree"):
        found[f"{name}_ms"] = page.evaluate(
            "name => performance.getEntriesByName(name)[0]?.duration ?? -1", f"stsbench:{name}"
        )
    browser.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, nargs="+", default=[200_000, 500_000])
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = [measure(playwright, faces) for faces in chosen.faces]
    for name in found[0]:
        print(f"| {name} | " + " | ".join(f"{row[name]:.3g}" for row in found) + " |")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
