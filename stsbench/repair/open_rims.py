"""The open loops of a working mesh: how long each is, and which is the outer border of its piece.

Rules owned here:
- Each piece has one outer border, its loop with the longest rim, unless that is within the gum limit
  and narrower than a quarter of the piece: then the piece is a nearly closed body. This is the rule
  of the automatic repair (`holes`), without its second borders: a technician decides about those.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask
from stsbench.geometry.boundary import LoopMeasures, LoopSet, boundary_loops, measure_loops
from stsbench.geometry.face_selection import faces_joined
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["OpenRims", "find_open_rims"]

_NEARLY_CLOSED = 0.25


@dataclass(frozen=True, eq=False, slots=True)
class OpenRims:
    """The open loops of a mesh.

    Parameters
    ----------
    loops : LoopSet
    measures : LoopMeasures
    is_border : (L,) bool
    """

    loops: LoopSet
    measures: LoopMeasures
    is_border: Mask


def find_open_rims(
    working: WorkingMesh,
    profile: RepairProfile,
    *,
    removed: NDArray[np.integer] | None = None,
) -> OpenRims:
    """Find and measure the open loops.

    Parameters
    ----------
    working : WorkingMesh
    profile : RepairProfile
    removed : (R,) int, optional
        As if these faces were gone.
    """
    gone = removed is not None and len(removed) > 0
    twin = working.twin_without(removed) if gone and removed is not None else working.twin
    loops = boundary_loops(working.faces, twin)
    measures = measure_loops(working.vertices, loops)
    is_border = np.zeros(len(loops), dtype=bool)
    seen = np.zeros(working.face_count, dtype=bool)
    for n in np.argsort(-measures.rim_mm, kind="stable"):
        seed = int(loops.edges_of(int(n))[0]) // 3
        if seen[seed]:
            continue
        piece = faces_joined(twin, seed)
        seen[piece] = True
        small = measures.rim_mm[n] <= profile.gum_limit_mm
        if small:
            corners = working.vertices[working.faces[piece]].reshape(-1, 3)
            size = float(np.linalg.norm(np.ptp(corners, axis=0)))
            small = bool(measures.width_mm[n] < _NEARLY_CLOSED * size)
        is_border[n] = not small
    return OpenRims(loops, measures, is_border)
