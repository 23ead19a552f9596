"""Make a scan smaller within a distance. Off by default: nobody asks, it is not done.

Rules owned here:
- The bound is kept by measurement: all vertices of the scan as it was against the result, and the
  middles of the result's faces and edges against the scan. Where that fails, and where faces would
  meet, the scan is left as it is and the rest done again.
- Borders stay vertex for vertex, colours and attributes of kept vertices as they are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action
from stsbench.domain.mesh import Faces, TriangleMesh, Vertices
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.errors import InputError
from stsbench.geometry.decimation import collapse_edges
from stsbench.geometry.distance import SurfaceTree, build_tree, closest_on_tree
from stsbench.geometry.face_measures import thin_height_mm
from stsbench.geometry.self_intersection import self_meetings
from stsbench.geometry.topology import BRANCHING, half_edge_twins, open_vertices
from stsbench.repair.reshaped import with_other_mesh
from stsbench.repair.result import RepairResult

__all__ = ["MOST_MM", "Thinned", "decimate_result", "decimate_scan"]

_ROUNDS = 6
MOST_MM = 1.0  # choice: beyond it the result says little about the scan


@dataclass(frozen=True, eq=False, slots=True)
class Thinned:
    """A scan with fewer faces.

    Parameters
    ----------
    mesh : TriangleMesh
    vertex_source : (V,) int32
        Index in the scan.
    face_source : (F,) int32
        Index in the scan of faces that are the same, -1 for the others.
    deviation_mm : float
        Farthest distance measured between the two surfaces, both ways.
    """

    mesh: TriangleMesh
    vertex_source: NDArray[np.int32]
    face_source: NDArray[np.int32]
    deviation_mm: float


def decimate_scan(
    mesh: TriangleMesh,
    *,
    bound_mm: float,
    least_faces: int = 0,
    progress: Progress = NO_PROGRESS,
) -> Thinned:
    """Take out what can go within a bound.

    Parameters
    ----------
    mesh : TriangleMesh
        Repaired.
    bound_mm : float
        Farthest the surfaces may lie apart.
    least_faces : int
        Stop at so many faces.
    progress : Progress

    Raises
    ------
    InputError
        A bound that is no distance, or a scan that is not repaired.
    """
    vertices = _checked(mesh, bound_mm)
    thin_mm = thin_height_mm(vertices)
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    fixed = np.zeros(mesh.vertex_count, dtype=bool)
    fixed[open_vertices(mesh.faces, twin)] = True
    tree = build_tree(vertices, mesh.faces)
    used = np.unique(mesh.faces)
    for turn in range(_ROUNDS):
        progress.step("decimating", turn / _ROUNDS)
        faces, rows = collapse_edges(
            vertices, mesh.faces, fixed, bound_mm=bound_mm, thin_mm=thin_mm, least_faces=least_faces
        )
        away = _gaps_mm(tree, vertices, faces)
        back, under, _ = closest_on_tree(vertices[used], build_tree(vertices, faces))
        wrong = away > bound_mm
        wrong[self_meetings(vertices, faces).faces] = True
        if not wrong.any() and back.max(initial=0.0) <= bound_mm:
            return _thinned(mesh, vertices, faces, rows, float(max(away.max(), back.max())))
        held = np.zeros(mesh.vertex_count, dtype=bool)
        held[used[wrong[under] | (back > bound_mm)]] = held[faces[wrong]] = True
        # A ring more each time: what is left alone must hold the place without what lay on it.
        for _ in range(turn + 1):
            held[mesh.faces[held[mesh.faces].any(axis=1)]] = True
        fixed |= held
    return _thinned(mesh, vertices, mesh.faces, np.arange(mesh.face_count), 0.0)


def decimate_result(
    result: RepairResult, *, bound_mm: float, progress: Progress = NO_PROGRESS
) -> RepairResult:
    """Decimate a repaired scan and keep its edit record true.

    Parameters
    ----------
    result : RepairResult
    bound_mm : float
    progress : Progress

    Raises
    ------
    InputError
        As `decimate_scan`.
    """
    before = result.mesh
    thinned = decimate_scan(before, bound_mm=bound_mm, progress=progress)
    return with_other_mesh(
        result,
        thinned.mesh,
        vertex_source=thinned.vertex_source,
        face_source=thinned.face_source,
        reason=EditReason.DECIMATED,
        action=Action.REPAIRED,
        detail=f"Decimated from {before.face_count} to {thinned.mesh.face_count} faces; the "
        f"surfaces lie at most {thinned.deviation_mm:.4f} mm apart where measured "
        f"(bound {bound_mm:g} mm).",
    )


def _gaps_mm(tree: SurfaceTree, vertices: Vertices, faces: Faces) -> NDArray[np.float64]:
    """Measure how far the middles of faces and of their edges lie from a surface, (M,) float64."""
    a, b, c = (vertices[faces[:, j]] for j in range(3))
    samples = np.stack([(a + b + c) / 3, (a + b) / 2, (b + c) / 2, (c + a) / 2], axis=1)
    gaps, _, _ = closest_on_tree(samples.reshape(-1, 3), tree)
    farthest: NDArray[np.float64] = gaps.reshape(-1, 4).max(axis=1)
    return farthest


def _checked(mesh: TriangleMesh, bound_mm: float) -> Vertices:
    """Refuse what the kernels cannot take; return float32 positions."""
    if not 0.0 < bound_mm <= MOST_MM:
        raise InputError(
            f"A bound of {bound_mm:g} mm is no use.", f"Give more than 0, at most {MOST_MM:g} mm."
        )
    if not mesh.face_count:
        raise InputError("The scan has no faces.", "Open a scan that holds a surface.")
    if (mesh.faces == np.roll(mesh.faces, -1, axis=1)).any():
        raise InputError("A face names a vertex twice.", "Repair the scan first.")
    if (half_edge_twins(mesh.faces, mesh.vertex_count) == BRANCHING).any():
        raise InputError("The scan has edges that branch.", "Repair the scan first.")
    return mesh.vertices.astype(np.float32).astype(np.float64)


def _thinned(
    mesh: TriangleMesh,
    vertices: Vertices,
    faces: Faces,
    rows: NDArray[np.int64],
    apart: float,
) -> Thinned:
    used = np.zeros(mesh.vertex_count, dtype=bool)
    used[faces] = True
    name = (np.cumsum(used) - 1).astype(np.int32)
    result = TriangleMesh(
        vertices[used],
        name[faces],
        None if mesh.colours is None else mesh.colours[used],
        {key: values[used] for key, values in mesh.attributes.items()},
    )
    same = (mesh.faces[rows] == faces).all(axis=1)
    source = np.where(same, rows, -1).astype(np.int32)
    return Thinned(result, np.flatnonzero(used).astype(np.int32), source, apart)
