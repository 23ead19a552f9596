"""A case on the repair bench, without a screen: opened, repaired, worked on, saved, closed.

Rules owned here:
- The bench shows what a batch would store from the same answers: it runs the same repair, replays
  the same uses and stores through the same lines of `workflow/repair`.
- Every use, undo and save asks first whether the leases still hold. When they end, `ended` is told
  at once and the meshes are forgotten here.
- Undo goes back through steps and notes on all scans of the case in the order of the work, which is
  saved with the answers where it went to and fro between scans; a batch does not need it.
- Methods may be called from several threads, one at a time.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.access import Purpose, Role
from stsbench.domain.answers import Answers
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.order import ScanEntry
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.domain.verdicts import Verdict, worst
from stsbench.errors import InputError, StsbenchError
from stsbench.files.scans import decode_scan
from stsbench.privacy.identifying_text import IdentityTokens, kinds_in_text
from stsbench.repair.by_hand import list_steps
from stsbench.repair.result import RepairResult
from stsbench.repair.working_mesh import Step
from stsbench.vault.client import VaultClient
from stsbench.workflow.bench_deviation import signed_distance
from stsbench.workflow.bench_history import BenchScan, Done, Note, order_of_work
from stsbench.workflow.bench_lease import HeldCase, WatchedLeases
from stsbench.workflow.bench_result import worked_result
from stsbench.workflow.cases import OpenCase, newest_case
from stsbench.workflow.repair import (
    CaseRepair,
    ScanRepair,
    answers_of,
    limits_of,
    record_repair,
    repair_automatically,
    store_repair,
    uses_of,
)
from stsbench.workflow.saved_answers import answers_saved_with

__all__ = ["MOST_FACES", "RepairSession"]

MOST_FACES = 2_000_000  # of one scan on screen; choice, not fact: what a page of 1 GB can hold
_LONGEST_NOTE = 80
_ORDER = "bench/order"  # an answer: the scans that things were done on


class RepairSession(HeldCase):
    """A case on the bench; close it, or let its lease run out.

    Parameters
    ----------
    case_number : str
        Empty for the newest case.
    profile : str
        Limits to use; empty for those answered, or the order's own.
    answers : Answers, optional
        Decisions made before; None for those saved with the case.
    role : Role
    ended : callable
        Takes the error that says why the case may no longer be looked at.

    Raises
    ------
    InputError
        There is no case, or a scan is too large to show.
    AccessRefusedError
        No consent or role covers the repair.
    """

    def __init__(
        self,
        case_number: str = "",
        *,
        profile: str = "",
        answers: Answers | None = None,
        role: Role = Role.TECHNICIAN,
        ended: Callable[[StsbenchError], object] = lambda _reason: None,
    ) -> None:
        self._client = VaultClient.connect()
        try:
            self.case: OpenCase = newest_case(self._client, case_number)
            self._told = ended
            self._leases = WatchedLeases(
                self.case, purpose=Purpose.REPAIR, role=role, ended=self._end
            )
            self._recorded = answers_saved_with(self._leases) if answers is None else answers
            self.limits = limits_of(self.case.record.order, self._recorded, profile)
        except BaseException:
            self._client.close()
            raise
        self.scans: dict[str, BenchScan] = {}
        self._lease_of: dict[str, str] = {}
        self._order: list[str] = []
        self._order_undone: list[str] = []
        self._lock = threading.RLock()

    @property
    def reason(self) -> StsbenchError | None:
        """Why the case may no longer be looked at; None while it may."""
        return self._leases.reason

    @property
    def answers(self) -> Answers:
        """Everything decided so far; a batch makes the same scans of it."""
        values = dict(self._recorded.values)
        with self._lock:
            for scan_id, scan in self.scans.items():
                for key, kept in (("steps", scan.uses), ("marks", scan.marks())):
                    values.pop(f"{scan_id}/{key}", None)
                    if kept:
                        values[f"{scan_id}/{key}"] = list(kept)
            counts = {scan_id: scan.entry_count for scan_id, scan in self.scans.items()}
            values.pop(_ORDER, None)
            if self._order != order_of_work(None, counts):
                values[_ORDER] = list(self._order)
        return Answers(values)

    def start(self, progress: Progress = NO_PROGRESS) -> None:
        """Open and repair every scan, then do again what was recorded.

        Raises
        ------
        CancelledError
            From `progress`.
        InputError
            A scan is too large to show, or a recorded step does not fit.
        """
        for entry in self.case.scans:
            self.open_scan(entry, progress)

    def open_scan(self, entry: ScanEntry, progress: Progress = NO_PROGRESS) -> BenchScan:
        """Open and repair one scan of the case, then do again what was recorded.

        Raises
        ------
        CancelledError
            From `progress`.
        InputError
            The scan is too large to show, or a recorded step does not fit.
        """
        if entry.face_count > MOST_FACES:
            raise InputError(
                f"Scan {entry.scan_id} has {entry.face_count:,} faces; "
                f"the bench shows {MOST_FACES:,}.",
                "Ask the clinic for a coarser export, or run it in a batch.",
            )
        lease = self._leases.open(entry.scan_id)
        original = decode_scan(lease.read())
        automatic = repair_automatically(
            original,
            order=self.case.record.order,
            limits=self.limits,
            answers=answers_of(self._recorded, entry.scan_id),
            progress=progress,
        )
        scan = BenchScan(entry.scan_id, original, automatic, self.limits, entry.role.arch)
        marks = self._recorded.get(f"{entry.scan_id}/marks", ())
        scan.replay(uses_of(self._recorded, entry.scan_id), marks)
        with self._lock:
            self._leases.check()
            self._lease_of[entry.scan_id] = lease.lease_id
            self.scans[entry.scan_id] = scan
            counts = {scan_id: scan.entry_count for scan_id, scan in self.scans.items()}
            self._order = order_of_work(self._recorded.get(_ORDER), counts)
        return scan

    def plan(self, scan_id: str, use: Mapping[str, Any]) -> Step:
        """Return what a use would do, for a preview."""
        with self._lock:
            self._leases.check()
            return self._scan(scan_id).plan(use)

    def reject(self) -> None:
        """Forget every preview."""
        with self._lock:
            for scan in self.scans.values():
                scan.reject()

    def accept(self, scan_id: str) -> Done:
        """Do what was planned for a scan."""
        with self._lock:
            self._leases.check()
            return self._accept(scan_id)

    def use(self, scan_id: str, use: Mapping[str, Any]) -> Done:
        """Use a tool at once."""
        with self._lock:
            self.plan(scan_id, use)
            return self._accept(scan_id)

    def undo(self) -> tuple[str, Done]:
        """Take the last step or note back, whichever scan it was on."""
        with self._lock:
            self._leases.check()
            if not self._order:
                raise InputError("There is nothing to undo.", "Use a tool first.")
            scan_id = self._order[-1]
            done = self._scan(scan_id).undo()
            self._order_undone.append(self._order.pop())
            return scan_id, done

    def redo(self) -> tuple[str, Done]:
        """Do again what was taken back last."""
        with self._lock:
            self._leases.check()
            if not self._order_undone:
                raise InputError("There is nothing to redo.", "Undo a step first.")
            scan_id = self._order_undone[-1]
            done = self._scan(scan_id).redo()
            self._order.append(self._order_undone.pop())
            return scan_id, done

    def mark(self, scan_id: str, place_mm: Sequence[float], note: str) -> None:
        """Keep a note at a place of a scan, with the answers; a batch does not need it.

        Raises
        ------
        InputError
            The note reads like a name's field, a date, a number or an address, or is too long.
        """
        with self._lock:
            self._leases.check()
            scan = self._scan(scan_id)
            kinds = sorted(kinds_in_text(note, IdentityTokens()) - {"free text"})
            if kinds or len(note) > _LONGEST_NOTE:
                raise InputError(
                    f"The note holds {', '.join(kinds) or 'too much text'}.",
                    "Write a few words about the surface, nothing about a person.",
                )
            scan.note(Note(tuple(round(float(x), 3) for x in place_mm), note))
            self._put(scan_id)

    def next_undo(self) -> str | None:
        """Return what undo would take off: a tool or "note"."""
        with self._lock:
            return self._scan(self._order[-1]).next_undo if self._order else None

    def next_redo(self) -> str | None:
        """Return what redo would do again: a tool or "note"."""
        with self._lock:
            undone = self._scan(self._order_undone[-1]).undone if self._order_undone else ()
            return undone[-1] if undone else None

    def shipped(self, scan_id: str) -> RepairResult:
        """Return what saving would store for a scan: mesh, findings, verdict."""
        with self._lock:
            scan = self._scan(scan_id)
            if not scan.step_count:
                return scan.automatic
            mesh, edits = scan.working.to_mesh(), scan.working.record(scan.automatic.edits)
            by_hand = list_steps(scan.working)
        return worked_result(scan.automatic, mesh, edits, profile=self.limits, by_hand=by_hand)

    def deviation_mm(self, scan_id: str) -> NDArray[np.float32]:
        """Return how far each vertex lies from the scan as received, (V,) float32 mm.

        Positive where material was added; NaN where the scan has no counterpart within 2 mm.
        """
        with self._lock:
            scan = self._scan(scan_id)
            vertices = scan.working.vertices.copy()
            faces = scan.working.faces[scan.working.alive]
        return signed_distance(TriangleMesh(vertices, faces), scan.original)

    def save(self) -> CaseRepair:
        """Store a new version of every scan with edits, report and answers; record the verdict.

        Raises
        ------
        AccessRefusedError
            The leases ended.
        """
        with self._lock:
            self._leases.check()
            answers = self.answers
            arches = {scan.scan_id: scan.role.arch for scan in self.case.scans}
            repairs = []
            for scan_id, scan in self.scans.items():
                result = self.shipped(scan_id)
                store_repair(
                    self.case, scan_id, result, answers=answers, lease_id=self._lease_of[scan_id]
                )
                repairs.append(ScanRepair(scan_id, arches[scan_id], scan.original, result))
            verdict = record_repair(self.case, repairs)
        synthetic = self.case.record.order.synthetic
        return CaseRepair(self.number, synthetic, verdict, tuple(repairs))

    def verdict(self) -> Verdict:
        """Return the verdict that saving would record."""
        return worst(self.shipped(scan_id).verdict for scan_id in tuple(self.scans))

    def close(self) -> None:
        """Close the leases and the connection; closing again does nothing."""
        self._leases.close()
        self._forget()
        self._client.close()

    def _accept(self, scan_id: str) -> Done:
        done = self._scan(scan_id).accept()
        self._put(scan_id)
        for other in self.scans.values():
            other.reject()
        return done

    def _put(self, scan_id: str) -> None:
        """Note that the last thing done was on a scan; what was undone on any is forgotten."""
        self._order.append(scan_id)
        self._order_undone.clear()
        for scan in self.scans.values():
            scan.forget_undone()

    def _scan(self, scan_id: str) -> BenchScan:
        if self.reason is not None:
            raise self.reason
        if scan_id not in self.scans:
            raise InputError(f"There is no scan {scan_id!r} on the bench.", "Run the cell again.")
        return self.scans[scan_id]

    def _end(self, reason: StsbenchError) -> None:
        self._told(reason)
        self._forget()

    def _forget(self) -> None:
        with self._lock:
            self.scans.clear()
            self._order.clear()
            self._order_undone.clear()
