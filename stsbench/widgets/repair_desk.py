"""The repair bench on screen: the session's meshes in the 3D view, its checks around it.

Rules owned here:
- JavaScript asks for a change (`use`), Python plans and applies it, only the delta goes back.
- The checks follow the hands: a moment after the last step everything that would be shipped is
  inspected anew, beside the work; a newer step makes an older check worthless.
- The first version is stored as soon as it is on screen, as a batch would; later ones by "save".
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from stsbench.domain.answers import Answers
from stsbench.domain.order import Profile
from stsbench.domain.progress import Progress
from stsbench.errors import InputError
from stsbench.repair.ranges import ranges_of
from stsbench.repair.result import RepairResult
from stsbench.repair.working_mesh import Step
from stsbench.widgets.bench_checks import (
    findings_block,
    hold_line,
    limits_block,
    shipped_block,
)
from stsbench.widgets.bench_findings import finding_rows
from stsbench.widgets.bench_view import BenchWithView
from stsbench.widgets.html_blocks import folded_block, next_block
from stsbench.widgets.sentences import in_words
from stsbench.widgets.step_deltas import backward_delta, forward_delta
from stsbench.workflow.bench_directions import find_directions, told_directions
from stsbench.workflow.bench_history import BenchScan, Done
from stsbench.workflow.bench_session import RepairSession
from stsbench.workflow.repair import CaseRepair

__all__ = ["RepairDesk"]

_QUIET_S = 0.6  # how long the hands rest before the checks run
_FAR_MM = 0.2  # ends of the heat map's scale; choice, not fact


class RepairDesk(BenchWithView):
    """The widgets of the repair bench.

    Parameters
    ----------
    case_number : str
    profile : str
    answers : Answers, optional
        None for those saved with the case.
    """

    kind = "repair"

    def __init__(self, case_number: str, *, profile: str, answers: Answers | None) -> None:
        super().__init__()
        self.session: RepairSession | None = None
        self.saved: CaseRepair | None = None
        self._asked = (case_number, profile, answers)
        self._results: dict[str, RepairResult] = {}
        self._timer: threading.Timer | None = None
        self._generation = 0
        self._checks = ipywidgets.HTML()
        self._limits = ipywidgets.HTML()
        self._table = ipywidgets.HTML(layout={"width": "100%"})
        self._outcome = ipywidgets.HTML()
        self._save = self.button("save", "save", self.save)
        self._save.disabled = True
        self._profile = ipywidgets.Dropdown(
            options=[(self.labels(each.value, "profile"), each.value) for each in Profile],
            description=self.labels("profile"),
            tooltip=self.labels("profile"),
        )
        self._profile.observe(self._change_profile, names="value")
        panel = ipywidgets.VBox([self._profile, self._limits])
        self.below(
            ipywidgets.HBox([self._save, self._outcome]),
            ipywidgets.HBox([self._checks, panel]),
            self._table,
        )
        self._listen()
        self.run(self._open)

    @property
    def answers(self) -> Answers:
        """Everything decided so far."""
        recorded = self._asked[2] or Answers()
        return self.session.answers if self.session is not None else recorded

    @property
    def _live(self) -> RepairSession:
        if self.session is None:
            raise InputError("The case is not open yet.", "Wait until it is on screen.")
        return self.session

    def save(self) -> None:
        """Store a new version."""
        self.run(self._store)

    def close(self) -> None:
        """Close the bench and the session."""
        self._stop_timer()
        super().close()
        if self.session is not None:
            self.session.close()
        self._results.clear()
        self.saved = None

    def _open(self, progress: Progress) -> None:
        case_number, profile, answers = self._asked
        session = RepairSession(case_number, profile=profile, answers=answers, ended=self.end)
        self.session = session
        self.head(session.number, session.purpose)
        if self.has_ended():  # closed while it was opening
            session.close()
            return
        for entry in session.case.scans:
            scan = session.open_scan(entry, progress)
            self.head(session.number, session.purpose, session.open_until)
            self._show_scan(scan)
        self._show_history()
        self._show_limits()
        self._store(progress)
        self._show_checks()
        for scan_id, scan in tuple(session.scans.items()):
            original = scan.original
            with self.screen:
                self.viewer.show_before(
                    scan_id, original.vertices.astype(np.float32), original.faces.astype(np.uint32)
                )
            self._check(scan_id, self._generation)
        self.turn_views(find_directions(tuple(session.scans.values()), progress=progress))

    def _show_scan(self, scan: BenchScan) -> None:
        mesh, name = scan.working, scan.scan_id
        with self.screen:
            if self.has_ended():
                return
            self.viewer.show_mesh(
                name,
                mesh.vertices.astype(np.float32),
                mesh.faces.astype(np.uint32),
                colours=mesh.colours,
                title=name,
                editable=scan.limits.edits_allowed,
            )
            if not mesh.alive.all():
                self.viewer.apply_delta(name, removed=np.flatnonzero(~mesh.alive))
            if scan.notes:
                self._show_notes(name)
        result = self._live.shipped(name)
        with self.screen:
            self._results[name] = result
            self._show_findings(name)

    def _listen(self) -> None:
        handlers: dict[str, Callable[[dict[str, Any], list[Any]], object]] = {
            "use": self._on_use,
            "accept": lambda _content, _buffers: self._accept(),
            "reject": lambda _content, _buffers: self._reject(),
            "undo": lambda _content, _buffers: self._undo(),
            "redo": lambda _content, _buffers: self._redo(),
            "save": lambda _content, _buffers: self.save(),
            "mark": self._on_mark,
            "plane": self._on_plane,
            "cancel": lambda _content, _buffers: self.cancel(),
        }
        for event, handler in handlers.items():
            self.listen(event, handler)

    def _on_use(self, content: Mapping[str, Any], buffers: list[Any]) -> None:
        layer, use = str(content["layer"]), dict(content["use"])
        if buffers:
            use["faces"] = ranges_of(np.frombuffer(buffers[0], dtype=np.uint32))
        if not content.get("preview"):
            self._done(layer, self._live.use(layer, use))
            return
        step = self._live.plan(layer, use)
        self._warn(step)
        self.viewer.preview_delta(layer, **forward_delta(step))

    def _done(self, layer: str, done: Done) -> None:
        if done.step is None:
            self._show_notes(layer)
            self._after_note()
            return
        self.viewer.apply_delta(layer, **forward_delta(done.step))
        self._after_step(layer)
        self._warn(done.step)

    def _warn(self, step: Step) -> None:
        if step.warnings:
            self.say(in_words(" ".join(step.warnings), self.labels), "warning")

    def _on_mark(self, content: Mapping[str, Any], _buffers: list[Any]) -> None:
        layer = str(content["layer"])
        try:
            self._live.mark(layer, content["place_mm"], str(content["note"]))
        finally:  # a note that is refused goes from the page
            if layer in self._live.scans:
                self._show_notes(layer)
        self._after_note()

    def _on_plane(self, content: Mapping[str, Any], _buffers: list[Any]) -> None:
        self.turn_views(told_directions(self._live.scans[str(content["layer"])], content["points"]))
        self.say(self.labels("views_told"))

    def _after_note(self) -> None:
        self._show_history()
        self._outcome.value = self.labels("unsaved")

    def _accept(self) -> None:
        for name in [name for name, scan in self._live.scans.items() if scan.planned]:
            done = self._live.accept(name)
            self.viewer.drop_preview()
            self._done(name, done)

    def _reject(self) -> None:
        self._live.reject()
        self.viewer.drop_preview()

    def _undo(self) -> None:
        layer, done = self._live.undo()
        if done.step is None:
            self._show_notes(layer)
            self._after_note()
            return
        self.viewer.apply_delta(layer, **backward_delta(done.step, self._live.scans[layer].working))
        self._after_step(layer)

    def _redo(self) -> None:
        self._done(*self._live.redo())

    def _after_step(self, layer: str) -> None:
        self._show_history()
        self._show_findings(layer)
        self._checks.value = folded_block(self.labels("shipped"), self.labels("checking"))
        if self.standing:  # a line of before this step; the check says whether it still holds
            self.say(self.labels("checking"))
        self._outcome.value = self.labels("unsaved")
        self._stop_timer()
        self._generation += 1
        self._timer = threading.Timer(_QUIET_S, self._check, (layer, self._generation))
        self._timer.daemon = True
        self._timer.start()

    def _check(self, layer: str, generation: int) -> None:
        """Inspect what would be shipped; runs in the timer's thread."""
        session = self.session
        if session is None or self.has_ended():
            return

        def work() -> None:
            result = session.shipped(layer)
            if not self._show_if_fresh(generation, layer, result):
                return
            deviation = session.deviation_mm(layer)
            with self.screen:
                if generation == self._generation and not self.has_ended():
                    self._show_deviation(layer, deviation)

        self.guard(work)

    def _show_if_fresh(self, generation: int, layer: str, result: RepairResult) -> bool:
        with self.screen:
            if generation != self._generation or self.has_ended():
                return False
            self._results[layer] = result
            self._show_findings(layer)
            self._show_checks()
            self.viewer.show_edits(layer, self._live.scans[layer].edit_reasons())
            return True

    def _store(self, _progress: Progress) -> None:
        self.saved = self._live.save()
        for scan in self.saved.scans:
            self._results[scan.scan_id] = scan.result
        self._outcome.value = next_block(self.labels("saved"), self.labels, "3_make_model")
        self._save.disabled = False

    def _show_deviation(self, layer: str, values: NDArray[np.float32]) -> None:
        self.viewer.show_values(
            layer,
            values,
            low=-_FAR_MM,
            high=_FAR_MM,
            unit="mm",
            title=self.labels("deviation"),
        )

    def _show_findings(self, layer: str) -> None:
        scan = self._live.scans[layer]
        rows = finding_rows(self._results[layer].findings, scan.working, self.labels)
        self.viewer.show_findings(layer, rows)

    def _show_notes(self, layer: str) -> None:
        notes = [(note.place_mm, note.text) for note in self._live.scans[layer].notes]
        self.viewer.show_notes(layer, notes)

    def _show_history(self) -> None:
        undo, redo = self._live.next_undo(), self._live.next_redo()
        words = [name and self.labels.find(name, "tool") for name in (undo, redo)]
        self.viewer.history(words[0], words[1])

    def _show_checks(self) -> None:
        """Show verdict, open holes, what to look at and how much was edited."""
        steps = {name: scan.step_count for name, scan in self._live.scans.items()}
        self._checks.value = shipped_block(self._results, steps, self.labels)
        self._table.value = findings_block(self._results, self.labels)
        held = hold_line(self._results, self.labels)
        if held:
            self.say(held, "error")
        elif self.standing:
            self.say(self.labels("holds_no_more"))
        self.standing = held

    def _show_limits(self) -> None:
        limits = self._live.limits
        self._limits.value = limits_block(limits, self.labels)
        self._profile.unobserve(self._change_profile, names="value")
        self._profile.value = limits.name.value
        self._profile.observe(self._change_profile, names="value")

    def _change_profile(self, change: Mapping[str, Any]) -> None:
        session, wanted = self.session, str(change["new"])
        if session is None or wanted == session.limits.name.value:
            return
        if any(scan.step_count for scan in session.scans.values()):
            self.say(self.labels("undo_first"), "warning")
            self._show_limits()
            return
        self._asked = (session.number, "", session.answers.with_answer("profile", wanted))
        self._save.disabled = True
        self._results.clear()
        session.close()
        self.run(self._open)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
