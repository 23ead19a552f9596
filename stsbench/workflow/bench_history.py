"""A scan under a technician's hands: uses of tools and notes, taken back and done again.

Rules owned here:
- What was done is one list of uses and notes, in order: the uses (plain JSON) replayed give the same
  bytes. Undo takes the last thing off the list, whatever it is, redo puts it back, a new one forgets
  what was undone.
- The last hundred steps can be taken back, fewer where they would take more than 200 MB; older ones
  stay done. Notes do not count.
- A note is saved with the number of steps before it, so that the order is there on opening again; a
  note saved without comes after all steps.
- A preview changes nothing until it is accepted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import InputError
from stsbench.repair.kept_steps import UndoneStep
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.result import RepairResult
from stsbench.repair.tool_steps import plan_step
from stsbench.repair.working_mesh import Step, WorkingMesh

__all__ = ["MOST_STEPS", "MOST_UNDO_BYTES", "NOTE", "BenchScan", "Done", "Note", "order_of_work"]

MOST_STEPS = 100
MOST_UNDO_BYTES = 200_000_000  # of one scan; 100 moves of all of 200,000 faces take 0.65 of it
NOTE = "note"

Use = Mapping[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class Note:
    """A few words at a place of a scan."""

    place_mm: tuple[float, ...]
    text: str


class Done(NamedTuple):
    """One thing that was done, or taken back, and its step; None for a note.

    A use comes with what was planned: lists of faces are long, and nobody asks on the way back.
    """

    tool: str
    use: Use | None = None
    step: Step | None = None


@dataclass(frozen=True, eq=False, slots=True)
class _KeptUse:
    """A use with its faces as numbers: lists of pairs take ten times as much."""

    rest: Use
    faces: NDArray[np.int32] | None

    @classmethod
    def of(cls, use: Use) -> "_KeptUse":
        if "faces" not in use:
            return cls(use, None)
        # The place among the keys stays: the same answers are the same text.
        return cls({**use, "faces": None}, np.asarray(use["faces"], dtype=np.int32))

    def use(self) -> Use:
        return self.rest if self.faces is None else {**self.rest, "faces": self.faces.tolist()}

    @property
    def tool(self) -> str:
        return str(self.rest["tool"])


class _Undone(NamedTuple):
    use: _KeptUse
    step: UndoneStep


@dataclass(eq=False, slots=True)
class BenchScan:
    """One scan on the bench.

    Parameters
    ----------
    scan_id : str
    original : TriangleMesh
        As received.
    automatic : RepairResult
        What the repair made of it before any step by hand.
    limits : RepairProfile
    arch : Arch or None
        None where the scan shows none, or it is not known.
    """

    scan_id: str
    original: TriangleMesh = field(repr=False)
    automatic: RepairResult = field(repr=False)
    limits: RepairProfile
    arch: Arch | None = None
    working: WorkingMesh = field(init=False, repr=False)
    _stands: list[_KeptUse | Note] = field(init=False, default_factory=list)
    _undone: list[_Undone | Note] = field(init=False, default_factory=list)
    _planned: Done | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.working = WorkingMesh(self.automatic.mesh)

    @property
    def uses(self) -> list[Use]:
        """The uses that stand, the first one first."""
        return [kept.use() for kept in self._stands if isinstance(kept, _KeptUse)]

    @property
    def notes(self) -> list[Note]:
        """The notes that stand, the first one first."""
        return [kept for kept in self._stands if isinstance(kept, Note)]

    @property
    def step_count(self) -> int:
        """How many uses stand."""
        return sum(isinstance(kept, _KeptUse) for kept in self._stands)

    @property
    def entry_count(self) -> int:
        """How many uses and notes stand."""
        return len(self._stands)

    @property
    def undone(self) -> tuple[str, ...]:
        """What can be done again, the next one last: names of tools, or "note"."""
        return tuple(_name(each) for each in self._undone)

    @property
    def next_undo(self) -> str | None:
        """What undo would take off; None where there is nothing, or it is too long ago."""
        if not self._stands:
            return None
        last = self._stands[-1]
        return _name(last) if isinstance(last, Note) or self.working.can_revert else None

    @property
    def planned(self) -> Done | None:
        """What is shown as a preview."""
        return self._planned

    def marks(self) -> list[list[object]]:
        """Return the notes as the answers keep them: x, y, z in mm, text, steps before it."""
        rows: list[list[object]] = []
        steps = 0
        for kept in self._stands:
            if isinstance(kept, Note):
                rows.append([*kept.place_mm, kept.text, steps])
            else:
                steps += 1
        return rows

    def plan(self, use: Use) -> Step:
        """Return what a use would do, and keep it for `accept`.

        Raises
        ------
        InputError
            The profile allows no edit, or the use does not fit the mesh.
        """
        self._planned = None
        step = plan_step(self.working, use, profile=self.limits)
        self._planned = Done(step.tool, {**use, "on": self.working.origin}, step)
        return step

    def reject(self) -> None:
        """Forget the preview."""
        self._planned = None

    def accept(self) -> Done:
        """Do what was planned.

        Raises
        ------
        InputError
            Nothing was planned.
        """
        planned, self._planned = self._planned, None
        if planned is None or planned.use is None or planned.step is None:
            raise InputError("There is nothing to accept.", "Use a tool first.")
        self.working.apply(planned.step)
        self._undone.clear()
        self._stands.append(_KeptUse.of(planned.use))
        self._bound()
        return planned

    def note(self, note: Note) -> None:
        """Keep a note."""
        self._undone.clear()
        self._stands.append(note)

    def replay(self, uses: Sequence[Use], marks: object = ()) -> None:
        """Do uses that were recorded, in order, with the notes between them.

        Raises
        ------
        InputError
            A use does not fit the mesh, or a note is no note.
        """
        notes = [_note_of(row) for row in marks] if isinstance(marks, list | tuple) else []
        for number, use in enumerate(uses):
            self._stands += [note for note, after in notes if after == number]
            self.plan(use)
            self.accept()
        known = range(len(uses))
        self._stands += [note for note, after in notes if after not in known]

    def undo(self) -> Done:
        """Take the last use or note off.

        Raises
        ------
        InputError
            There is none, or it is too long ago.
        """
        if self.next_undo is None:
            raise InputError("There is nothing to undo.", "Use a tool first.")
        last = self._stands.pop()
        if isinstance(last, Note):
            self._undone.append(last)
            return Done(NOTE)
        self._planned = None
        step = self.working.revert()
        kept = UndoneStep.of(step, self.working.vertex_count, self.working.face_count)
        self._undone.append(_Undone(last, kept))
        return Done(last.tool, step=step)

    def redo(self) -> Done:
        """Do again what was taken off last.

        Raises
        ------
        InputError
            Nothing was.
        """
        if not self._undone:
            raise InputError("There is nothing to redo.", "Undo a step first.")
        again = self._undone.pop()
        if isinstance(again, Note):
            self._stands.append(again)
            return Done(NOTE)
        self._planned = None
        step = again.step.step(self.working.vertices)
        self.working.apply(step)
        self._stands.append(again.use)
        self._bound()
        return Done(again.use.tool, step=step)

    def forget_undone(self) -> None:
        """Forget what could be done again."""
        self._undone.clear()

    def edit_reasons(self) -> NDArray[np.uint8]:
        """Return why each face slot is there or was changed, (F,) uint8 `EditReason`."""
        return self.working.edit_reasons(self.automatic.edits)

    def _bound(self) -> None:
        self.working.forget(keep=MOST_STEPS, most_bytes=MOST_UNDO_BYTES)


def _name(entry: _KeptUse | _Undone | Note) -> str:
    if isinstance(entry, Note):
        return NOTE
    return (entry.use if isinstance(entry, _Undone) else entry).tool


def _note_of(row: object) -> tuple[Note, int | None]:
    """Read a note as the answers keep it, and the number of steps before it."""
    if isinstance(row, list | tuple) and len(row) in (4, 5):
        *place, text = row[:4]
        after = row[4] if len(row) == 5 else None
        if all(isinstance(x, int | float) for x in place) and isinstance(text, str):
            known = isinstance(after, int) and not isinstance(after, bool)
            return Note(tuple(place), text), after if known else None
    raise InputError("A recorded note has no place or no text.", "Leave it out.")


def order_of_work(recorded: object, counts: Mapping[str, int]) -> list[str]:
    """Return the scans that steps and notes were done on, the last one last.

    Parameters
    ----------
    recorded : object
        As an answer has it: a scan for each thing that was done, those forgotten since included.
    counts : mapping of str to int
        How many things each scan has to take back. Where nothing that fits is recorded, all those of
        a scan follow one another, scan by scan.
    """
    left = dict(counts)
    order: list[str] = []
    for scan_id in reversed(recorded if isinstance(recorded, list | tuple) else ()):
        if isinstance(scan_id, str) and left.get(scan_id, 0) > 0:
            left[scan_id] -= 1
            order.append(scan_id)
    if any(left.values()):
        return [scan_id for scan_id, count in counts.items() for _ in range(count)]
    return order[::-1]
