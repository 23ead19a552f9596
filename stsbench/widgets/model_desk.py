"""The model bench on screen: repaired scans, their occlusal plane, the base, what was measured.

Rules owned here:
- Setting or confirming the plane makes the model anew, in the bench's thread; what is on screen is
  what "save" stores.
- A decision waits until the model of the one before is made; undo and redo are decisions, too.
- The first version is stored as soon as it is on screen, as a batch would.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import ipywidgets
import numpy as np

from stsbench.domain.answers import Answers
from stsbench.domain.dentition import Arch
from stsbench.domain.occlusion import apply_transform
from stsbench.domain.progress import Progress
from stsbench.errors import InputError, StsbenchError
from stsbench.modelling.pipeline import ModelResult
from stsbench.modelling.profiles import BODIES
from stsbench.widgets.bench_view import BenchWithView
from stsbench.widgets.html_blocks import folded_block, next_block, plain_table
from stsbench.widgets.sentences import in_words
from stsbench.workflow.model import CaseModel
from stsbench.workflow.model_session import ModelSession

__all__ = ["ModelDesk"]

_SOUND = "NoError"  # what the solid's own check says when nothing is wrong


class ModelDesk(BenchWithView):
    """The widgets of the model bench.

    Parameters
    ----------
    case_number, profile, body : str
    answers : Answers, optional
        None for those saved with the case.
    """

    kind = "model"

    def __init__(
        self, case_number: str, *, profile: str, body: str, answers: Answers | None
    ) -> None:
        super().__init__()
        self.session: ModelSession | None = None
        self.saved: CaseModel | None = None
        self._asked = (case_number, profile, body, answers)
        self._shown = ""
        self._on_view: set[str] = set()
        self._checks = ipywidgets.HTML()
        self._outcome = ipywidgets.HTML()
        self._arches = ipywidgets.ToggleButtons(options=[])
        self._arches.observe(self._change_arch, names="value")
        self._body = ipywidgets.Dropdown(
            options=[(self.labels(each, "body"), each) for each in BODIES],
            value=body,
            description=self.labels("body"),
            tooltip=self.labels("body"),
        )
        self._body.observe(self._change_body, names="value")
        self._confirm = self.button("confirm_plane", "check", self.confirm)
        self._save = self.button("save", "save", self.save)
        self.below(
            ipywidgets.HBox([self._confirm, self._save, self._outcome]),
            ipywidgets.HBox([self._arches, self._body]),
            self._checks,
        )
        self.listen("plane", self._on_plane)
        self.listen("plane_confirm", lambda _content, _buffers: self.confirm())
        self.listen("undo", lambda _content, _buffers: self.undo())
        self.listen("redo", lambda _content, _buffers: self.redo())
        self.listen("save", lambda _content, _buffers: self.save())
        self.listen("cancel", lambda _content, _buffers: self.cancel())
        self.run(self._open)

    @property
    def answers(self) -> Answers:
        """Everything decided so far."""
        recorded = self._asked[3] or Answers()
        return self.session.answers if self.session is not None else recorded

    def confirm(self) -> None:
        """Answer that the plane on screen lies right, and make the model anew."""
        if self.is_free() and self.guard(lambda: self._live.confirm_plane(self._shown)):
            self.run(self._make_shown)

    def undo(self) -> None:
        """Take the last decision back, and make the model anew."""
        if self.is_free():
            self._make_of(self._live.undo())

    def redo(self) -> None:
        """Decide again what was taken back last, and make the model anew."""
        if self.is_free():
            self._make_of(self._live.redo())

    def save(self) -> None:
        """Store a new version."""
        self.run(self._store)

    def close(self) -> None:
        """Close the bench and the session."""
        super().close()
        if self.session is not None:
            self.session.close()
        self.saved = None

    @property
    def _live(self) -> ModelSession:
        if self.session is None:
            raise InputError("The case is not open yet.", "Wait until it is on screen.")
        return self.session

    def _open(self, progress: Progress) -> None:
        case_number, profile, body, answers = self._asked
        session = ModelSession(
            case_number, profile=profile, body=body, answers=answers, ended=self.end
        )
        self.session = session
        self.head(session.number, session.purpose)
        if self.has_ended():  # closed while it was opening
            session.close()
            return
        self._body.value = session.body
        for scan in session.case.arch_scans:
            session.open_scan(scan)
            self.head(session.number, session.purpose, session.open_until)
            if not self._shown:
                self._shown = scan.scan_id
                self._show_arch()
        self._arches.options = [scan.scan_id for scan in session.case.arch_scans]
        for scan in session.case.arch_scans:
            session.make(scan.scan_id, progress)
            if scan.scan_id == self._shown:
                self._show_model()
        self._show_checks()
        self._store(progress)

    def _on_plane(self, content: Mapping[str, Any], _buffers: list[Any]) -> None:
        if self.is_free():
            self._live.set_plane(self._shown, content["points"])
            self.run(self._make_shown)

    def _make_of(self, scan_id: str) -> None:
        """Make anew what a decision was about: one arch, which is shown, or every one."""
        self._show_history()
        if not scan_id:
            self._body.value = self._live.body
            self.run(self._make_all)
            return
        if scan_id != self._shown:
            self._arches.value = scan_id
        self.run(self._make_shown)

    def _show_history(self) -> None:
        decisions = self._live.decisions
        words = [
            name and self.labels.find(name, "tool")
            for name in (decisions.next_undo, decisions.next_redo)
        ]
        self.viewer.history(words[0], words[1])

    def _make_shown(self, progress: Progress) -> None:
        self._show_history()
        self._outcome.value = self.labels("unsaved")
        self._live.make(self._shown, progress)
        self._show_model()
        self._show_checks()

    def _make_all(self, progress: Progress) -> None:
        self._show_history()
        self._outcome.value = self.labels("unsaved")
        for scan_id in tuple(self._live.meshes):
            self._live.make(scan_id, progress)
        self._show_model()
        self._show_checks()

    def _store(self, _progress: Progress) -> None:
        self.saved = self._live.save()
        self._outcome.value = next_block(self.labels("saved"), self.labels, "4_review_model")

    def _show_model(self) -> None:
        """Show plane and base of the arch on screen."""
        made = self._live.made.get(self._shown)
        with self.screen:
            if self.has_ended():
                return
            if made is None:
                self.viewer.show_base([], [])
                self.say(in_words(self._live.not_made.get(self._shown, ""), self.labels), "error")
                return
            frame = made.frame
            self.viewer.set_directions(
                occlusal=frame.normal.tolist(),
                frontal=frame.midline.tolist(),
                upper=made.arch is Arch.MAXILLARY,
            )
            self.viewer.show_plane(
                frame.origin.tolist(), frame.normal.tolist(), confirmed=made.confirmed
            )
            back = np.linalg.inv(made.output_from_scanner)
            vertices = apply_transform(np.asarray(back, np.float64), made.mesh.vertices)
            self.viewer.show_base(vertices.astype(np.float32), made.mesh.faces.astype(np.uint32))

    def _show_checks(self) -> None:
        label = self.labels
        made = self._live.result()
        rows: list[tuple[str, ...]] = [
            ("", label("verdict"), label(made.verdict.value, "verdicts"))
        ]
        for model in made.models:
            rows.append((model.scan_id, self._plane_line(model.result), ""))
            rows += [
                (model.scan_id, label.find(str(check["name"]), "measured"), _plain(check["value"]))
                for check in model.report["checks"]
            ]
        rows += [(scan_id, in_words(why, label), "") for scan_id, why in made.not_made.items()]
        self._checks.value = folded_block(label("shipped"), plain_table(rows))
        self.say("")
        for why in made.not_made.values():
            self.say(in_words(why, label), "error")

    def _plane_line(self, result: ModelResult) -> str:
        if result.frame.source == "given":
            return self.labels("plane_yours")
        return self.labels("plane_confirmed" if result.confirmed else "plane_open")

    def _change_arch(self, change: Mapping[str, Any]) -> None:
        if not change["new"] or change["new"] == self._shown:
            return
        self._shown = str(change["new"])
        self.guard(self._show_arch)

    def _show_arch(self) -> None:
        """Show the chosen arch alone, with its plane and base once they are known."""
        with self.screen:
            if self.has_ended():
                return
            for scan_id in self._live.meshes:
                if scan_id != self._shown and scan_id in self._on_view:
                    self.viewer.remove_mesh(scan_id)
            mesh = self._live.meshes[self._shown]
            self.viewer.show_mesh(
                self._shown,
                mesh.vertices.astype(np.float32),
                mesh.faces.astype(np.uint32),
                colours=mesh.colours,
                title=self._shown,
            )
            self._on_view = {self._shown}
        if self._shown in self._live.made or self._shown in self._live.not_made:
            self._show_model()

    def _change_body(self, change: Mapping[str, Any]) -> None:
        session, wanted = self.session, str(change["new"])
        if session is None or wanted == session.body:
            return
        if not self.is_free() or not self.guard(partial(session.choose_body, wanted)):
            self._body.value = session.body
            return

        def work(progress: Progress) -> None:
            try:
                self._make_all(progress)
            except StsbenchError:
                session.decisions.drop_last()
                self._body.value = session.body
                self._show_history()
                raise

        self.run(work)


def _plain(value: object) -> str:
    if isinstance(value, bool) or value == _SOUND:
        return "✗" if value is False else "✓"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
