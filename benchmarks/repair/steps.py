"""Every tool of the bench on a scan of 200,000 faces: CPU time to plan, to apply and to take back.

    python benchmarks/repair/steps.py [--rounds N] [--case clean-200k]

Times are CPU milliseconds, the median of the rounds after one that is not counted (numba loads its
machine code then). A click pays plan + apply; the target is 100 ms, the goal 30 ms. The last line
takes one hundred steps in a row and weighs the history.
"""

import argparse
import statistics
import time
import tracemalloc
from dataclasses import replace

import numpy as np
from cases import make_case

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.boundary import boundary_loops
from stsbench.geometry.topology import half_edge_twins
from stsbench.repair.ranges import ranges_of
from stsbench.repair.tool_steps import plan_step
from stsbench.repair.working_mesh import WorkingMesh

HOLES = 40
HOLE_MM = 1.2
PLACE_MM = 3.0


def coloured(mesh: TriangleMesh) -> TriangleMesh:
    """Colour a mesh by height, for new vertices must get colours too."""
    z = mesh.vertices[:, 2]
    share = (z - z.min()) / max(float(np.ptp(z)), 1e-9)
    colours = (255 * np.stack([share, 1 - share, np.full_like(share, 0.5)], axis=1)).astype(
        np.uint8
    )
    return TriangleMesh(mesh.vertices, mesh.faces, colours)


def inner_places(mesh: TriangleMesh, count: int) -> np.ndarray:
    """Vertices spread over the scan and away from its border."""
    edges = np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    unique, uses = np.unique(edges, axis=0, return_counts=True)
    border = mesh.vertices[np.unique(unique[uses == 1])][::20]
    rng = np.random.default_rng(3)
    found: list[int] = []
    for vertex in rng.permutation(mesh.vertex_count):
        place = mesh.vertices[vertex]
        if np.linalg.norm(border - place, axis=1).min() < 4 * HOLE_MM:
            continue
        others = mesh.vertices[found] if found else np.full((1, 3), np.inf)
        if np.linalg.norm(others - place, axis=1).min() > 5 * HOLE_MM:
            found.append(int(vertex))
        if len(found) == count:
            break
    return np.array(found)


def near(mesh: TriangleMesh, place: np.ndarray, radius_mm: float) -> np.ndarray:
    """Faces all of whose corners lie within a radius."""
    inside = np.linalg.norm(mesh.vertices - place, axis=1) <= radius_mm
    return np.flatnonzero(inside[mesh.faces].all(axis=1))


def uses_on(mesh: TriangleMesh, working: WorkingMesh, places: np.ndarray) -> list[tuple[str, dict]]:
    """One use of every tool, on the scan with holes."""
    loops = working.open_loops()
    sizes = np.diff(loops.offsets)
    border, hole = loops.loop(int(np.argmax(sizes))), loops.loop(int(np.argmin(sizes)))
    place = mesh.vertices[places[-1]]
    small = ranges_of(near(mesh, place, PLACE_MM))
    large = ranges_of(near(mesh, place, 4 * PLACE_MM))
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    faces = np.ascontiguousarray(mesh.faces[near(mesh, place, PLACE_MM)])
    rim = boundary_loops(faces, half_edge_twins(faces, mesh.vertex_count))
    outline = rim.loop(int(np.argmax(np.diff(rim.offsets))))[::6]
    middle = (low + high) / 2
    back = [float(middle[0]), float(low[1] + 0.15 * (high[1] - low[1])), float(middle[2])]
    return [
        ("fill one hole", {"tool": "fill", "edge": hole[:2].tolist()}),
        (f"fill {HOLES} holes", {"tool": "fill_below", "rim_mm": 15.0}),
        ("delete, 3 mm", {"tool": "delete", "faces": small}),
        ("delete, 12 mm", {"tool": "delete", "faces": large}),
        ("delete and refill, 3 mm", {"tool": "refill", "faces": small}),
        ("smooth, 3 mm", {"tool": "smooth", "faces": small, "cap_mm": 0.05, "passes": 10}),
        ("smooth, 12 mm", {"tool": "smooth", "faces": large, "cap_mm": 0.05, "passes": 10}),
        ("trim by a plane", {"tool": "trim_plane", "point": back, "normal": [0.05, -1.0, 0.1]}),
        ("trim by a closed curve", {"tool": "trim_curve", "points": mesh.vertices[outline].tolist(),
                                    "goes": place.tolist()}),
        ("clean the border, 0.5 mm", {"tool": "clean_border", "edge": border[:2].tolist(),
                                      "strip_mm": 0.5}),
    ]  # fmt: skip


def timed(run) -> tuple[float, object]:
    start = time.process_time()
    value = run()
    return 1000 * (time.process_time() - start), value


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--case", default="clean-200k")
    given = arguments.parse_args()
    mesh = coloured(make_case(given.case).mesh)
    places = inner_places(mesh, HOLES + 1)
    gone = np.unique(np.concatenate([near(mesh, mesh.vertices[p], HOLE_MM) for p in places[:-1]]))
    mesh = replace(mesh, faces=np.delete(mesh.faces, gone, axis=0))
    took, working = timed(lambda: WorkingMesh(mesh))
    print(f"{given.case}: {mesh.face_count} faces, {HOLES} holes; opened in {took:.0f} ms")
    print(f"{'tool':26} {'plan':>7} {'apply':>7} {'undo':>7}   removed   added   moved")
    for name, use in uses_on(mesh, working, places):
        rows = []
        for _ in range(given.rounds + 1):
            plan_ms, step = timed(lambda use=use: plan_step(working, use))
            apply_ms, _ = timed(lambda step=step: working.apply(step))
            undo_ms, _ = timed(working.revert)
            rows.append((plan_ms, apply_ms, undo_ms))
        plan, apply, undo = (statistics.median(column) for column in zip(*rows[1:], strict=True))
        sizes = f"{len(step.removed):9} {len(step.faces):7} {len(step.moved):7}"
        print(f"{name:26} {plan:7.1f} {apply:7.1f} {undo:7.1f} {sizes}")
    _weigh(mesh, places)


def _weigh(mesh: TriangleMesh, places: np.ndarray) -> None:
    """A hundred steps in a row: how long, and how heavy is what undo needs."""
    working = WorkingMesh(mesh)
    regions = [ranges_of(near(mesh, mesh.vertices[p], 4 * PLACE_MM)) for p in places]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for n in range(100):
        use = {"tool": "smooth", "faces": regions[n % len(regions)], "cap_mm": 0.05, "passes": 3}
        working.apply(plan_step(working, use))
    held = (tracemalloc.get_traced_memory()[0] - before) / 1e6
    tracemalloc.stop()
    moved = sum(len(step.touched.numbers()) for step in working.steps)
    print(f"100 steps of smoothing 12 mm: {held:.0f} MB held for undo, {moved} vertices touched")


if __name__ == "__main__":
    main()
