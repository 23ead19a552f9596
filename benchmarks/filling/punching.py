"""Clean scans with seeded holes punched into them: what was there before is known.

    for case in punched_cases(): ...
    case.clean      the scan before
    case.open       the scan with its holes
    case.loops      the punched holes' loops
    case.gone       the faces of the clean scan that each loop lost
    case.kinds      size class of each loop

Holes are simple discs, three rings apart from each other and from borders. Their seeds are for
judging only: no constant of the product was chosen on them.
"""

import heapq
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.files.scans import read_scan
from stsbench.geometry.boundary import LoopSet, boundary_loops
from stsbench.geometry.face_sets import grow_by_rings
from stsbench.geometry.topology import half_edge_twins

sys.path.insert(0, str(Path(__file__).parents[1] / "repair"))
from cases import SCANS, _arch

__all__ = ["CLASSES", "PunchedCase", "punched_cases"]

# Name, how many, and what is removed: a number of faces, or all within a radius in mm.
CLASSES = (
    ("pinhole", 40, "faces", 1, 6),
    ("small", 40, "faces", 7, 90),
    ("medium", 10, "radius", 0.9, 1.6),
    ("large", 8, "radius", 1.8, 3.6),
)
MADE = (
    ("arch-1", 11, Arch.MAXILLARY),
    ("arch-2", 12, Arch.MANDIBULAR),
    ("arch-3", 13, Arch.MAXILLARY),
)
REAL = ("cast_lower_open.ply", "cast_lower_closed.ply", "crowns_lower.obj")
_SEED = 20_261_122
_RINGS = 3


@dataclass(frozen=True, eq=False)
class PunchedCase:
    """A scan with holes and what was in them."""

    name: str
    clean: TriangleMesh
    open: TriangleMesh
    loops: LoopSet
    gone: tuple[np.ndarray, ...]
    kinds: tuple[str, ...]


def _disc(twin, centre, seed: int, most: int, radius_mm: float) -> np.ndarray | None:
    """Faces about a seed in order of distance; nothing where the border comes in."""
    waiting, seen, taken = [(0.0, seed)], {seed}, []
    while waiting and len(taken) < most:
        away, face = heapq.heappop(waiting)
        if away > radius_mm:
            break
        taken.append(face)
        for half_edge in twin[3 * face : 3 * face + 3].tolist():
            if half_edge < 0:
                return None
            if half_edge // 3 not in seen:
                seen.add(half_edge // 3)
                step = float(np.linalg.norm(centre[half_edge // 3] - centre[seed]))
                heapq.heappush(waiting, (step, half_edge // 3))
    return np.sort(taken)


def _is_disc(faces, twin, taken: np.ndarray) -> bool:
    """Whether faces have one simple rim and no hole in them."""
    half_edges = (3 * taken[:, None] + np.arange(3)).ravel()
    rim = half_edges[~np.isin(twin[half_edges] // 3, taken)]
    starts = faces.ravel()[rim]
    corners = len(np.unique(faces[taken]))
    edges = (len(half_edges) + len(rim)) // 2
    return len(np.unique(starts)) == len(starts) and corners - edges + len(taken) == 1


def _punch(name: str, clean: TriangleMesh, rng: np.random.Generator) -> PunchedCase:
    faces, count = clean.faces, clean.vertex_count
    twin = half_edge_twins(faces, count)
    centre = clean.vertices[faces].mean(axis=1)
    taboo = grow_by_rings(faces, count, (twin < 0).reshape(-1, 3).any(axis=1), _RINGS)
    gone, kinds = [], []
    for kind, wanted, how, low, high in reversed(CLASSES):
        found = 0
        for _ in range(60 * wanted):
            seed = int(rng.integers(len(faces)))
            most = int(rng.integers(low, high + 1)) if how == "faces" else len(faces)
            radius_mm = float(rng.uniform(low, high)) if how == "radius" else np.inf
            if taboo[seed]:
                continue
            taken = _disc(twin, centre, seed, most, radius_mm)
            if taken is None or taboo[taken].any() or not _is_disc(faces, twin, taken):
                continue
            mark = np.zeros(len(faces), dtype=bool)
            mark[taken] = True
            taboo |= grow_by_rings(faces, count, mark, _RINGS)
            gone.append(taken)
            kinds.append(kind)
            found += 1
            if found == wanted:
                break
    keep = np.ones(len(faces), dtype=bool)
    hole_of = np.full(count, -1)
    for n, taken in enumerate(gone):
        keep[taken] = False
        hole_of[faces[taken]] = n
    used = np.zeros(count, dtype=bool)
    used[faces[keep]] = True
    number = np.cumsum(used) - 1
    hole_of = hole_of[used]
    left = TriangleMesh(clean.vertices[used], number[faces[keep]].astype(np.int32))
    loops = boundary_loops(left.faces, half_edge_twins(left.faces, left.vertex_count))
    own = np.array([hole_of[loops.loop(n)].min() for n in range(len(loops))])
    punched = np.flatnonzero(own >= 0)
    return PunchedCase(
        name, clean, left, loops.take(punched),
        tuple(gone[n] for n in own[punched]), tuple(kinds[n] for n in own[punched]),
    )  # fmt: skip


def punched_cases(seed: int = _SEED) -> Iterator[PunchedCase]:
    """Make the six cases: three arches of 100,000 faces, and the real scans where there are any.

    Parameters
    ----------
    seed : int
        Of the holes; another than the default for choosing, never for judging.
    """
    for number, (name, made, arch) in enumerate(MADE):
        yield _punch(name, _arch(100_000, made, arch), np.random.default_rng([seed, number]))
    for number, file in enumerate(REAL):
        if (SCANS / file).exists():
            rng = np.random.default_rng([seed, 100 + number])
            yield _punch(file, read_scan(SCANS / file), rng)
