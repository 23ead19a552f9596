"""Hostile input: each file ends within a minute and 4 GB, with a correct mesh or a one-line error.

    python benchmarks/repair/hostile.py [names]

Each case is repaired by a process of its own, through files, as `stsbench repair` would.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hostile_shapes import SHAPES, Made, grid, mesh_of

from stsbench.domain.mesh import TriangleMesh
from stsbench.files.scans import write_scan

LIMIT_S, LIMIT_MIB = 60.0, 4096.0


def loose_triangles(count: int = 1_000_000) -> TriangleMesh:
    rng = np.random.default_rng(1)
    centre = rng.uniform(0, 60, (count, 1, 3))
    corners = centre + rng.normal(0, 0.05, (count, 3, 3))
    return mesh_of(corners.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3))


def ring(edges: int = 100_000, rim_mm: float = 300.0) -> TriangleMesh:
    """A flat annulus whose inner rim has as many edges."""
    angle = 2 * np.pi * np.arange(edges) / edges
    radius = rim_mm / (2 * np.pi)
    rows = [np.stack([r * np.cos(angle), r * np.sin(angle), 0 * angle], axis=-1)
            for r in (radius, radius + 1, radius + 12)]  # fmt: skip
    here, after = np.arange(edges), (np.arange(edges) + 1) % edges
    faces = [
        np.stack([a, b, c], axis=-1)
        for lower in (0, edges)
        for a, b, c in (
            (lower + here, lower + edges + here, lower + edges + after),
            (lower + here, lower + edges + after, lower + after),
        )
    ]
    return mesh_of(np.concatenate(rows), np.concatenate(faces))


def degenerate(side: int = 300) -> TriangleMesh:
    vertices, faces = grid(side)
    vertices[:, 1:] = 0
    return mesh_of(vertices, faces)


def sphere(side: int = 300) -> TriangleMesh:
    """A closed box of six bumpy sides, on a sphere."""
    u = np.tan(np.linspace(-np.pi / 4, np.pi / 4, side + 1))
    a, b = np.meshgrid(u, u)
    one = np.ones_like(a)
    walls = []
    for axis in range(3):
        for sign in (1, -1):
            wall = np.stack(np.roll([sign * one, a, sign * b], axis, axis=0), axis=-1)
            walls.append(wall.reshape(-1, 3))
    vertices = np.concatenate(walls)
    vertices = 20 * vertices / np.linalg.norm(vertices, axis=1)[:, None]
    _, faces = grid(side)
    every = np.concatenate([faces + n * (side + 1) ** 2 for n in range(6)])
    keys = np.round(vertices, 6)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return mesh_of(vertices[first], inverse.reshape(-1)[every])


def band(*, across: int, along: int, klein: bool) -> TriangleMesh:
    """A Moebius strip, or a Klein bottle (figure eight, it passes through itself)."""
    u = 2 * np.pi * np.arange(along) / along
    if klein:
        v = 2 * np.pi * np.arange(across) / across
        u2, v2 = np.meshgrid(u, v, indexing="ij")
        r = 10 + 4 * (np.cos(u2 / 2) * np.sin(v2) - np.sin(u2 / 2) * np.sin(2 * v2))
        z = 4 * (np.sin(u2 / 2) * np.sin(v2) + np.cos(u2 / 2) * np.sin(2 * v2))
    else:
        v = np.linspace(-3, 3, across)
        u2, v2 = np.meshgrid(u, v, indexing="ij")
        r, z = 10 + v2 * np.cos(u2 / 2), v2 * np.sin(u2 / 2)
    vertices = np.stack([r * np.cos(u2), r * np.sin(u2), z], axis=-1).reshape(-1, 3)
    faces = []
    for i in range(along):
        wrap = i + 1 == along
        for j in range(across if klein else across - 1):
            k = (j + 1) % across
            m, n = ((-j) % across, (-k) % across) if klein else (across - 1 - j, across - 1 - k)
            c, d = (m, n) if wrap else (j, k)
            here, there = i * across, ((i + 1) % along) * across
            faces += [[here + j, there + c, there + d], [here + j, there + d, here + k]]
    return mesh_of(vertices, np.array(faces))


def copies(count: int = 10, side: int = 150) -> TriangleMesh:
    """As many sheets over each other, each shifted a little so that all of them cross."""
    vertices, faces = grid(side)
    every = []
    for n in range(count):
        moved = vertices + np.array([0.03 * n, 0.02 * n, 0.0])
        moved[:, 2] += 0.05 * np.sin(3 * vertices[:, 0] + n)
        every.append(moved)
    return mesh_of(
        np.concatenate(every), np.concatenate([faces + n * len(vertices) for n in range(count)])
    )


def same_copies(count: int = 10, side: int = 150) -> TriangleMesh:
    vertices, faces = grid(side)
    return mesh_of(
        np.tile(vertices, (count, 1)),
        np.concatenate([faces + n * len(vertices) for n in range(count)]),
    )


def scaled(factor: float) -> TriangleMesh:
    vertices, faces = grid(200)
    keep = (np.hypot(*(vertices[faces].mean(axis=1)[:, :2] - 20).T)) > 1.5
    return mesh_of(vertices * factor, faces[keep])


def far(distance: float) -> TriangleMesh:
    vertices, faces = grid(200)
    return mesh_of(vertices + distance, faces)


CASES: dict[str, Callable[[], Made]] = {
    "1,000,000 loose triangles": loose_triangles,
    "hole of 100,000 edges, 300 mm": ring,
    "hole of 100,000 edges, to be filled": lambda: ring(rim_mm=14.0),
    "all faces degenerate": degenerate,
    "closed mesh": sphere,
    "Moebius strip": lambda: band(across=60, along=1500, klein=False),
    "Klein bottle": lambda: band(across=200, along=500, klein=True),
    "10 crossing copies": copies,
    "10 same copies": same_copies,
    "coordinates of 1e9": lambda: scaled(1e9 / 40),
    "1e9 away": lambda: far(1e9),
    "coordinates of 1e-9": lambda: scaled(1e-9 / 40),
    "single triangle": lambda: mesh_of(np.eye(3) * 5, np.array([[0, 1, 2]])),
    **SHAPES,
}

CHILD = """
import json, resource, sys, time
import stsbench
from stsbench.errors import StsbenchError
start = time.perf_counter()
try:
    report = stsbench.repair_file(sys.argv[1], sys.argv[2])
    said = f"{report['verdict']}, {report['faces_count']} faces"
except StsbenchError as error:
    said = str(error)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([said, time.perf_counter() - start, time.process_time(), peak]))
"""


def sound(path: Path) -> str:
    """Say what is wrong with a result, in a way of its own: nothing of the repair is used."""
    from stsbench.files.scans import read_scan

    faces = read_scan(path).faces.astype(np.int64)
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    keys = np.sort(ends, axis=1)
    _, inverse, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    wrong = []
    if (counts > 2).any():
        wrong.append(f"{int((counts > 2).sum())} branching edges")
    way = np.where(ends[:, 0] < ends[:, 1], 1, -1)
    if (np.abs(np.bincount(inverse.reshape(-1), weights=way)) > 1).any():
        wrong.append("winding")
    if (faces[:, 0] == faces[:, 1]).any() or (faces[:, 1] == faces[:, 2]).any():
        wrong.append("degenerate")
    return ", ".join(wrong) or "sound"


def main() -> int:
    """Run the cases; return how many failed."""
    failed = 0
    print("| file | faces | what came of it | checked | wall s | CPU s | peak MiB |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for title, make in CASES.items():
            if len(sys.argv) > 1 and title not in sys.argv[1:]:
                continue
            made, target = make(), Path(name) / "out.ply"
            suffix = made[0] if isinstance(made, tuple) else ".ply"
            source = Path(name) / f"in{suffix}"
            if isinstance(made, tuple):
                source.write_bytes(made[1])
            else:
                write_scan(made, source, durable=False)
            count = 0 if isinstance(made, tuple) else made.face_count
            del made
            target.unlink(missing_ok=True)
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", CHILD, source, target],
                capture_output=True, text=True, check=False, timeout=600,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30)),
            )  # fmt: skip
            wall = time.perf_counter() - started
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["died"])[-1]
                print(f"| {title} | {count} | {last[:90]} | FAILED | {wall:.1f} | | |")
                failed += 1
                continue
            said, _, cpu, peak = json.loads(done.stdout)
            checked = sound(target) if target.exists() else "-"
            bad = checked not in ("sound", "-") and "hold" not in said
            bad |= cpu > LIMIT_S or peak > LIMIT_MIB or "\n" in said
            failed += bad
            print(
                f"| {title} | {count} | {said} | {checked}{' FAILED' if bad else ''} "
                f"| {wall:.1f} | {cpu:.1f} | {peak:.0f} |",
                flush=True,
            )
    return failed


if __name__ == "__main__":
    sys.exit(main())
