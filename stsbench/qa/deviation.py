"""How far the repaired scan lies from the scan as received, place by place.

Rules owned here:
- Both directions are measured: what was taken away shows only on the scan as received, what was
  added only on the repaired one.
- Positive means material was added, negative that it was taken away, seen from the repaired
  surface, whose winding is consistent.
- "Untouched" is decided by the edit record; how far untouched places moved is measured afresh, not
  read from it. No registration is run: both meshes are in the scanner's axes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditRecord
from stsbench.domain.mesh import Mask, TriangleMesh
from stsbench.geometry.distance import point_to_surface

__all__ = ["Deviation", "measure_deviation", "untouched_vertices"]

# Loose pieces lie centimetres away; beyond this a place is "gone" and its exact distance is noise.
_LIMIT_MM = 2.0


@dataclass(frozen=True, eq=False, slots=True)
class Deviation:
    """Signed distances between a scan and its repair.

    Parameters
    ----------
    scan_mm : (V,) float64, mm
        Per vertex of the scan as received: to the repaired surface; -inf beyond the limit.
    repaired_mm : (W,) float64, mm
        Per vertex of the repaired scan: to the surface as received; inf beyond the limit.
    untouched : (V,) bool
        Vertices of the scan that no edit concerns.
    untouched_mm : (U,) float64, mm
        How far each untouched place moved, unsigned.
    """

    scan_mm: NDArray[np.float64]
    repaired_mm: NDArray[np.float64]
    untouched: Mask
    untouched_mm: NDArray[np.float64]

    @property
    def untouched_p99_mm(self) -> float | None:
        """What 99 of 100 untouched places stay below; None when nothing is untouched."""
        return float(np.percentile(self.untouched_mm, 99.0)) if len(self.untouched_mm) else None

    @property
    def untouched_max_mm(self) -> float | None:
        """The worst untouched place."""
        return float(self.untouched_mm.max()) if len(self.untouched_mm) else None


def untouched_vertices(original: TriangleMesh, edits: EditRecord) -> Mask:
    """Return which vertices of the scan keep all their faces through the repair."""
    corners = np.zeros(original.vertex_count, dtype=np.bool_)
    corners[original.faces.ravel()] = True
    corners[original.faces[edits.removed_face].ravel()] = False
    return corners


def measure_deviation(
    original: TriangleMesh, repaired: TriangleMesh, edits: EditRecord
) -> Deviation:
    """Compare a scan with its repair in both directions.

    Parameters
    ----------
    original, repaired : TriangleMesh
    edits : EditRecord
        Of this repair.
    """
    untouched = untouched_vertices(original, edits)
    scan_mm = -_signed(original, repaired, normals_of=repaired)
    repaired_mm = _signed(repaired, original, normals_of=repaired)
    # A vertex can slide along the surface without leaving it: compare the vertex itself as well.
    moved = np.zeros(original.vertex_count)
    kept = np.flatnonzero(edits.vertex_source >= 0)
    source = edits.vertex_source[kept]
    moved[source] = np.linalg.norm(repaired.vertices[kept] - original.vertices[source], axis=1)
    apart = np.maximum(np.abs(scan_mm), moved)
    return Deviation(scan_mm, repaired_mm, untouched, apart[untouched])


def _signed(
    mesh: TriangleMesh, other: TriangleMesh, *, normals_of: TriangleMesh
) -> NDArray[np.float64]:
    """Return the distance of each vertex of `mesh` to `other`, positive on the outer side."""
    if not other.face_count:
        return np.full(mesh.vertex_count, np.inf)
    distance, face, closest = point_to_surface(
        mesh.vertices, other.vertices, other.faces, limit_mm=_LIMIT_MM
    )
    found = face >= 0
    if normals_of is other:
        a, b, c = (other.vertices[other.faces[face[found], corner]] for corner in range(3))
        outward = np.cross(b - a, c - a)
    else:
        outward = _vertex_normals(mesh)[found]
    away = mesh.vertices[found] - closest[found]
    signed = distance.copy()
    signed[found] *= np.where(np.einsum("ij,ij->i", away, outward) < 0.0, -1.0, 1.0)
    return signed


def _vertex_normals(mesh: TriangleMesh) -> NDArray[np.float64]:
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    across = np.repeat(np.cross(b - a, c - a), 3, axis=0)
    corners = mesh.faces.ravel()
    return np.stack(
        [np.bincount(corners, across[:, axis], mesh.vertex_count) for axis in range(3)], axis=-1
    )
