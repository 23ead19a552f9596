"""Look at a planned step as the automatic repair looks at its patches.

Rules owned here:
- A step must leave no face that meets another where they are not joined, no branching edge, no edge
  whose faces are wound against each other, no new bow-tie and no thin face.
- Only what the step touches is looked at, and what lies near it. Faults that were there before are
  not the step's: bow-ties are compared with the mesh as it is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.geometry.bounding_tree import build_tree
from stsbench.geometry.compiled import in_threads, side_by_side
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.face_selection import faces_near, faces_touching, take_excerpt
from stsbench.geometry.manifoldness import smaller_fans
from stsbench.geometry.self_intersection import flat_stars, meetings_with, self_meetings
from stsbench.geometry.topology import (
    BRANCHING,
    count_fans,
    half_edge_twins,
    next_half_edge,
    open_vertices,
)
from stsbench.geometry.wide_normals import sum_near
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["Change", "Faults", "find_faults", "without_hanging"]

_HANGING_ROUNDS = 20

Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False, slots=True)
class Change:
    """What a step would do to the arrays; see `step.Step`."""

    removed: Ints
    vertices: Vertices
    faces: Faces
    moved: Ints
    moved_to: Vertices

    @classmethod
    def of(
        cls,
        removed: NDArray[np.integer] | None = None,
        vertices: Vertices | None = None,
        faces: NDArray[np.integer] | None = None,
        moved: NDArray[np.integer] | None = None,
        moved_to: Vertices | None = None,
    ) -> "Change":
        """Fill up with empty arrays and bring numbers into the types of a step."""
        none, nowhere = np.zeros(0, dtype=np.int32), np.zeros((0, 3))
        return cls(
            none if removed is None else _ascending(removed),
            nowhere if vertices is None else np.ascontiguousarray(vertices, dtype=np.float64),
            np.zeros((0, 3), dtype=np.int32)
            if faces is None
            else np.ascontiguousarray(faces, dtype=np.int32).reshape(-1, 3),
            none if moved is None else np.asarray(moved, dtype=np.int32),
            nowhere if moved_to is None else np.ascontiguousarray(moved_to, dtype=np.float64),
        )


def _ascending(rows: NDArray[np.integer]) -> Ints:
    """Return rows sorted and each once; most are already."""
    if len(rows) < 2 or bool((np.diff(rows) > 0).all()):
        return rows.astype(np.int32, copy=False)
    return np.unique(rows).astype(np.int32)


@dataclass(frozen=True, eq=False, slots=True)
class Faults:
    """What is wrong with a planned step.

    Parameters
    ----------
    new : (M,) bool
        New faces with something wrong about them.
    moved : (K,) bool
        Moved vertices with a face that would be wrong.
    pinched : (P,) int32
        Vertices that would be bow-ties and are not now.
    words : tuple of str
        Each kind of fault once, for a sentence.
    """

    new: Mask
    moved: Mask
    pinched: Ints
    words: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.words)


@dataclass(frozen=True, eq=False, slots=True)
class _Surroundings:
    """The surface after a change, as far as it matters; faces of the change come last.

    `known` marks vertices all of whose faces are here; `rows` are the slots of the others.
    """

    vertex: Ints
    vertices: Vertices
    faces: Faces
    twin: Ints
    known: Mask
    asked: Mask
    first_new: int
    rows: Ints


def find_faults(working: WorkingMesh, change: Change) -> Faults:
    """Find what a change would break.

    Parameters
    ----------
    working : WorkingMesh
    change : Change
    """
    around = _surroundings(working, change)
    judged = np.flatnonzero(around.asked)
    added = judged[judged >= around.first_new]
    faces = np.ascontiguousarray(around.faces[judged])
    (thin, branching, turned, pinched), meeting = side_by_side(
        lambda: (
            judged[measure_faces(around.vertices, faces, thin_mm=working.thin_mm).thin],
            _branching(around, added),
            _badly_wound(around, added),
            _new_bow_ties(working, around),
        ),
        lambda: _meeting(around, judged, faces),
    )
    wrong = np.zeros(len(around.faces), dtype=bool)
    words = []
    for word, rows in (
        ("without area", thin),
        ("at an edge that would branch", branching),
        ("wound against their neighbours", turned),
        ("that would meet others", meeting),
    ):
        wrong[rows] = True
        if len(rows):
            words.append(f"faces {word}")
    if len(pinched):
        words.append("vertices where only corners would touch")
        at = np.isin(around.vertex, pinched)[around.faces].any(axis=1)
        wrong |= at
    new = wrong[around.first_new :]
    bad_vertices = np.zeros(working.vertex_count + len(change.vertices), dtype=bool)
    bad_vertices[around.vertex[around.faces[wrong]]] = True
    return Faults(new, bad_vertices[change.moved], pinched, tuple(words))


def without_hanging(working: WorkingMesh, change: Change) -> tuple[Change, int]:
    """Take the faces away that would hang by a corner, and say how many.

    Parameters
    ----------
    working : WorkingMesh
    change : Change
    """
    count = 0
    for _ in range(_HANGING_ROUNDS):
        around = _surroundings(working, change, looks_near=False)
        pinched = np.zeros(len(around.vertex), dtype=bool)
        pinched[np.isin(around.vertex, _new_bow_ties(working, around))] = True
        if not pinched.any():
            break
        gone = smaller_fans(around.vertices, around.faces, around.twin, pinched)
        old, new = gone[: around.first_new], gone[around.first_new :]
        count += int(np.count_nonzero(gone))
        removed = np.union1d(change.removed, around.rows[old])
        change = Change.of(
            removed, change.vertices, change.faces[~new], change.moved, change.moved_to
        )
    return change, count


def _touched(working: WorkingMesh, change: Change) -> Mask:
    """Mark old vertices that the change has to do with."""
    marked = np.zeros(working.vertex_count, dtype=bool)
    marked[working.faces[change.removed]] = True
    marked[change.faces[change.faces < working.vertex_count]] = True
    marked[change.moved] = True
    return marked


def _alive_after(working: WorkingMesh, removed: Ints) -> Mask:
    alive = working.alive.copy()
    alive[removed] = False
    return alive


def _surroundings(
    working: WorkingMesh, change: Change, *, looks_near: bool = True
) -> _Surroundings:
    """Take the surface about a change; faces that only lie near it are left out unless looked for."""
    marked = _touched(working, change)
    alive = _alive_after(working, change.removed)
    everywhere = np.concatenate([working.vertices, change.vertices])
    everywhere[change.moved] = change.moved_to
    rows = faces_touching(working.faces, alive, marked)
    is_moved = np.zeros(working.vertex_count, dtype=bool)
    is_moved[change.moved] = True
    moved_rows = rows[is_moved[working.faces[rows]].any(axis=1)]
    chosen = np.zeros(working.face_count, dtype=bool)
    chosen[rows] = True
    if looks_near:
        asked_faces = np.concatenate([working.faces[moved_rows], change.faces])
        chosen[faces_near(everywhere, working.faces, alive, everywhere, asked_faces)] = True
    kept = np.flatnonzero(chosen).astype(np.int32)
    both = np.concatenate([working.faces[kept], change.faces])
    vertex, faces = take_excerpt(both, np.arange(len(both)), len(everywhere))
    asked = np.ones(len(faces), dtype=bool)
    chosen[:] = False
    chosen[moved_rows] = True
    asked[: len(kept)] = chosen[kept]
    known = np.concatenate([marked, np.ones(len(change.vertices), dtype=bool)])[vertex]
    twin = half_edge_twins(faces, len(vertex))
    return _Surroundings(vertex, everywhere[vertex], faces, twin, known, asked, len(kept), kept)


def _branching(around: _Surroundings, judged: NDArray[np.int64]) -> NDArray[np.int64]:
    branching: Mask = (around.twin.reshape(-1, 3)[judged] == BRANCHING).any(axis=1)
    return judged[branching]


def _badly_wound(around: _Surroundings, judged: NDArray[np.int64]) -> NDArray[np.int64]:
    half_edges = (3 * judged[:, None] + np.arange(3)).ravel()
    twins = around.twin[half_edges]
    own, other = half_edges[twins >= 0], twins[twins >= 0]
    corners = around.faces.ravel()
    same = corners[own] != corners[next_half_edge(other)]
    return np.unique(own[same] // 3)


def _meeting(around: _Surroundings, judged: NDArray[np.int64], faces: Faces) -> NDArray[np.int64]:
    """Faces of the change that meet others, and the others if the change moved them."""
    if not len(judged):
        return judged
    sums = sum_near(around.vertices, around.faces)
    flat = flat_stars(around.vertices, around.faces, sums, open_vertices(around.faces, around.twin))
    flat[~around.known] = 0
    others = np.flatnonzero(~around.asked)
    rest = np.ascontiguousarray(around.faces[others])
    parts = [faces, rest] if len(others) else [faces]
    own, *trees = in_threads(lambda part: build_tree(around.vertices, part), parts)
    found = [judged[self_meetings(around.vertices, faces, tree=own, flat=flat).faces]]
    for tree in trees:
        alive = np.ones(len(rest), dtype=bool)
        met = meetings_with(around.vertices, own, tree, alive=alive, flat=flat)
        found.append(judged[met.pairs[:, 0]])
    return np.unique(np.concatenate(found))


def _new_bow_ties(working: WorkingMesh, around: _Surroundings) -> Ints:
    fans = count_fans(around.faces, around.twin, len(around.vertex))
    pinched = around.vertex[(fans > 1) & around.known]
    old = _bow_ties_now(working, pinched[pinched < working.vertex_count])
    new: Ints = np.setdiff1d(pinched, old).astype(np.int32)
    return new


def _bow_ties_now(working: WorkingMesh, asked: Ints) -> Ints:
    """Which of some vertices are bow-ties before the change."""
    if not len(asked):
        return asked
    marked = np.zeros(working.vertex_count, dtype=bool)
    marked[asked] = True
    rows = faces_touching(working.faces, working.alive, marked)
    vertex, faces = take_excerpt(working.faces, rows, working.vertex_count)
    fans = count_fans(faces, half_edge_twins(faces, len(vertex)), len(vertex))
    return vertex[(fans > 1) & marked[vertex]]
