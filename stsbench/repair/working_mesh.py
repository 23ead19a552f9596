"""A repaired scan under a technician's hands: steps are applied and taken back, slots never move.

Rules owned here:
- Face slot f stays f for ever: a face that goes is dead, a new one is appended. Undoing a step
  revives and cuts off, so it leaves the very bytes there were before. The viewer keeps the same
  numbers.
- Applying and reverting cost what the step costs, and one pass of the faces to find the neighbours
  of new ones; arrays grow by half, so nothing is copied per step.
- Coordinates are float32 numbers, as in any file.
- A step's meshes are not kept, only the way back and what a report tells of it (`kept_steps`);
  `forget` lets the way back of older steps go.
- A dead half-edge remembers its twin below `DEAD`, which no kernel takes for an open edge.
"""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason, EditRecord
from stsbench.domain.mesh import Colours, Faces, Mask, TriangleMesh, Vertices
from stsbench.errors import InputError, MeshError
from stsbench.geometry.boundary import LoopSet, boundary_loops
from stsbench.geometry.edge_pairs import half_edges_of, pair_again
from stsbench.geometry.face_measures import thin_height_mm
from stsbench.geometry.topology import BOUNDARY, BRANCHING, half_edge_twins
from stsbench.repair.hand_record import HandEdits
from stsbench.repair.kept_steps import KeptNumbers, StandingStep, TakenStep, narrowed
from stsbench.repair.step import Step

__all__ = ["DEAD", "Step", "WorkingMesh"]

DEAD = -10

Ints = NDArray[np.int32]


def _grown(array: NDArray[Any], count: int, more: int) -> NDArray[Any]:
    """Return the array with room for more rows, itself where it has it."""
    if count + more <= len(array):
        return array
    room = np.zeros((count + more + (count + more) // 2, *array.shape[1:]), dtype=array.dtype)
    room[:count] = array[:count]
    return room


class WorkingMesh:
    """A mesh that steps change in place; the mesh it was made from is never touched.

    Parameters
    ----------
    mesh : TriangleMesh
        Repaired: no face names a vertex twice.

    Raises
    ------
    MeshError
        No faces, or one that names a vertex twice.
    """

    def __init__(self, mesh: TriangleMesh) -> None:
        if not mesh.face_count:
            raise MeshError("The scan has no faces.", "Open a scan that holds a surface.")
        rolled = np.roll(mesh.faces, -1, axis=1)
        if (mesh.faces == rolled).any():
            raise MeshError("A face names a vertex twice.", "Repair the scan first.")
        self._vertices: Vertices = mesh.vertices.astype(np.float32).astype(np.float64)
        self._faces: Faces = mesh.faces.copy()
        self._twin: Ints = half_edge_twins(self._faces, mesh.vertex_count)
        self._alive: Mask = np.ones(mesh.face_count, dtype=bool)
        self._colours = None if mesh.colours is None else mesh.colours.copy()
        self._attributes = {name: values.copy() for name, values in mesh.attributes.items()}
        self._added_reason = np.zeros(mesh.face_count, dtype=np.uint8)
        self._removed_reason = np.zeros(mesh.face_count, dtype=np.uint8)
        self._vertex_count = self._first_vertex_count = mesh.vertex_count
        self._face_count = self._first_face_count = mesh.face_count
        self._began: Vertices = self._vertices.copy()  # where each vertex began or was added
        self._taken: list[TakenStep] = []
        self._ways_back: list[StandingStep] = []  # of the last ones of `_taken`
        self.thin_mm = thin_height_mm(self._vertices)
        # Says which mesh the numbers in a use count on, so that no step is replayed on another.
        places = crc32(self._vertices.astype(np.float32).tobytes())
        self.origin = f"{crc32(self._faces.tobytes(), places):08x}"

    @property
    def vertices(self) -> Vertices:
        """Positions of all vertices, (V, 3) float64 mm."""
        return self._vertices[: self._vertex_count]

    @property
    def faces(self) -> Faces:
        """All face slots, (F, 3) int32."""
        return self._faces[: self._face_count]

    @property
    def alive(self) -> Mask:
        """Which slots hold a face, (F,) bool."""
        return self._alive[: self._face_count]

    @property
    def twin(self) -> Ints:
        """Opposite half-edges over the slots, (3F,) int32; dead ones hold less than -2."""
        return self._twin[: 3 * self._face_count]

    @property
    def colours(self) -> Colours | None:
        """Colours of all vertices, (V, 3) uint8."""
        return None if self._colours is None else self._colours[: self._vertex_count]

    @property
    def attributes(self) -> Mapping[str, NDArray[np.generic]]:
        """Further values of all vertices."""
        return {name: values[: self._vertex_count] for name, values in self._attributes.items()}

    @property
    def vertex_count(self) -> int:
        """Number of vertices, those no face names included."""
        return self._vertex_count

    @property
    def face_count(self) -> int:
        """Number of slots, dead ones included."""
        return self._face_count

    @property
    def steps(self) -> tuple[TakenStep, ...]:
        """What is told of the steps that stand, the first one first."""
        return tuple(self._taken)

    @property
    def can_revert(self) -> bool:
        """Whether the last step can be taken back."""
        return bool(self._ways_back)

    @property
    def undo_bytes(self) -> int:
        """Memory that the way back takes, in bytes."""
        return sum(way.byte_count for way in self._ways_back)

    def open_loops(self) -> LoopSet:
        """Trace the boundary loops; half-edges count over the slots."""
        return boundary_loops(self.faces, self.twin)

    def twin_without(self, removed: NDArray[np.integer]) -> Ints:
        """Return the half-edge table as it would be without some faces, (3F,) int32."""
        table = self.twin.copy()
        gone = half_edges_of(removed)
        old = table[gone]
        table[old[old >= 0]] = BOUNDARY
        table[gone] = DEAD - old
        return table

    def apply(self, step: Step) -> None:
        """Do a step.

        Parameters
        ----------
        step : Step
            Planned for the mesh as it is now.

        Raises
        ------
        InputError
            The step belongs to another state of the mesh.
        """
        self._check(step)
        vertex_count, face_count = self._vertex_count, self._face_count
        gone = half_edges_of(step.removed)
        old = self._twin[gone]
        asked = gone[old == BRANCHING]
        self._twin[old[old >= 0]] = BOUNDARY
        self._twin[gone] = DEAD - old
        self._alive[step.removed] = False
        self._removed_reason[step.removed] = step.reason
        self._append(step)
        changed, before = self._link(asked, face_count)
        self._vertices[step.moved] = step.moved_to
        removed = KeptNumbers.of(step.removed, face_count)
        moved, came_from = KeptNumbers.of(step.moved, vertex_count), narrowed(step.moved_from)
        way = StandingStep(vertex_count, face_count, removed, moved, came_from, changed, before)
        self._ways_back.append(way)
        self._taken.append(TakenStep.of(step, self._faces, self._vertex_count))

    def last_step(self) -> Step:
        """Return the step that was applied last, both sides of it, read from the mesh.

        Raises
        ------
        InputError
            There is none, or its way back was forgotten.
        """
        if not self._ways_back:
            raise InputError("There is no step to take back.", "Use a tool first.")
        way, taken = self._ways_back[-1], self._taken[-1]
        new, moved = slice(way.vertex_count, self._vertex_count), way.moved.numbers()
        return Step(
            taken.tool, taken.reason, way.removed.numbers(), self._vertices[new].copy(),
            self._faces[way.face_count : self._face_count].copy(),
            moved, way.came_from.astype(np.float64), self._vertices[moved],
            None if self._colours is None else self._colours[new].copy(),
            {name: values[new].copy() for name, values in self._attributes.items()},
            taken.measures, taken.warnings,
        )  # fmt: skip

    def revert(self) -> Step:
        """Take back the step that was applied last, and return it: applied again, it is the same.

        Raises
        ------
        InputError
            There is none, or its way back was forgotten.
        """
        step = self.last_step()
        way = self._ways_back.pop()
        self._taken.pop()
        self._vertices[step.moved] = step.moved_from
        self._twin[way.half_edges] = way.twins
        self._vertex_count, self._face_count = way.vertex_count, way.face_count
        gone = half_edges_of(step.removed)
        old = DEAD - self._twin[gone]
        self._twin[gone] = old
        joined = old >= 0
        self._twin[old[joined]] = gone[joined]
        self._alive[step.removed] = True
        return step

    def forget(self, *, keep: int, most_bytes: int | None = None) -> None:
        """Let the way back of older steps go; they stand for ever then.

        Parameters
        ----------
        keep : int
            How many of the last ones can still be taken back.
        most_bytes : int, optional
            Fewer where their ways back take more than this; the last one always stays.
        """
        del self._ways_back[: max(len(self._ways_back) - keep, 0)]
        if most_bytes is not None:
            held = self.undo_bytes
            while held > most_bytes and len(self._ways_back) > 1:
                held -= self._ways_back.pop(0).byte_count

    def to_mesh(self) -> TriangleMesh:
        """Return the mesh as it is now, without dead faces and vertices that no face names."""
        faces = self.faces[self.alive]
        used = self._used_vertices()
        new_name = (np.cumsum(used) - 1).astype(np.int32)
        colours = None if self._colours is None else self._colours[: self._vertex_count][used]
        attributes = {name: values[used] for name, values in self.attributes.items()}
        return TriangleMesh(self.vertices[used], new_name[faces], colours, attributes)

    def record(self, first: EditRecord) -> EditRecord:
        """Return the edit record of a repair with the steps since (`hand_record`).

        Parameters
        ----------
        first : EditRecord
            Of the repair whose result the working mesh was made from.

        Raises
        ------
        InputError
            The record is that of another mesh.
        """
        return self._edits(first).record(self._used_vertices())

    def edit_reasons(self, first: EditRecord) -> NDArray[np.uint8]:
        """Return why each slot is there or was changed, (F,) uint8 `EditReason`; as in `record`."""
        return self._edits(first).reasons()

    def _edits(self, first: EditRecord) -> HandEdits:
        return HandEdits(
            first,
            (self._first_vertex_count, self._first_face_count),
            self.vertices - self._began[: self._vertex_count],
            self.faces,
            self.alive,
            self._added_reason[: self._face_count],
            self._removed_reason[: self._face_count],
        )

    def _used_vertices(self) -> Mask:
        used = np.zeros(self._vertex_count, dtype=bool)
        used[self.faces[self.alive]] = True
        return used

    def _check(self, step: Step) -> None:
        """Refuse a step that was planned for another state."""
        count = self._vertex_count + len(step.vertices)
        fits = (
            int(step.removed.max(initial=-1)) < self._face_count
            and int(step.faces.max(initial=-1)) < count
            and int(step.moved.max(initial=-1)) < self._vertex_count
            and bool(self._alive[step.removed].all())
            and np.array_equal(self._vertices[step.moved], step.moved_from)
        )
        if not fits:
            raise InputError(
                "This step belongs to another state of the mesh.", "Plan it again, then apply it."
            )

    def _append(self, step: Step) -> None:
        old, new = self._vertex_count, len(step.vertices)
        if new:
            self._vertices = _grown(self._vertices, old, new)
            self._began = _grown(self._began, old, new)
            self._vertices[old : old + new] = self._began[old : old + new] = step.vertices
            if self._colours is not None:
                self._colours = _grown(self._colours, old, new)
                self._colours[old : old + new] = 0 if step.values is None else step.values
            for name, values in self._attributes.items():
                self._attributes[name] = room = _grown(values, old, new)
                room[old : old + new] = step.attributes.get(name, np.zeros(1, values.dtype)[0])
            self._vertex_count += new
        old, new = self._face_count, len(step.faces)
        if new:
            self._faces = _grown(self._faces, old, new)
            self._alive = _grown(self._alive, old, new)
            self._twin = _grown(self._twin, 3 * old, 3 * new)
            self._added_reason = _grown(self._added_reason, old, new)
            self._removed_reason = _grown(self._removed_reason, old, new)
            self._faces[old : old + new] = step.faces
            self._alive[old : old + new] = True
            self._twin[3 * old : 3 * (old + new)] = BOUNDARY
            self._added_reason[old : old + new] = step.reason
            self._removed_reason[old : old + new] = EditReason.NONE
            self._face_count += new

    def _link(self, asked: NDArray[np.int64], old_faces: int) -> tuple[Ints, Ints]:
        """Pair new faces, and edges asked about; return which older twins changed, and from what."""
        none = np.zeros(0, dtype=np.int32)
        if not len(asked) and self._face_count == old_faces:
            return none, none
        half_edges, twins = pair_again(self.faces, self.alive, self._vertex_count, old_faces, asked)
        before = self._twin[half_edges]
        self._twin[half_edges] = twins
        older = (half_edges < 3 * old_faces) & (before != twins)
        return half_edges[older].astype(np.int32), before[older].copy()
