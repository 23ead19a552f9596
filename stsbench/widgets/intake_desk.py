"""The intake bench on screen: what arrived, what is missing, one button that takes it in.

Rules owned here:
- Kinds, places and counts of identifying data; never a value. An answer is a code word or a date.
- An order that lacks nothing is taken in at once, as a batch would; else the bench asks.
"""

from collections.abc import Iterable
from typing import Any

import ipywidgets

from stsbench.domain.access import IntakeVerdict, ReasonCode
from stsbench.domain.answers import Answers
from stsbench.domain.progress import Progress
from stsbench.errors import InputError
from stsbench.vault.records import IntakeOutcome, IntakePreview
from stsbench.widgets.bench_frame import BenchFrame
from stsbench.widgets.html_blocks import folded_block, next_block, plain_table
from stsbench.workflow.intake import TakenIn, confirm_intake, preview_ticket
from stsbench.workflow.questions import Question, questions_for

__all__ = ["IntakeDesk"]

_LEVELS = {IntakeVerdict.HOLD: "warning", IntakeVerdict.REFUSED: "error"}


class IntakeDesk(BenchFrame):
    """The widgets of the intake bench.

    Parameters
    ----------
    ticket : str
        Empty for the newest open one.
    answers : Answers
        What was attested before.
    """

    kind = "intake"

    def __init__(self, ticket: str, *, answers: Answers) -> None:
        super().__init__()
        self.answers = answers
        self.saved: TakenIn | None = None
        self._ticket = ticket
        self._preview: IntakePreview | None = None
        self._arrived = ipywidgets.HTML(layout={"width": "100%"})
        self._asked = ipywidgets.VBox()
        self._outcome = ipywidgets.HTML()
        self._take = self.button("take_in", "check", self.take_in)
        self._take.disabled = True
        self.below(self._arrived, self._asked, ipywidgets.HBox([self._take, self._outcome]))
        self.run(self._open)

    def take_in(self) -> None:
        """Confirm the ticket with the answers as they stand."""
        self.run(self._confirm)

    def _open(self, progress: Progress) -> None:
        self._preview = preview_ticket(self._ticket)
        self.head(self._preview.ticket, "intake", what="ticket")
        self._show_arrived(self._preview)
        if self._preview.asked_for:
            self._ask(self._preview.asked_for)
        else:
            self._confirm(progress)

    def _confirm(self, _progress: Progress) -> None:
        if self._preview is None:
            raise InputError("No order is open here.", "Run the cell again.")
        outcome = confirm_intake(self._preview.ticket, self.answers)
        self.saved = TakenIn(self._preview, outcome)
        self._show_outcome(outcome)

    def _show_arrived(self, preview: IntakePreview) -> None:
        label = self.labels
        scans = [
            (
                scan.scan_id,
                label.find(scan.role, "role") if scan.role else "?",
                f"{scan.face_count:,}",
                " x ".join(f"{x * scan.unit_factor_suggested:.0f}" for x in scan.extents_mm),
                f"{scan.unit_factor_suggested:g}",
            )
            for scan in preview.scans
        ]
        heads = tuple(label(name) for name in ("scan", "shows", "faces", "size", "unit_factor"))
        found = [
            (label.find(one.kind, "identifier"), label.find(one.place, "place"), str(one.count))
            for one in preview.identifiers
        ]
        columns = (label("found"), label("where"), label("times"))
        self._arrived.value = folded_block(
            f"{label('scans')} ({len(scans)})", plain_table(scans, heads)
        ) + folded_block(
            f"{label('identifying')} ({len(found)})",
            plain_table(found, columns) if found else label("none"),
        )

    def _ask(self, missing: Iterable[ReasonCode]) -> None:
        missing = tuple(missing)
        words = ", ".join(self.labels.find(reason.value, "reason_code") for reason in missing)
        self.say(f"{self.labels('missing')}: {words}", "warning")
        self._asked.children = [self._field(question) for question in questions_for(missing)]
        self._take.disabled = False

    def _field(self, question: Question) -> Any:
        given = str(self.answers.get(question.key, ""))
        look: dict[str, Any] = {
            "description": self.labels.find(question.key, "question"),
            "tooltip": self.labels.find(question.key, "question"),  # else the page says "null"
            "style": {"description_width": "32em"},
            "layout": {"width": "46em"},
        }
        if question.choices:
            options = [(self.labels.find(word, "choice"), word) for word in question.choices]
            value = given if given in question.choices else question.choices[0]
            field: Any = ipywidgets.Dropdown(options=options, value=value, **look)
        else:
            field = ipywidgets.Text(value=given, placeholder="2026-01-31", **look)
        field.observe(lambda change: self._answer(question.key, str(change["new"])), names="value")
        return field

    def _answer(self, key: str, value: str) -> None:
        self.answers = self.answers.with_answer(key, value)

    def _show_outcome(self, outcome: IntakeOutcome) -> None:
        label = self.labels
        if outcome.verdict is IntakeVerdict.HOLD:
            self._ask(outcome.asked_for)
            self._outcome.value = next_block(label("not_taken_in"), label)
            return
        self._asked.children = ()
        self._take.disabled = True
        reasons = ", ".join(label.find(reason.value, "reason_code") for reason in outcome.reasons)
        if outcome.verdict is IntakeVerdict.REFUSED:
            self.say(f"{label('refused')}: {reasons}", _LEVELS[outcome.verdict])
            return
        self.say("")
        self.head(str(outcome.case_number), "intake")
        said = f"{label('taken_in')} {label('originals')}"
        self._outcome.value = next_block(said, label, "2_repair_scan")
