"""The review of a case on the bench, without a screen: measured, looked at, signed.

Rules owned here:
- Measuring and drawing are those of `workflow/review`; the bench opens the models and repaired
  scans once more, under watched leases, to show them.
- Signing off ends the session: whoever signed has nothing left to look at.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stsbench.domain.access import Purpose, Role
from stsbench.domain.answers import Answers
from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.errors import AccessRefusedError, InputError, StsbenchError
from stsbench.files.scans import decode_scan
from stsbench.vault.client import VaultClient
from stsbench.workflow.bench_lease import HeldCase, WatchedLeases
from stsbench.workflow.cases import latest_object, newest_case
from stsbench.workflow.review import CaseReview, review_case, sign_off

__all__ = ["ReviewSession", "ShownScan"]

Direction = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class ShownScan:
    """One scan under review.

    Parameters
    ----------
    scan_id : str
    arch : Arch or None
    original, repaired : TriangleMesh
    model : TriangleMesh or None
        None where none could be made.
    occlusal, frontal : (x, y, z) float or None
        Out of the biting surface and out of the mouth, as the model was made.
    """

    scan_id: str
    arch: Arch | None
    original: TriangleMesh = field(repr=False)
    repaired: TriangleMesh = field(repr=False)
    model: TriangleMesh | None = field(repr=False)
    occlusal: Direction | None = None
    frontal: Direction | None = None


class ReviewSession(HeldCase):
    """A case on the review bench; close it, sign it, or let its lease run out.

    Parameters
    ----------
    case_number : str
        Empty for the newest case.
    role : Role
    ended : callable
        Takes the error that says why the case may no longer be looked at.

    Raises
    ------
    AccessRefusedError
        No consent or role covers the review.
    """

    def __init__(
        self,
        case_number: str = "",
        *,
        role: Role = Role.QA,
        ended: Callable[[StsbenchError], object] = lambda _reason: None,
    ) -> None:
        self._client = VaultClient.connect()
        try:
            self.case = newest_case(self._client, case_number)
            self._leases = WatchedLeases(self.case, purpose=Purpose.QUALITY, role=role, ended=ended)
        except BaseException:
            self._client.close()
            raise
        self._role = role
        self._ended = ended
        self.answers = Answers()
        self.reviewed: CaseReview | None = None

    def open_scans(self) -> tuple[ShownScan, ...]:
        """Open every scan with its repair and its model.

        Raises
        ------
        InputError
            The case was not repaired yet.
        """
        shown: list[ShownScan] = []
        for scan in self.case.scans:
            repaired = self._newest("repaired_scan", scan.scan_id)
            if repaired is None:
                raise InputError("This case was not repaired yet.", "Run notebook 2_repair_scan.")
            model = self._newest("model", scan.scan_id)
            report = self._newest("model_report", scan.scan_id)
            lies = json.loads(report)["orientation"] if report is not None else {}
            shown.append(
                ShownScan(
                    scan.scan_id,
                    scan.role.arch,
                    decode_scan(self._leases.open(scan.scan_id).read()),
                    decode_scan(repaired),
                    None if model is None else decode_scan(model),
                    _direction(lies.get("normal")),
                    _direction(lies.get("midline")),
                )
            )
        return tuple(shown)

    def measure(self, progress: Progress = NO_PROGRESS) -> CaseReview:
        """Measure, draw and store the QA record; the decision is pending."""
        self._leases.check()
        self.reviewed = review_case(self.number, role=self._role, progress=progress)
        return self.reviewed

    def sign(self, decision: str) -> dict[str, object]:
        """Record the reviewer's decision; the bench is cleared.

        Raises
        ------
        InputError
            Nothing was measured yet, or no such decision.
        """
        self._leases.check()
        if self.reviewed is None:
            raise InputError("Nothing was measured yet.", "Wait until the checks are shown.")
        answers = self.answers.with_answer("decision", decision)
        outcome = sign_off(self.reviewed, answers, interactive=True, role=self._role)
        self.answers = answers
        self._leases.close()
        word = "accepted" if decision == "accept" else "sent back"
        self._ended(AccessRefusedError(f"The case was {word}.", "It is no longer shown here."))
        return outcome

    def close(self) -> None:
        """Close the leases and the connection; closing again does nothing."""
        self._leases.close()
        self._client.close()

    def _newest(self, kind: str, scan_id: str) -> bytearray | None:
        try:
            entry = latest_object(self.case.record.objects, kind, scan_id)
        except InputError:
            return None
        return self._leases.open(entry.object_id).read()


def _direction(values: Sequence[float] | None) -> Direction | None:
    if values is None:
        return None
    x, y, z = (float(value) for value in values)
    return x, y, z
