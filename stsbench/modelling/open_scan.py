"""The scan a model is made from: one sheet with one rim, and what had to be done to get there.

Rules owned here:
- A closed mesh, a branching one or one whose faces disagree is refused: that is repair's work.
- Of several pieces the largest is kept, and the others are listed.
- The longest border loop is the rim the base hangs on. Every other loop becomes part of the solid:
  it is closed by a smooth patch and listed, because a patch is not what the scanner saw.
- No vertex of the scan moves; coordinates are taken as the float32 numbers a file holds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.findings import Action, Finding, FindingKind, Severity
from stsbench.domain.mesh import Faces, Loop, Mask, TriangleMesh, Vertices
from stsbench.errors import InputError, MeshError, NotManifoldError
from stsbench.geometry.boundary import LoopMeasures, boundary_loops, measure_loops
from stsbench.geometry.components import measure_pieces
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.hole_filling import fill_loops
from stsbench.geometry.topology import count_fans, half_edge_twins
from stsbench.geometry.winding import find_winding

__all__ = ["OpenScan", "close_inner_loops", "prepare_scan"]

_NOTE_RIM_MM = 4.0  # a smaller opening is noted only: choice, not fact


@dataclass(frozen=True, eq=False, slots=True)
class OpenScan:
    """A sheet with one rim.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
        In the scanner's axes; those of the scan first.
    faces : (F, 3) int32
        Those of the scan first.
    scan_face_count : int
        Faces that came from the scan; the rest are patches.
    rim : (N,) int32
        Loop of vertices, running with the faces that own its edges.
    findings : tuple of Finding
        What was left out and what was closed.
    """

    vertices: Vertices
    faces: Faces
    scan_face_count: int
    rim: Loop
    findings: tuple[Finding, ...] = ()


def prepare_scan(mesh: TriangleMesh) -> OpenScan:
    """Reduce a repaired scan to one sheet with one rim.

    Parameters
    ----------
    mesh : TriangleMesh
        One arch; not closed, not branching, consistently wound.

    Raises
    ------
    InputError
        No faces.
    MeshError
        The mesh is already a solid, a face names a vertex twice, or neighbouring faces disagree
        on winding.
    NotManifoldError
        An edge or a vertex where the surface branches.
    """
    faces = mesh.faces
    if not len(faces):
        raise InputError("The mesh has no faces.", "Pass a scan of one arch.")
    repeated = (faces == np.roll(faces, 1, axis=1)).any(axis=1)
    if repeated.any():
        raise MeshError(
            f"{int(repeated.sum())} faces name a vertex twice.", "Repair the scan first."
        )
    twin = half_edge_twins(faces, mesh.vertex_count)
    _refuse_branching(faces, twin, mesh.vertex_count)
    area = measure_faces(mesh.vertices, faces).area_mm2
    winding = find_winding(mesh.vertices, faces, twin, area)
    pieces = measure_pieces(mesh.vertices, faces, winding.component)
    main = winding.component == pieces.main
    if winding.closed[pieces.main]:
        raise MeshError(
            "The mesh is already a solid: it has no border.", "Pass the open scan, or print it."
        )
    if not winding.orientable[pieces.main] or _disagree(faces, twin, main):
        raise MeshError("Neighbouring faces disagree on winding.", "Repair the scan first.")
    findings = [
        Finding(
            FindingKind.ISLAND,
            _place(pieces.centre_mm[k]),
            area_mm2=float(pieces.area_mm2[k]),
            faces_count=int(pieces.faces_count[k]),
            severity=Severity.REVIEW,
            action=Action.REMOVED,
            detail="A separate piece is not part of the model.",
        )
        for k in range(len(pieces))
        if k != pieces.main
    ]
    used, kept = np.unique(faces[main], return_inverse=True)
    return close_inner_loops(
        mesh.vertices[used].astype(np.float32).astype(np.float64),
        kept.reshape(-1, 3).astype(np.int32),
        tuple(findings),
    )


def close_inner_loops(
    vertices: Vertices, faces: Faces, findings: tuple[Finding, ...] = ()
) -> OpenScan:
    """Keep the longest border loop as the rim and close every other one with a patch.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
        One piece, manifold, consistently wound, open.
    findings : tuple of Finding
        What is known already; comes first in the result.

    Raises
    ------
    MeshError
        An inner loop can't be closed.
    """
    twin = half_edge_twins(faces, len(vertices))
    loops = boundary_loops(faces, twin)
    measures = measure_loops(vertices, loops)
    outer = int(np.argmax(measures.rim_mm))
    inner = np.delete(np.arange(len(loops)), outer)
    rim = loops.loop(outer)
    if not len(inner):
        return OpenScan(vertices, faces, len(faces), rim, findings)
    chosen = loops.take(inner)
    patches = fill_loops(vertices, faces, twin, chosen.vertices, chosen.offsets)
    if patches.failed.any():
        worst = inner[int(np.flatnonzero(patches.failed)[0])]
        raise MeshError(
            f"An opening of {measures.rim_mm[worst]:.1f} mm can't be closed without crossing the "
            "scan.",
            "Fill or cut it in the repair, then make the model again.",
        )
    counts = np.bincount(patches.hole_of_face, minlength=len(inner))
    closed = [
        _closed_finding(measures, int(k), float(area), int(count))
        for k, area, count in zip(inner, patches.area_mm2, counts, strict=True)
    ]
    return OpenScan(
        np.vstack([vertices, patches.vertices]),
        np.concatenate([faces, patches.faces]).astype(np.int32),
        len(faces),
        rim,
        (*findings, *closed),
    )


def _closed_finding(
    measures: LoopMeasures, index: int, area_mm2: float, faces_count: int
) -> Finding:
    size = float(measures.rim_mm[index])
    return Finding(
        FindingKind.HOLE,
        _place(measures.centre_mm[index]),
        size_mm=size,
        area_mm2=area_mm2,
        faces_count=faces_count,
        severity=Severity.NOTE if size <= _NOTE_RIM_MM else Severity.REVIEW,
        action=Action.FILLED,
        detail="An opening inside the border was closed so that the model has no hole; "
        "the scanner did not see this surface.",
    )


def _refuse_branching(faces: Faces, twin: NDArray[np.int32], vertex_count: int) -> None:
    branching = int((twin < -1).sum())
    if branching:
        raise NotManifoldError(
            f"{branching} half-edges have more than two faces.", "Repair the scan first."
        )
    pinched = int((count_fans(faces, twin, vertex_count) > 1).sum())
    if pinched:
        raise NotManifoldError(
            f"At {pinched} vertices the surface touches itself in a point.",
            "Repair the scan first.",
        )


def _disagree(faces: Faces, twin: NDArray[np.int32], main: Mask) -> bool:
    """Return True when a face of the main piece runs along an edge as its neighbour does."""
    start = faces.ravel()
    joined = np.flatnonzero(np.repeat(main, 3) & (twin >= 0))
    return bool((start[joined] == start[twin[joined]]).any())


def _place(position: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(position[0]), float(position[1]), float(position[2])
