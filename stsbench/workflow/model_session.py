"""The models of a case on the bench, without a screen: made, looked at, turned, stored.

Rules owned here:
- The bench makes a model through the very lines a batch uses; what a technician decides is in the
  answers: `<scan>/orientation`, `<scan>/orientation_confirmed`, `body`.
- Three places on the teeth give the occlusal plane; its side is that of the plane before.
- Plane, its confirmation and the body are taken back and decided again in one order; the model is
  made anew from the answers each time, so it is the one a batch would make.
- Leases are watched as on the repair bench.
"""

import threading
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.access import Purpose, Role
from stsbench.domain.answers import Answers
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.order import ScanEntry
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.errors import InputError, MeshError, StsbenchError
from stsbench.files.records import encode_report
from stsbench.files.scans import decode_scan
from stsbench.modelling.pipeline import ModelResult
from stsbench.vault.client import VaultClient
from stsbench.workflow.bench_lease import HeldCase, WatchedLeases
from stsbench.workflow.cases import OpenCase, latest_object, newest_case
from stsbench.workflow.decisions import Decisions
from stsbench.workflow.model import (
    CaseModel,
    ScanModel,
    case_model_of,
    model_scan,
    record_models,
    store_model,
)
from stsbench.workflow.saved_answers import answers_saved_with

__all__ = ["ModelSession", "plane_normal"]

_LEAST_SIDE_MM = 5.0  # places nearer than this say little about a plane; choice, not fact


class ModelSession(HeldCase):
    """A case on the model bench; close it, or let its lease run out.

    Parameters
    ----------
    case_number : str
        Empty for the newest case.
    profile, body : str
        As the notebook has them; answers win.
    answers : Answers, optional
        None for those saved with the case.
    role : Role
    ended : callable
        Takes the error that says why the case may no longer be looked at.

    Raises
    ------
    InputError
        There is no case, or it has no arch.
    AccessRefusedError
        No consent or role covers the model.
    """

    def __init__(
        self,
        case_number: str = "",
        *,
        profile: str = "",
        body: str = "solid",
        answers: Answers | None = None,
        role: Role = Role.TECHNICIAN,
        ended: Callable[[StsbenchError], object] = lambda _reason: None,
    ) -> None:
        self._client = VaultClient.connect()
        try:
            self.case = _with_an_arch(newest_case(self._client, case_number))
            self._leases = WatchedLeases(self.case, purpose=Purpose.MODEL, role=role, ended=ended)
            self._kept = answers_saved_with(self._leases)
            self.decisions = Decisions(self._kept if answers is None else answers)
        except BaseException:
            self._client.close()
            raise
        self._profile, self._body = profile, body
        self.meshes: dict[str, TriangleMesh] = {}
        self.made: dict[str, ModelResult] = {}
        self.not_made: dict[str, str] = {}
        self._sources: dict[str, tuple[str, str]] = {}
        self._lock = threading.RLock()

    @property
    def answers(self) -> Answers:
        """Everything decided so far."""
        return self.decisions.answers

    @property
    def body(self) -> str:
        """Solid or hollow, as answered or as the notebook has it."""
        return str(self.answers.get("body", self._body))

    def open_scan(self, scan: ScanEntry) -> TriangleMesh:
        """Open the repaired scan of one arch.

        Raises
        ------
        InputError
            It was not repaired yet.
        """
        source = latest_object(self.case.record.objects, "repaired_scan", scan.scan_id)
        lease = self._leases.open(source.object_id)
        mesh = decode_scan(lease.read())
        with self._lock:
            self.meshes[scan.scan_id] = mesh
            self._sources[scan.scan_id] = source.object_id, lease.lease_id
        return mesh

    def make(self, scan_id: str, progress: Progress = NO_PROGRESS) -> ModelResult | None:
        """Make the model of one arch as the answers have it; None, with a reason, if none can be.

        Raises
        ------
        AccessRefusedError
            The lease ended.
        CancelledError
            From `progress`.
        """
        self._leases.check()
        scan = self._entry(scan_id)
        try:
            result = model_scan(
                self.meshes[scan_id],
                scan,
                order=self.case.record.order,
                answers=self.answers,
                profile=self._profile,
                body=self._body,
                progress=progress,
            )
        except MeshError as error:  # the repair could not solve this scan: hold, do not crash
            with self._lock:
                self.made.pop(scan_id, None)
                self.not_made[scan_id] = str(error)
            return None
        with self._lock:
            self.not_made.pop(scan_id, None)
            self.made[scan_id] = result
        return result

    def set_plane(self, scan_id: str, places: Sequence[Sequence[float]]) -> None:
        """Answer the orientation by three places on the biting surface, mm.

        Raises
        ------
        InputError
            The places lie on a line or too near to each other.
        """
        before = self.made[scan_id].frame.normal if scan_id in self.made else None
        normal = plane_normal(np.asarray(places, dtype=np.float64), before=before)
        rounded = [round(float(x), 6) + 0.0 for x in normal]
        self._decide("plane", scan_id, f"{scan_id}/orientation", rounded)

    def confirm_plane(self, scan_id: str) -> None:
        """Answer that the plane of an arch lies right."""
        self._decide("plane_confirm", scan_id, f"{scan_id}/orientation_confirmed", True)

    def choose_body(self, body: str) -> None:
        """Answer solid or hollow."""
        self._decide("body", "", "body", body)

    def undo(self) -> str:
        """Take the last decision back; return the scan to make anew, empty for every one.

        Raises
        ------
        InputError
            There is none.
        """
        self._leases.check()
        with self._lock:
            return self.decisions.undo().scan_id

    def redo(self) -> str:
        """Decide again what was taken back last; return the scan to make anew, as `undo`.

        Raises
        ------
        InputError
            Nothing was.
        """
        self._leases.check()
        with self._lock:
            return self.decisions.redo().scan_id

    def result(self) -> CaseModel:
        """Return what saving would store."""
        with self._lock:
            models = [
                ScanModel(scan.scan_id, self.meshes[scan.scan_id], self.made[scan.scan_id])
                for scan in self.case.arch_scans
                if scan.scan_id in self.made
            ]
            return case_model_of(self.case, models, self.not_made)

    def save(self) -> CaseModel:
        """Store the models with their reports and the answers; record the verdict.

        Raises
        ------
        AccessRefusedError
            The leases ended.
        """
        self._leases.check()
        made = self.result()
        kept = Answers({**self._kept.values, **self.answers.values})  # steps of the repair stay
        for model in made.models:
            source_id, lease_id = self._sources[model.scan_id]
            store_model(self.case, source_id, model.result, lease_id=lease_id)
        for source_id, lease_id in self._sources.values():
            self._client.store_object(
                self.number,
                kind="answers",
                data=encode_report(kept.as_json()),
                parents=(source_id,),
                lease_id=lease_id,
                summary={},
            )
        record_models(self.case, made)
        return made

    def close(self) -> None:
        """Close the leases and the connection; closing again does nothing."""
        self._leases.close()
        self.meshes.clear()
        self.made.clear()
        self._client.close()

    def _entry(self, scan_id: str) -> ScanEntry:
        found = [scan for scan in self.case.arch_scans if scan.scan_id == scan_id]
        if not found or scan_id not in self.meshes:
            raise InputError(f"There is no scan {scan_id!r} on the bench.", "Run the cell again.")
        return found[0]

    def _decide(self, what: str, scan_id: str, key: str, value: object) -> None:
        self._leases.check()
        with self._lock:
            self.decisions.decide(what, scan_id, key, value)


def _with_an_arch(case: OpenCase) -> OpenCase:
    if not case.arch_scans:
        raise InputError("This case has no upper or lower scan.", "Ask the clinic for one.")
    return case


def plane_normal(
    places: NDArray[np.float64], *, before: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the unit normal of the plane through three places.

    Parameters
    ----------
    places : (3, 3) float64, mm
    before : (3,) float64, optional
        The answer points to the same side.

    Raises
    ------
    InputError
        Not three places, or no plane through them.
    """
    if places.shape != (3, 3) or not np.isfinite(places).all():
        raise InputError("A plane needs three places.", "Click three cusps far apart.")
    across = np.cross(places[1] - places[0], places[2] - places[0])
    length = float(np.linalg.norm(across))
    sides = np.linalg.norm(places - np.roll(places, 1, axis=0), axis=1)
    # Twice the area is the longest side times the height over it.
    if float(sides.min()) < _LEAST_SIDE_MM or length < _LEAST_SIDE_MM * float(sides.max()):
        raise InputError(
            "The three places lie too near to each other or on a line.",
            "Click one in front and one on each side.",
        )
    normal = across / length
    return -normal if before is not None and float(normal @ before) < 0.0 else normal
