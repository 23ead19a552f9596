"""How quick the repair bench is in a real JupyterLab in a real Chromium, software GL.

    .venv/bin/python benchmarks/bench3d/measure.py [--faces 200000 500000] [--parts memory times]

Times are those of the page's own clock, from the input event to the end of the frame that shows its
effect. An undo is shown by the page at once; `undo_confirmed_ms` is when Python's delta said the
same. Memory is what the page's process (resident, no garbage collection asked for) and the GPU
process grew by since the notebook was opened, per byte of mesh: 12 per vertex and per face, as sent.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.bench3d.processes import process_bytes  # noqa: E402
from stsbench.domain.mesh import TriangleMesh  # noqa: E402
from tests.shapes import sheet  # noqa: E402
from tests.vault.house import stop_vault  # noqa: E402
from tests.widgets.bench_arch import take_in  # noqa: E402
from tests.widgets.bench_hands import APP, BenchHands  # noqa: E402
from tests.widgets.lab_driver import browser, foreign, running_lab  # noqa: E402

SIZE_MM, HOLE_MM = 60.0, 3.2
REST_S = 3.0  # after the bench has done its work: what it then takes is what stays
PARTS = "memory", "times"
# name: (limit at 200k in ms, what it is)
LIMITS = {
    "run_all_to_mesh_ms": 1500,
    "first_frame_ms": 400,
    "click_to_filled_ms": 500,
    "lasso_30k_ms": 150,
    "undo_ms": 100,
    "memory_first_per_mesh_byte": 12,
    "memory_per_mesh_byte": 12,
    "held_per_mesh_byte": 12,
    "foreign_requests": 0,
}


def bumpy_dome(faces: int) -> tuple[TriangleMesh, np.ndarray]:
    """A dome of about so many triangles with a hole above the limit; the hole's middle."""
    count = round((faces / 2) ** 0.5)
    pitch = SIZE_MM / count
    mesh = sheet(count, count, pitch_mm=pitch, height=height)
    middle = np.array([20.0, 30.0, float(height(20.0, 30.0))])
    centres = mesh.vertices[mesh.faces].mean(axis=1)
    kept = np.linalg.norm(centres - middle, axis=1) > HOLE_MM
    return TriangleMesh(mesh.vertices.astype(np.float32), mesh.faces[kept]), middle


def height(x, y):
    return 12 - ((x - 30) ** 2 + (y - 30) ** 2) / 150 + 0.4 * np.sin(1.1 * x) * np.cos(0.9 * y)


def held_bytes(page) -> int:
    """What the page's scripts hold, array buffers included, after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    session.detach()
    parts = ("usedSize", "embedderHeapUsedSize", "backingStorageSize")
    return sum(int(usage.get(part, 0)) for part in parts)


WATCH = """() => {
    window.seen = {};
    for (const name of ['pointerup', 'keydown']) {
        window.addEventListener(name, () => { window.seen[name] = performance.now(); }, true);
        window.addEventListener(name, () => { window.seen[name + '_done'] = performance.now(); });
    }
}"""
LAST = """name => {
    const all = performance.getEntriesByName(name);
    const last = all[all.length - 1];
    return last ? [all.length, last.startTime, last.startTime + last.duration] : [0, 0, 0];
}"""


def until_drawn(page, kind: str, act) -> float:
    """Act, wait for the next frame of a kind, return its end on the page's clock."""
    count = page.evaluate(LAST, f"stsbench:{kind}")[0]
    act()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        now, _, end = page.evaluate(LAST, f"stsbench:{kind}")
        if now > count:
            return end
        time.sleep(0.02)
    raise AssertionError(f"nothing was drawn after {kind}")


def rest(hands) -> None:
    """Wait until the live checks of a step are done and their frames drawn."""
    hands.wait_done()
    time.sleep(1)


def times_of_tools(page, hands, mesh, middle, rounds) -> dict[str, float]:
    """Fill, undo and lasso, each by real clicks; medians of the rounds."""
    hands.show()
    hands.settle()
    fills, undos, confirmed, lassos = [], [], [], []
    page.locator(".sts-viewer input[type=checkbox]").last.uncheck()  # no preview: filled at once
    for _ in range(rounds):
        hands.press("fill")
        end = until_drawn(page, "delta", lambda: hands.click(middle))
        fills.append(end - page.evaluate("window.seen.pointerup"))
        rest(hands)
        told = page.evaluate(LAST, "stsbench:delta")[0]
        end = until_drawn(page, "ahead", lambda: hands.key("Control+z"))
        pressed = page.evaluate("window.seen.keydown")
        undos.append(end - pressed)
        page.wait_for_function(f"({LAST})('stsbench:delta')[0] > {told}")
        confirmed.append(page.evaluate(LAST, "stsbench:delta")[2] - pressed)
        rest(hands)
    for _ in range(rounds):
        share = (30_000 / mesh.face_count) ** 0.5
        _, low = hands.pixel((30.0, 0.0, 0.0))
        _, high = hands.pixel((30.0, SIZE_MM, 0.0))
        hands.lasso((38.0, 30.0, 10.0), pixels=abs(low - high) * share / 2 * 1.04)
        lassos.append(
            page.evaluate("window.seen.pointerup_done") - page.evaluate("window.seen.pointerup")
        )
    found = {"lasso_faces": page.evaluate(f"{APP}.selection.count")}
    found["click_to_filled_ms"] = statistics.median(fills)
    found["undo_ms"] = statistics.median(undos)
    found["undo_confirmed_ms"] = statistics.median(confirmed)
    found["lasso_30k_ms"] = statistics.median(lassos)
    return found


def measure(faces: int, home: Path, parts: list[str], rounds: int) -> dict[str, float]:
    mesh, middle = bumpy_dome(faces)
    take_in(home.parent / f"order_{faces}", mesh)
    found: dict[str, float] = {"faces": mesh.face_count}
    with running_lab(home) as address, browser(height=1100) as page:
        hands = BenchHands(page, "2_repair_scan.ipynb", address=address)
        held = held_bytes(page)
        before = process_bytes()
        size = 12 * (mesh.vertex_count + mesh.face_count)
        # Imports and kernels first: what a second case of the day costs.
        hands.python("import stsbench.widgets.repair_desk")
        hands.run_until_open(seconds=180)
        if "memory" in parts:
            time.sleep(REST_S)
            first = process_bytes()["renderer_rss"] - before["renderer_rss"]
            found["memory_first_per_mesh_byte"] = first / size
        hands.python("bench.desk.close()")
        hands.page.wait_for_function("!window.stsbenchViewers?.size")
        page.evaluate(WATCH)
        page.evaluate("performance.clearMeasures()")
        start = page.evaluate("performance.now()")
        end = until_drawn(page, "mesh", lambda: hands.command("notebook:run-all-cells"))
        found["run_all_to_mesh_ms"] = end - start
        _, first, drawn = page.evaluate(LAST, "stsbench:mesh")
        found["first_frame_ms"] = drawn - first
        hands.wait_python("not any(t.is_alive() for t in bench.desk._threads)", seconds=180)
        if "memory" in parts:
            time.sleep(REST_S)
            after = process_bytes()
            for name, kind in (("memory", "renderer"), ("gpu", "gpu")):
                grown = after[f"{kind}_rss"] - before[f"{kind}_rss"]
                found[f"{name}_per_mesh_byte"] = grown / size
            found["held_per_mesh_byte"] = (held_bytes(page) - held) / size
        if "times" in parts:
            found |= times_of_tools(page, hands, mesh, middle, rounds)
        found["foreign_requests"] = len(foreign(page))
        assert page.errors == [], page.errors
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, nargs="+", default=[200_000, 500_000])
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench3d-") as folder:
        home = Path(folder) / "home"
        os.environ |= {
            "STSBENCH_HOME": str(home),
            "STSBENCH_KEYS": "file",
            "STSBENCH_RUNTIME_DIR": str(Path(folder) / "r"),
        }
        try:
            found = [measure(faces, home, chosen.parts, chosen.rounds) for faces in chosen.faces]
        finally:
            stop_vault(home)
    names = [name for name in found[0] if name != "faces"]
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("| | " + " | ".join(f"{row['faces']:,} faces" for row in found) + " | limit at 200k |")
    print("|---|" + "---|" * (len(found) + 1))
    for name in names:
        values = " | ".join(f"{row[name]:.3g}" for row in found)
        print(f"| {name} | {values} | {LIMITS.get(name, '')} |")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
