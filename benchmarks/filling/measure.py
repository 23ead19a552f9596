"""How far fills lie from what was there, beside other libraries.

    python benchmarks/filling/measure.py [--peers NAME ...]

Each hole is punched into a known surface (`punching.py`), filled, and sampled by area; a sample's
deviation is its distance from the surface that was there, positive outside. Tables give the median
over the holes of a class of RMS and of the signed 5th and 95th percentile, the RMS of all holes
pooled, the largest deviation, and CPU ms per hole.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from punching import CLASSES, PunchedCase, punched_cases
from scipy.spatial import cKDTree

from stsbench.geometry.distance import point_to_surface
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.hole_filling import fill_loops
from stsbench.geometry.topology import half_edge_twins

sys.path.insert(0, str(Path(__file__).parents[1] / "repair"))
from peers import peers_python

PEERS = ("meshlib", "pymeshfix", "pymeshlab", "vtk")
_ROUNDS = 5


def samples(vertices, faces, rng) -> tuple[np.ndarray, np.ndarray]:
    """Points spread evenly over faces, and the face of each."""
    area = measure_faces(vertices, np.ascontiguousarray(faces)).area_mm2
    face = rng.choice(len(faces), max(400, 4 * len(faces)), p=area / area.sum())
    u, v = rng.random((2, len(face), 1))
    fold = u + v > 1
    u, v = np.where(fold, 1 - u, u), np.where(fold, 1 - v, v)
    a, b, c = (vertices[faces[face, k]] for k in range(3))
    return a + u * (b - a) + v * (c - a), face


def ours(case: PunchedCase):
    """Fill by the product: vertices, added faces, CPU seconds."""
    mesh = case.open
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    parts = (mesh.vertices, mesh.faces, twin, case.loops.vertices, case.loops.offsets)
    patches = fill_loops(*parts)
    spent = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        patches = fill_loops(*parts)
        spent.append(time.process_time() - start)
    return np.vstack([mesh.vertices, patches.vertices]), patches.faces, float(np.median(spent))


def theirs(name: str, case: PunchedCase, folder: Path):
    """Fill by another library; nothing where it died."""
    source, target = folder / "in.npz", folder / "out.npz"
    rims = case.loops.vertices[case.loops.offsets[:-1]]
    np.savez(source, vertices=case.open.vertices, faces=case.open.faces, rims=rims)
    worker = Path(__file__).parent / "fill_worker.py"
    done = subprocess.run(
        [peers_python(), worker, name, source, target], capture_output=True, check=False
    )
    if done.returncode:
        print(f"{name} failed: {done.stderr.decode()[-300:]}", file=sys.stderr)
        return None
    with np.load(target) as data:
        return data["vertices"], data["faces"], float(data["seconds"])


def deviations(case: PunchedCase, vertices, faces) -> list[np.ndarray]:
    """Signed deviations of each hole's fill from the clean surface; empty where it was not filled."""
    rng = np.random.default_rng(1)
    clean = case.clean
    inside, owner = [], []
    for n, gone in enumerate(case.gone):
        places, _ = samples(clean.vertices, clean.faces[gone], rng)
        inside.append(places)
        owner.append(np.full(len(places), n))
    away, near = cKDTree(np.concatenate(inside)).query(vertices[faces].mean(axis=1))
    hole = np.concatenate(owner)[near]
    hole[away > 3.0] = -1  # another opening of the scan, which this peer closes as well
    faces, hole = faces[hole >= 0], hole[hole >= 0]
    found = []
    for n in range(len(case.gone)):
        own = faces[hole == n]
        if not len(own):
            found.append(np.zeros(0))
            continue
        places, _ = samples(vertices, own, rng)
        distance, face, closest = point_to_surface(places, clean.vertices, clean.faces)
        a, b, c = (clean.vertices[clean.faces[face, k]] for k in range(3))
        outside = np.einsum("ij,ij->i", places - closest, np.cross(b - a, c - a)) >= 0
        found.append(1000 * np.where(outside, distance, -distance))
    return found


def table(case: PunchedCase, results: dict[str, tuple]) -> list[str]:
    """Rows of one case."""
    lines = [
        f"\n### {case.name}, {case.clean.face_count} faces\n",
        "| holes | library | RMS median | RMS pooled | signed p5 / p95 | largest | left open |",
        "|---|---|---|---|---|---|---|",
    ]
    kinds = np.array(case.kinds)
    for kind, *_ in CLASSES:
        chosen = np.flatnonzero(kinds == kind)
        for name, result in results.items():
            own = [result[n] for n in chosen if len(result[n])]
            if not own:
                continue
            rms = np.array([np.sqrt((x**2).mean()) for x in own])
            low, high = np.median([np.percentile(x, [5, 95]) for x in own], axis=0)
            largest = max(np.abs(x).max() for x in own)
            lines.append(
                f"| {len(chosen)} {kind} | {name} | {np.median(rms):.1f} | "
                f"{np.sqrt((rms**2).mean()):.1f} | {low:+.1f} / {high:+.1f} | {largest:.0f} | "
                f"{len(chosen) - len(own)} |"
            )
    return lines


def main() -> int:
    """Measure all cases and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", nargs="*", default=list(PEERS))
    options = parser.parse_args()
    lines: list[str] = []
    times = ["| scan | holes | library | CPU ms in all | per hole |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for case in punched_cases():
            results = {}
            for name in ("stsbench", *options.peers):
                made = ours(case) if name == "stsbench" else theirs(name, case, Path(folder))
                if made is None:
                    continue
                vertices, faces, seconds = made
                results[name] = deviations(case, vertices, faces)
                count = len(case.gone)
                times.append(
                    f"| {case.name} | {count} | {name} | {1000 * seconds:.0f} | "
                    f"{1000 * seconds / count:.2f} |"
                )
            lines += table(case, results)
            print("\n".join(table(case, results)), flush=True)
    print("\n" + "\n".join(times))
    return 0


if __name__ == "__main__":
    sys.exit(main())
