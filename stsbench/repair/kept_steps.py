"""What is kept of a step: enough to take it back or do it again exactly, and what a report tells.

Rules owned here:
- Of vertices that move only the side that the mesh does not hold is kept: where they came from while
  the step stands, where they go once it was taken back. What a step added lies in the mesh itself.
- Places are kept as float32 where that is exact, as in any file; else as they came.
- Ascending numbers are kept as a list or as one bit per number there is, whichever is smaller.
- What a report tells of a step stays for ever, without its meshes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.domain.mesh import Colours, Faces, Vertices
from stsbench.repair.step import Step

__all__ = ["KeptNumbers", "StandingStep", "TakenStep", "UndoneStep", "narrowed"]

Ints = NDArray[np.int32]


def narrowed(places: Vertices) -> NDArray[np.floating[Any]]:
    """Return a copy in float32 where no bit is lost by it, else in float64."""
    narrow = places.astype(np.float32)
    return narrow if np.array_equal(narrow, places) else places.copy()


@dataclass(frozen=True, eq=False, slots=True)
class KeptNumbers:
    """Ascending numbers below a bound, in the fewest bytes of two ways."""

    bound: int
    listed: Ints | None
    bits: NDArray[np.uint8] | None

    @classmethod
    def of(cls, numbers: Ints, bound: int) -> "KeptNumbers":
        """Keep some numbers.

        Parameters
        ----------
        numbers : (N,) int32
            Those that do not ascend are listed as they came.
        bound : int
            All are below it.
        """
        numbers = np.asarray(numbers)
        if 32 * len(numbers) <= bound or not (np.diff(numbers) > 0).all():
            return cls(bound, numbers.astype(np.int32), None)
        is_in = np.zeros(bound, dtype=bool)
        is_in[numbers] = True
        return cls(bound, None, np.packbits(is_in))

    def numbers(self) -> Ints:
        """Return them again, (N,) int32."""
        if self.bits is None:
            return np.zeros(0, np.int32) if self.listed is None else self.listed
        return np.flatnonzero(np.unpackbits(self.bits, count=self.bound)).astype(np.int32)

    @property
    def byte_count(self) -> int:
        """Memory its array takes, in bytes."""
        return sum(part.nbytes for part in (self.listed, self.bits) if part is not None)


@dataclass(frozen=True, eq=False, slots=True)
class TakenStep:
    """What a report tells of a step that stands.

    Parameters
    ----------
    tool : str
    reason : EditReason
    face_count : int
        Faces that went and faces that came.
    touched : KeptNumbers
        Vertices of those faces, and vertices that moved.
    measures : mapping of str to float
    warnings : tuple of str
    """

    tool: str
    reason: EditReason
    face_count: int
    touched: KeptNumbers
    measures: Mapping[str, float]
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, step: Step, faces: Faces, vertex_count: int) -> "TakenStep":
        """Note a step; `faces` are all slots, `vertex_count` counts its new vertices."""
        is_touched = np.zeros(vertex_count, dtype=bool)
        for names in (faces[step.removed].ravel(), step.faces.ravel(), step.moved):
            is_touched[names] = True
        touched = np.flatnonzero(is_touched).astype(np.int32)
        count = len(step.removed) + len(step.faces)
        kept = KeptNumbers.of(touched, vertex_count)
        return cls(step.tool, step.reason, count, kept, dict(step.measures), step.warnings)


@dataclass(frozen=True, eq=False, slots=True)
class StandingStep:
    """What takes a step back from the mesh it was applied to.

    Parameters
    ----------
    vertex_count, face_count : int
        Before the step.
    removed, moved : KeptNumbers
    came_from : (K, 3) float32 or float64, mm
    half_edges, twins : (H,) int32
        Twins that the step overwrote.
    """

    vertex_count: int
    face_count: int
    removed: KeptNumbers
    moved: KeptNumbers
    came_from: NDArray[np.floating[Any]]
    half_edges: Ints
    twins: Ints

    @property
    def byte_count(self) -> int:
        """Memory its arrays take, in bytes."""
        arrays = self.came_from.nbytes + self.half_edges.nbytes + self.twins.nbytes
        return arrays + self.removed.byte_count + self.moved.byte_count


@dataclass(frozen=True, eq=False, slots=True)
class UndoneStep:
    """A step that was taken back, kept for doing it again."""

    taken: tuple[str, EditReason, Mapping[str, float], tuple[str, ...]]
    removed: KeptNumbers
    vertices: NDArray[np.floating[Any]]
    faces: Faces
    moved: KeptNumbers
    goes_to: NDArray[np.floating[Any]]
    values: Colours | None
    attributes: Mapping[str, NDArray[np.generic]]

    @classmethod
    def of(cls, step: Step, vertex_count: int, face_count: int) -> "UndoneStep":
        """Keep a step; the counts are those of the mesh without it."""
        return cls(
            (step.tool, step.reason, step.measures, step.warnings),
            KeptNumbers.of(step.removed, face_count),
            narrowed(step.vertices),
            step.faces,
            KeptNumbers.of(step.moved, vertex_count),
            narrowed(step.moved_to),
            step.values,
            step.attributes,
        )

    def step(self, vertices: Vertices) -> Step:
        """Return the step again, for the mesh it was taken back from."""
        tool, reason, measures, warnings = self.taken
        moved = self.moved.numbers()
        return Step(
            tool, reason, self.removed.numbers(), self.vertices.astype(np.float64), self.faces,
            moved, vertices[moved], self.goes_to.astype(np.float64),
            self.values, self.attributes, measures, warnings,
        )  # fmt: skip

    @property
    def byte_count(self) -> int:
        """Memory its arrays take, in bytes."""
        arrays: list[NDArray[Any]] = [
            self.vertices, self.faces, self.goes_to, *self.attributes.values(),
        ]  # fmt: skip
        arrays += [] if self.values is None else [self.values]
        kept = self.removed.byte_count + self.moved.byte_count
        return kept + sum(part.nbytes for part in arrays)
