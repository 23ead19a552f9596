"""Fill some open loops of a working mesh, each with a patch that breaks nothing.

Rules owned here:
- Loops are filled by the kernels of the automatic repair, from the faces about them alone. A patch
  with something wrong about it is tried again as a membrane; then its loop stays open.
- What stays open is told to the caller; nothing half-filled is returned.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Mask
from stsbench.geometry.boundary import LoopSet
from stsbench.geometry.face_selection import faces_touching, take_excerpt
from stsbench.geometry.hole_filling import Patches, fill_loops
from stsbench.geometry.topology import half_edge_twins
from stsbench.repair.new_values import NewValues, fields_of, values_from_fields
from stsbench.repair.step_checks import Change, find_faults
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["Filling", "fill_soundly"]

_RINGS = 3  # the patches look at two; the third says which of its vertices lie on open edges


class Filling(NamedTuple):
    """Patches for some loops.

    Parameters
    ----------
    change : Change
    values : NewValues
    area_mm2 : (L,) float64
        Per loop; 0 where it stays open.
    left_open : (L,) bool
    words : tuple of str
        What was wrong with the patches of those that stay open.
    """

    change: Change
    values: NewValues
    area_mm2: NDArray[np.float64]
    left_open: Mask
    words: tuple[str, ...]


def fill_soundly(
    working: WorkingMesh, loops: LoopSet, *, removed: NDArray[np.int32] | None = None
) -> Filling:
    """Fill loops.

    Parameters
    ----------
    working : WorkingMesh
    loops : LoopSet
        Open when the removed faces are gone.
    removed : (R,) int32, optional
        Faces that go first.
    """
    gone = np.zeros(0, dtype=np.int32) if removed is None else removed
    old = working.vertex_count
    pending = np.arange(len(loops))
    area = np.zeros(len(loops))
    places, faces, fields = [np.zeros((0, 3))], [np.zeros((0, 3), dtype=np.int32)], []
    fields.append(fields_of(working, np.zeros(0, dtype=np.int64)))
    words: tuple[str, ...] = ()
    for fair in (True, False):
        if not len(pending):
            break
        patches, vertex = _fill(working, loops.take(pending), gone, fair=fair)
        count = sum(map(len, places))
        named = np.concatenate(
            [vertex, old + count + np.arange(len(patches.vertices), dtype=np.int32)]
        )[patches.faces].astype(np.int32)
        change = Change.of(
            gone,
            np.concatenate([*places, patches.vertices]),
            np.concatenate([*faces, named]),
        )
        faults = find_faults(working, change)
        bad = patches.failed.copy()
        bad[patches.hole_of_face[faults.new[len(change.faces) - len(named) :]]] = True
        bad[_at_pinched(loops.take(pending), faults.pinched)] = True
        words = faults.words
        good_faces, good_vertices = ~bad[patches.hole_of_face], ~bad[patches.hole_of_vertex]
        name = np.arange(old + count + len(patches.vertices))
        name[old + count :] = old + count + np.cumsum(good_vertices) - 1
        places.append(patches.vertices[good_vertices])
        fields.append(patches.values[good_vertices])
        faces.append(name[named[good_faces]].astype(np.int32))
        area[pending] = np.where(bad, 0.0, patches.area_mm2)
        pending = pending[bad]
    change = Change.of(gone, np.concatenate(places), np.concatenate(faces))
    values = values_from_fields(working, np.concatenate(fields), change.vertices, loops.vertices)
    left_open = np.zeros(len(loops), dtype=bool)
    left_open[pending] = True
    return Filling(change, values, area, left_open, words if len(pending) else ())


def _at_pinched(loops: LoopSet, pinched: NDArray[np.int32]) -> NDArray[np.int64]:
    return np.unique(loops.loop_of()[np.isin(loops.vertices, pinched)])


def _fill(
    working: WorkingMesh, loops: LoopSet, removed: NDArray[np.int32], *, fair: bool
) -> tuple[Patches, NDArray[np.int32]]:
    """Fill loops in an excerpt about them; the patches count its vertices, named beside them."""
    marked = np.zeros(working.vertex_count, dtype=bool)
    marked[loops.vertices] = True
    alive = working.alive.copy()
    alive[removed] = False
    rows = np.zeros(0, dtype=np.int32)
    for _ in range(_RINGS):
        rows = faces_touching(working.faces, alive, marked)
        marked[working.faces[rows]] = True
    vertex, faces = take_excerpt(working.faces, rows, working.vertex_count)
    name = np.full(working.vertex_count, -1, dtype=np.int32)
    name[vertex] = np.arange(len(vertex), dtype=np.int32)
    patches = fill_loops(
        working.vertices[vertex],
        faces,
        half_edge_twins(faces, len(vertex)),
        name[loops.vertices],
        loops.offsets,
        values=fields_of(working, vertex),
        fair=fair,
    )
    return patches, vertex
