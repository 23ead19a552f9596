"""Cover rims that are too long for the exact search, up to that of a whole jaw.

Rules owned here:
- A rim whose shadow on its own plane is a simple polygon gets the constrained Delaunay
  triangulation of that shadow.
- Any other is covered from coarse to fine: every so-many-th place is searched exactly, then the
  polygons between them, each with the normal of the triangle that it leans on.
- A rim of more than `WIDEST_RIM` places is left open: its triangles would be thinner than a file can
  hold, or their number beyond a technician's patience.
- Whatever comes out is checked: every edge once in each direction, none between a vertex and
  itself, none that is banned. If it fails, one vertex in the middle is joined to the whole rim.

Sources: L. P. Chew, *Constrained Delaunay triangulations*, Algorithmica 4, 1989 (by GEOS);
P. Liepa, *Filling holes in meshes*, SGP 2003.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Vertices
from stsbench.geometry.hole_rims import Rims
from stsbench.geometry.hole_triangulation import (
    EXACT,
    EXACT_RIM,
    IMPOSSIBLE,
    STAR,
    WIDE,
    Triangulation,
    triangulate_rims,
)

__all__ = ["WIDEST_RIM", "cover_wide_rims"]

WIDEST_RIM = 30_000

Triangles = NDArray[np.int32]
_NO_TRIANGLES = np.empty((0, 3), np.int32)


def _shadow_triangles(corners: Vertices) -> Triangles:
    """Triangulate the shadow of a rim on its own plane; nothing if that is not simple."""
    centred = corners - corners.mean(axis=0)
    normal = np.cross(centred, np.roll(centred, -1, axis=0)).sum(axis=0)
    size = float(np.linalg.norm(normal))
    if not size > 0.0:
        return _NO_TRIANGLES
    normal /= size
    across = np.eye(3)[np.argmin(np.abs(normal))]
    first = np.cross(across, normal)
    first /= np.linalg.norm(first)
    shadow = np.ascontiguousarray(np.stack([centred @ first, centred @ np.cross(normal, first)]).T)
    # Few scans need this import, which takes a twentieth of a second of every command.
    from shapely import (  # noqa: PLC0415
        Polygon,
        constrained_delaunay_triangles,
        get_coordinates,
        is_valid,
    )

    polygon = Polygon(shadow)
    if not is_valid(polygon):
        return _NO_TRIANGLES
    cut = get_coordinates(constrained_delaunay_triangles(polygon)).reshape(-1, 4, 2)[:, :3]
    # The triangles come back as coordinates, bit for bit: look up which place each one was.
    code = shadow @ [1, 1j]
    order = np.argsort(code, kind="stable")
    wanted = cut @ [1, 1j]
    triangles = order[np.minimum(np.searchsorted(code[order], wanted), len(code) - 1)]
    if len(triangles) != len(corners) - 2 or (code[triangles] != wanted).any():
        return _NO_TRIANGLES
    side = cut[:, 1:] - cut[:, :1]
    backwards = side[:, 0, 0] * side[:, 1, 1] < side[:, 0, 1] * side[:, 1, 0]
    triangles[backwards] = triangles[backwards, ::-1]
    # GEOS promises no order: start each triangle at its lowest place, and sort.
    turn = np.argmin(triangles, axis=1)
    triangles = np.take_along_axis(triangles, (turn[:, None] + np.arange(3)) % 3, axis=1)
    return triangles[np.lexsort(triangles.T[::-1])].astype(np.int32)


def _is_sound(triangles: Triangles, rim: NDArray[np.int32], banned: NDArray[np.int64]) -> bool:
    """Whether triangles close the rim without an edge that must not be."""
    if len(triangles) != len(rim) - 2:
        return False
    start = rim[triangles].astype(np.int64)
    end = np.roll(start, -1, axis=1)
    if (start == end).any():
        return False
    directed = np.sort((start * (1 << 31) + end).ravel())
    rim_edges = rim.astype(np.int64) * (1 << 31) + np.roll(rim, -1)
    on_rim = np.isin(directed, rim_edges)
    inner = directed[~on_rim]
    reverse = np.sort((inner % (1 << 31)) * (1 << 31) + inner // (1 << 31))
    once = (np.diff(directed) > 0).all()
    if not once or np.count_nonzero(on_rim) != len(rim) or (inner != reverse).any():
        return False
    chords = rim[banned].astype(np.int64).reshape(-1, 2)
    keys = np.concatenate([chords @ [1 << 31, 1], chords @ [1, 1 << 31]])
    return not np.isin(directed, keys).any()


def _rims_of(
    rim: NDArray[np.int32],
    polygons: list[NDArray[np.int64]],
    normals: list[NDArray[np.float64]],
    banned: NDArray[np.int64],
    thin_mm: float,
) -> Rims:
    """Describe polygons of places as rims of their own."""
    count = sum(map(len, polygons))
    offsets = np.cumsum([0, *map(len, polygons)]).astype(np.int64)
    bans = [np.empty((0, 3), np.int64)]
    for number, polygon in enumerate(polygons if len(banned) else []):
        at = np.minimum(np.searchsorted(polygon, banned), len(polygon) - 1)
        # The chord a polygon hangs on was allowed when it was drawn.
        inside = (polygon[at] == banned).all(axis=1) & (np.ptp(at, axis=1) < len(polygon) - 1)
        inside &= np.ptp(at, axis=1) > 1
        bans.append(np.column_stack([np.full(np.count_nonzero(inside), number), at[inside]]))
    return Rims(
        vertex=np.ascontiguousarray(rim[np.concatenate(polygons)]),
        offsets=offsets,
        owner=np.full(count, -1, np.int32),
        normal=np.ascontiguousarray(np.concatenate(normals)),
        spacing_mm=np.zeros(count),
        supported=np.ones(len(polygons), np.bool_),
        about=np.empty(0, np.int32),
        banned=np.ascontiguousarray(np.concatenate(bans), dtype=np.int64),
        thin_mm=thin_mm,
        group=np.arange(len(polygons), dtype=np.int32),
    )


def _coarse_to_fine(
    vertices: Vertices,
    rim: NDArray[np.int32],
    normal: NDArray[np.float64],
    banned: NDArray[np.int64],
    thin_mm: float,
) -> Triangles:
    """Cover a rim level by level; nothing if some polygon has no allowed triangulation."""
    waiting = [(np.arange(len(rim)), normal)]
    done: list[Triangles] = []
    while waiting:
        coarse: list[NDArray[np.int64]] = []
        leaning: list[NDArray[np.float64]] = []
        parts: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        for places, behind in waiting:
            long = len(places)
            pieces = long - 1 if long <= EXACT_RIM else min(EXACT_RIM, long // 2) - 1
            picks = np.arange(pieces + 1) * (long - 1) // pieces
            edges = behind[picks].copy()
            edges[:-1][np.diff(picks) > 1] = 0.0
            edges[-1] = behind[-1]
            coarse.append(places[picks])
            leaning.append(edges)
            for low, high in zip(picks[:-1].tolist(), picks[1:].tolist(), strict=True):
                if high - low > 1:
                    parts.append((places[low : high + 1], behind[low : high + 1].copy()))
        made = triangulate_rims(vertices, _rims_of(rim, coarse, leaning, banned, thin_mm))
        if (made.method != EXACT).any():
            return _NO_TRIANGLES
        polygon_of = np.repeat(np.arange(len(coarse)), np.diff(made.offsets))
        starts = np.cumsum([0, *map(len, coarse)])[polygon_of]
        triangles = np.concatenate(coarse)[made.triangles + starts[:, None]].astype(np.int32)
        done.append(triangles)
        corners = vertices[rim[triangles]]
        facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        facing /= np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-300)
        keys = triangles.astype(np.int64) * len(rim) + np.roll(triangles, -1, axis=1)
        order = np.argsort(keys, axis=None, kind="stable")
        chords = [int(places[0]) * len(rim) + int(places[-1]) for places, _ in parts]
        owners = order[np.searchsorted(keys.ravel()[order], chords)] // 3
        for (_, behind), owner in zip(parts, owners.tolist(), strict=True):
            behind[-1] = facing[owner]
        waiting = parts
    return np.concatenate(done)


def _link(triangles: Triangles, places: int) -> Triangles:
    """Return the opposite half-edge of each triangle edge, -1 on the rim."""
    start = triangles.ravel().astype(np.int64)
    end = np.roll(triangles, -1, axis=1).ravel().astype(np.int64)
    order = np.argsort(start * (places + 1) + end, kind="stable")
    keys = (start * (places + 1) + end)[order]
    wanted = end * (places + 1) + start
    found = order[np.minimum(np.searchsorted(keys, wanted), len(order) - 1)]
    linked = (start[found] == end) & (end[found] == start)
    return np.where(linked, found, -1).astype(np.int32).reshape(-1, 3)


def cover_wide_rims(vertices: Vertices, rims: Rims, triangulation: Triangulation) -> Triangulation:
    """Add the triangles of the rims that the exact search left out.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    rims : Rims
    triangulation : Triangulation
        Its rims of method WIDE have no triangles yet.

    Returns
    -------
    Triangulation
        The same, with triangles for them; their method may have become STAR or IMPOSSIBLE.
    """
    if not (triangulation.method == WIDE).any():
        return triangulation
    method = triangulation.method.copy()
    parts: list[Triangles] = []
    links: list[Triangles] = []
    for loop in range(len(method)):
        known = slice(triangulation.offsets[loop], triangulation.offsets[loop + 1])
        triangles, opposite = triangulation.triangles[known], triangulation.opposite[known]
        if method[loop] == WIDE and rims.offsets[loop + 1] - rims.offsets[loop] > WIDEST_RIM:
            method[loop] = IMPOSSIBLE
        elif method[loop] == WIDE:
            places = slice(rims.offsets[loop], rims.offsets[loop + 1])
            rim, normal = rims.vertex[places], rims.normal[places]
            banned = rims.banned[rims.banned[:, 0] == loop, 1:]
            triangles = _shadow_triangles(vertices[rim])
            if not _is_sound(triangles, rim, banned):
                triangles = _coarse_to_fine(vertices, rim, normal, banned, rims.thin_mm)
            if not _is_sound(triangles, rim, banned):
                around = np.arange(len(rim))
                middle = np.full(len(rim), len(rim))
                triangles = np.column_stack([around, np.roll(around, -1), middle])
                triangles = triangles.astype(np.int32)
                # A middle joined twice to a vertex that the rim passes twice is no surface.
                method[loop] = STAR if len(np.unique(rim)) == len(rim) else IMPOSSIBLE
                triangles = triangles if method[loop] == STAR else _NO_TRIANGLES
            opposite = _link(triangles, len(rim))
        parts.append(triangles)
        links.append(opposite)
    counts = [len(part) for part in parts]
    return Triangulation(
        np.ascontiguousarray(np.concatenate(parts)),
        np.ascontiguousarray(np.concatenate(links)),
        np.cumsum([0, *counts]).astype(np.int64),
        method,
    )
