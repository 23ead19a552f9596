"""The review bench on screen: models, how far repairs lie from the scans, checks, the decision.

Rules owned here:
- The decision buttons wait until everything was measured; signing takes the meshes off the screen.
- The deviation map is that of the repaired scan, on the model as well where it has the scan's
  surface; untouched places are measured, not assumed.
"""

from collections.abc import Callable
from functools import partial

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from stsbench.domain.answers import Answers
from stsbench.domain.dentition import Arch
from stsbench.domain.findings import FindingKind
from stsbench.domain.progress import Progress
from stsbench.errors import InputError
from stsbench.qa.places import ReviewPlace, kind_words
from stsbench.widgets.bench_view import BenchWithView
from stsbench.widgets.html_blocks import folded_block, next_block, plain_table
from stsbench.widgets.sentences import in_words
from stsbench.workflow.bench_deviation import carried_values, signed_distance
from stsbench.workflow.review import CaseReview
from stsbench.workflow.review_session import ReviewSession, ShownScan

__all__ = ["ReviewDesk"]

_KIND_OF = {kind_words(kind.value): kind.value for kind in FindingKind}  # colours and labels
_FAR_MM = 0.2  # ends of the heat map's scale; choice, not fact


class ReviewDesk(BenchWithView):
    """The widgets of the review bench.

    Parameters
    ----------
    case_number : str
    """

    kind = "review"

    def __init__(self, case_number: str) -> None:
        super().__init__()
        self.session: ReviewSession | None = None
        self.outcome: dict[str, object] | None = None
        self._case_number = case_number
        self._checks = ipywidgets.HTML(layout={"width": "100%"})
        self._decision = ipywidgets.HTML()
        self._accept = self.button("accept", "check", partial(self.sign, "accept"))
        self._send_back = self.button("send_back", "undo", partial(self.sign, "send_back"))
        self._accept.disabled = self._send_back.disabled = True
        self.below(ipywidgets.HBox([self._accept, self._send_back, self._decision]), self._checks)
        self.listen("cancel", lambda _content, _buffers: self.cancel())
        self.run(self._open)

    @property
    def answers(self) -> Answers:
        """The decision, once there is one."""
        return self.session.answers if self.session is not None else Answers()

    @property
    def saved(self) -> CaseReview | None:
        """What was measured; None before."""
        return self.session.reviewed if self.session is not None else None

    def sign(self, decision: str) -> None:
        """Record a decision; the case leaves the screen."""

        def work() -> None:
            self.outcome = self._live.sign(decision)
            said = self.labels(decision, "verdicts")
            following = self.labels("release") if decision == "accept" else ""
            self._decision.value = next_block(f"{said}. {following}", self.labels)
            self._accept.disabled = self._send_back.disabled = True

        self.guard(work)

    def close(self) -> None:
        """Close the bench and the session."""
        super().close()
        if self.session is not None:
            self.session.close()

    @property
    def _live(self) -> ReviewSession:
        if self.session is None:
            raise InputError("The case is not open yet.", "Wait until it is on screen.")
        return self.session

    def _open(self, progress: Progress) -> None:
        session = ReviewSession(self._case_number, ended=self.end)
        self.session = session
        self.head(session.number, session.purpose)
        if self.has_ended():  # closed while it was opening
            session.close()
            return
        scans = session.open_scans()
        self.head(session.number, session.purpose, session.open_until)
        for scan in scans:
            self._on_screen(partial(self._show_scan, scan))
        reviewed = session.measure(progress)
        self._show_checks(reviewed)
        for scan in scans:
            self._on_screen(partial(self._show_places, reviewed, scan))
            values = signed_distance(scan.repaired, scan.original)
            self._on_screen(partial(self._show_deviation, scan.scan_id, values))
            if scan.model is not None:
                carried = carried_values(scan.model, scan.repaired, values)
                self._on_screen(partial(self._show_deviation, _of_model(scan), carried))
        self._accept.disabled = self._send_back.disabled = False

    def _on_screen(self, show: Callable[[], None]) -> None:
        with self.screen:
            if not self.has_ended():
                show()

    def _show_scan(self, scan: ShownScan) -> None:
        has_model = scan.model is not None
        if scan.occlusal and scan.frontal:
            self.viewer.set_directions(
                occlusal=scan.occlusal, frontal=scan.frontal, upper=scan.arch is Arch.MAXILLARY
            )
        model = f"{scan.scan_id} {self.labels('model')}"
        for name, title, mesh, visible in (
            (_of_model(scan), model, scan.model, True),
            (scan.scan_id, scan.scan_id, scan.repaired, not has_model),
        ):
            if mesh is not None:
                self.viewer.show_mesh(
                    name,
                    mesh.vertices.astype(np.float32),
                    mesh.faces.astype(np.uint32),
                    colours=mesh.colours,
                    title=title,
                    visible=visible,
                )

    def _show_deviation(self, layer: str, values: NDArray[np.float32]) -> None:
        self.viewer.show_values(
            layer, values, low=-_FAR_MM, high=_FAR_MM, unit="mm", title=self.labels("deviation")
        )

    def _show_checks(self, reviewed: CaseReview) -> None:
        label = self.labels
        say = partial(label.find, section="gate")
        rows = [
            (
                label.find(row.result.value, "verdicts"),
                row.subject,
                row.gate.check_id,
                label.find(row.gate.check_id, "check"),
                row.gate.show(row.value, say),
                row.gate.limits_in_words(say),
            )
            for row in reviewed.rows
        ]
        columns = (
            label("result"), label("scan"), "", label("check"), label("value"), label("limit"),
        )  # fmt: skip
        verdict = label(reviewed.record.verdict.value, "verdicts")
        title = f"{label('shipped')}: {verdict}"
        self._checks.value = folded_block(title, plain_table(rows, columns))

    def _show_places(self, reviewed: CaseReview, scan: ShownScan) -> None:
        """List the places a person must look at, in the order of clinical risk."""
        self.viewer.show_findings(
            scan.scan_id if scan.model is None else _of_model(scan),  # what is on screen
            [
                {
                    "id": f"p{place.number}",
                    "kind": _KIND_OF[place.kind],
                    "place_mm": list(place.place_mm),
                    "size_mm": place.size_mm,
                    "severity": place.severity,
                    "title": self._place_title(place),
                    "number": place.number,
                    "loop": None,
                    "faces": None,
                }
                for place in reviewed.record.places
                if place.scan_id == scan.scan_id
            ],
        )

    def _place_title(self, place: ReviewPlace) -> str:
        """Return whereabouts, and what the check says of it."""
        words = [self.labels.find(word, "where") for word in place.where.split()]
        return f"{' '.join(words)}: {in_words(place.detail, self.labels)}"


def _of_model(scan: ShownScan) -> str:
    """Return the layer of a scan's model."""
    return f"{scan.scan_id} model"
