"""The rows of the findings list: order, and names that stay while findings come and go."""

import numpy as np

from stsbench.domain.findings import Finding, FindingKind, Severity
from stsbench.repair.tool_steps import plan_step
from stsbench.repair.working_mesh import WorkingMesh
from stsbench.widgets.bench_findings import finding_rows
from stsbench.widgets.labels import labels_in
from tests.shapes import sphere

WORDS = labels_in("en")
SPIKE = Finding(FindingKind.SPIKE, (1.0, 2.0, 3.0), 0.4, severity=Severity.REVIEW)
TWIN = Finding(FindingKind.SPIKE, (1.0, 2.0, 3.0), 0.3, severity=Severity.REVIEW)
FOLD = Finding(FindingKind.FOLD, (0.0, -0.01, 5.0), 2.0, severity=Severity.HOLD)


def names(findings):
    rows = finding_rows(findings, WorkingMesh(sphere(1, 3.0)), WORDS)
    return {row["id"]: row["severity"] for row in rows}


def test_the_gravest_comes_first_and_every_name_is_its_own():
    found = names([SPIKE, TWIN, FOLD])
    assert list(found) == ["fold@0.0,0.0,5.0", "spike@1.0,2.0,3.0", "spike@1.0,2.0,3.0#2"]
    assert found["fold@0.0,0.0,5.0"] == "hold"


def test_what_lay_on_a_piece_that_was_cut_off_goes_and_comes_back_with_it():
    ball = sphere(3, 5.0)
    working = WorkingMesh(ball)
    at_top = ball.vertices[ball.faces][:, :, 2].min(axis=1) > 2.0
    lost = Finding(FindingKind.SPIKE, (0.0, 0.0, 5.2), 0.4, severity=Severity.REVIEW)
    above = Finding(FindingKind.ISLAND, (0.0, 0.0, 9.0), 0.4, severity=Severity.NOTE)
    kept = Finding(FindingKind.SPIKE, (0.0, 0.0, -5.0), 0.4, severity=Severity.REVIEW)

    def kinds():
        rows = finding_rows([lost, above, kept], working, WORDS)
        return [row["place_mm"][2] for row in rows if row["kind"] != "hole"]

    assert kinds() == [-5.0, 5.2, 9.0]
    rows = np.flatnonzero(at_top)
    step = plan_step(working, {"tool": "delete", "faces": [[int(r), int(r) + 1] for r in rows]})
    working.apply(step)
    assert kinds() == [-5.0, 9.0]  # nothing was ever about the last one: it tells what was dropped
    working.revert()
    assert kinds() == [-5.0, 5.2, 9.0]


def test_a_name_stays_while_another_finding_goes():
    assert set(names([SPIKE])) < set(names([SPIKE, FOLD]))
