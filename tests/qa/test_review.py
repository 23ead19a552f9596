import os
import re
from pathlib import Path

import numpy as np
import pytest

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.verdicts import CheckResult, Verdict
from stsbench.errors import InputError
from stsbench.files.scans import read_scan
from stsbench.modelling.orientation import given_frame
from stsbench.modelling.pipeline import make_model
from stsbench.modelling.profiles import load_profile as model_profile
from stsbench.qa.renders import MissingGraphicsError
from stsbench.qa.review import PENDING, Modelled, Repaired, review_case
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile as repair_profile
from tests.qa.bodies import dome, joined
from tests.qa.pixels import decode_png
from tests.shapes import sheet

REPOSITORY = Path(__file__).parents[2]


def dirty():
    """A dome with a hole and a loose piece."""
    mesh = dome(80, pitch_mm=0.45)
    gap = np.linalg.norm(mesh.vertices[mesh.faces].mean(axis=1)[:, :2] - (-6.0, 4.0), axis=1)
    open_mesh = TriangleMesh(mesh.vertices, mesh.faces[gap > 1.6])
    scrap = TriangleMesh(sheet(2, 2).vertices + np.array([30.0, 0.0, 25.0]), sheet(2, 2).faces)
    return joined(open_mesh, scrap)


@pytest.fixture(scope="module")
def stages():
    original = dirty()
    repair = repair_scan(original, profile=repair_profile("study"))
    up = np.array([0.0, 0.0, 1.0])
    frame = given_frame(repair.mesh, up, arch=Arch.MANDIBULAR)
    model = make_model(
        repair.mesh, arch=Arch.MANDIBULAR, profile=model_profile("study"), frame=frame
    )
    repaired = Repaired(repair.mesh, repair.edits, repair.report())
    return original, repaired, Modelled(model.mesh, model.report())


def review(stages, **more):
    original, repaired, model = stages
    known = {"case_number": "2611-0042-K", "profile": "study", "draw": False} | more
    return review_case({"lower": original}, {"lower": repaired}, {"lower": model}, **known)


def results(record):
    return {row.gate.check_id: row for row in record.rows}


def test_the_chain_is_judged(stages):
    record = review(stages)
    found = results(record)
    for check in ("R1.p99", "R1.max", "R6", "M1.closed", "M1.shells", "M1.volume", "M1.genus"):
        assert found[check].result is CheckResult.PASS, check
    for check in ("M1.crossings", "M2", "M7.flat", "M7.parallel"):
        assert found[check].result is CheckResult.PASS, check
    assert found["R3"].value > 4.0
    assert found["R2"].value > 0.0
    assert found["A1"].value == "given"
    assert found["I2"].result is CheckResult.FAIL  # a few thousand triangles are no arch
    assert record.verdict is Verdict.HOLD
    assert record.decision == PENDING


def test_a_record_is_never_an_acceptance(stages):
    assert review(stages).decision == "pending"
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", review(stages).html, flags=re.DOTALL)
    assert "accepts nothing" in text
    assert "accepted" not in text.replace("Accepted or sent back", "").lower()


def test_same_stages_same_bytes(stages):
    first, second = review(stages), review(stages)
    assert (first.html, first.csv, first.json) == (second.html, second.csv, second.json)


def test_a_record_prints_as_codes(stages):
    text = repr(review(stages))
    assert "2611-0042-K" in text
    assert len(text) < 300


@pytest.mark.parametrize(
    ("keep", "open_stage", "reached"),
    [
        (("repair", "model"), set(), True),
        (("repair",), {"model"}, False),
        ((), {"repair", "model"}, False),
    ],
)
def test_what_was_not_reached_is_not_passed(stages, keep, open_stage, reached):
    original, repaired, model = stages
    record = review_case(
        {"lower": original},
        {"lower": repaired} if "repair" in keep else {},
        {"lower": model} if "model" in keep else {},
        case_number="2611-0042-K",
        profile="study",
        draw=False,
    )
    unanswered = {
        row.gate.stage
        for row in record.rows
        if row.applies and row.result is CheckResult.NOT_CHECKED
    }
    assert unanswered == open_stage
    assert record.verdict is not Verdict.PASS


def test_a_bite_scan_has_no_arch_and_no_model(stages):
    original, repaired, _ = stages
    record = review_case(
        {"bite_left": original},
        {"bite_left": repaired},
        {},
        case_number="2611-0042-K",
        profile="study",
        draw=False,
    )
    idle = {row.gate.check_id for row in record.rows if not row.applies}
    assert {"I1", "I2", "M1.closed", "A1"} <= idle


def test_the_verdict_is_never_milder_than_a_stage(stages):
    original, repaired, model = stages
    partial = {"full_arch": {"lower": False}}
    assert review(stages, **partial).verdict is Verdict.REVIEW
    held = Repaired(repaired.mesh, repaired.edits, {**repaired.report, "verdict": "hold"})
    assert review((original, held, model), **partial).verdict is Verdict.HOLD
    stopped = Modelled(model.mesh, {**model.report, "verdict": "hold"})
    assert review((original, repaired, stopped), **partial).verdict is Verdict.HOLD


@pytest.mark.parametrize("scans", [{}, {"upper": None}])
def test_products_without_their_scan_are_refused(stages, scans):
    original, repaired, _ = stages
    given = {name: original for name in scans}
    with pytest.raises(InputError) as caught:
        review_case(given, {"lower": repaired}, {}, case_number="x", profile="study", draw=False)
    assert caught.value.remedy


@pytest.mark.render
def test_a_drawn_record(stages):
    steps = []

    class Progress:
        def step(self, name, done):
            steps.append((name, done))

    try:
        record = review(stages, draw=True, progress=Progress())
    except MissingGraphicsError as error:
        pytest.skip(str(error))
    assert set(record.record_views) == {
        f"lower_{view}" for view in ("right", "front", "left", "occlusal", "lingual")
    }
    assert {"lower_edits", "lower_deviation", "lower_places"} <= set(record.pictures)
    for place in record.places:
        assert (place.picture in record.pictures) is bool(place.picture)
    for png in record.pictures.values():
        picture = decode_png(png)
        assert picture.std() > 5
    assert record.html.count("data:image/png") == len(record.pictures) - 1
    assert decode_png(record.thumbnail).shape[1] == 240
    edits = decode_png(record.pictures["lower_edits"]).astype(int)
    blue = (edits[..., 2] - edits[..., 0] > 60).sum(axis=0)
    assert blue[edits.shape[1] // 2 :].sum() > 100  # the filled hole, on the right half
    assert steps[-1] == ("done", 1.0)
    assert [done for _, done in steps] == sorted(done for _, done in steps)


@pytest.mark.scans
def test_a_real_scan_with_injected_defects():
    folder = Path(os.environ.get("STSBENCH_SCANS", REPOSITORY.parent / "shared" / "scans"))
    path = folder / "cast_lower_defects.stl"
    if not path.is_file():
        pytest.skip("the real scans are not here")
    original = read_scan(path)
    repair = repair_scan(original, profile=repair_profile("study"))
    record = review_case(
        {"lower": original},
        {"lower": Repaired(repair.mesh, repair.edits, repair.report())},
        {},
        case_number="2611-0042-K",
        profile="study",
        draw=False,
    )
    found = results(record)
    assert found["R1.max"].value == pytest.approx(0.0, abs=1e-9)
    assert found["R3.told"].value == 0
    assert found["R6"].value is not None  # how little is left is a matter of the repair's tests
    assert 0.5 < found["R2"].value < 5.0
    assert found["I1"].result is CheckResult.PASS
