"""The rows of the findings list: order, and names that stay while findings come and go."""

from stsbench.domain.findings import Finding, FindingKind, Severity
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


def test_a_name_stays_while_another_finding_goes():
    assert set(names([SPIKE])) < set(names([SPIKE, FOLD]))
