"""The model bench without a screen: planes by three places, and the same bytes as a batch."""

import numpy as np
import pytest

from stsbench.domain.access import Purpose, Role
from stsbench.domain.answers import Answers
from stsbench.errors import AccessRefusedError, InputError
from stsbench.workflow.auditing import withdraw_consent
from stsbench.workflow.cases import latest_object, open_case
from stsbench.workflow.model import model_case
from stsbench.workflow.model_session import ModelSession, plane_normal
from stsbench.workflow.recorded import read_answers, write_answers
from stsbench.workflow.repair import repair_case
from stsbench.workflow.review_session import ReviewSession
from tests.vault.house import wait_until
from tests.workflow.bench_cases import new_case

FILL = Answers({"upper/steps": [{"tool": "fill_below", "rim_mm": 30.0}]})


@pytest.fixture(scope="module")
def case(home, tmp_path_factory):
    number = new_case(tmp_path_factory.mktemp("orders") / "one")
    repair_case(number, answers=FILL)
    return number


@pytest.fixture
def bench(case):
    session = ModelSession(case, answers=Answers())
    for scan in session.case.arch_scans:
        session.open_scan(scan)
    yield session
    session.close()


def stored(number, kind):
    with open_case(number) as case:
        entry = latest_object(case.record.objects, kind, "upper")
        return case.read(entry.object_id, purpose=Purpose.MODEL, role=Role.TECHNICIAN)


@pytest.mark.parametrize(
    ("name", "places", "before", "normal"),
    [
        ("flat", [(0, 0, 0), (40, 0, 0), (20, 30, 0)], None, (0, 0, 1)),
        ("clicked the other way round", [(40, 0, 0), (0, 0, 0), (20, 30, 0)], (0, 0, 1), (0, 0, 1)),
        ("upside down", [(0, 0, 5), (40, 0, 5), (20, 30, 5)], (0.1, 0, -1), (0, 0, -1)),
        (
            "at 45 degrees",
            [(0, 0, 0), (0, 40, 0), (30, 0, 30)],
            (0, 0, 1),
            (-(0.5**0.5), 0, 0.5**0.5),
        ),
    ],
)
def test_three_places_give_a_plane_on_the_side_of_the_one_before(name, places, before, normal):
    side = None if before is None else np.array(before, dtype=float)
    found = plane_normal(np.array(places, dtype=float), before=side)
    assert found == pytest.approx(normal, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("two", [(0, 0, 0), (40, 0, 0)]),
        ("twice the same", [(0, 0, 0), (0, 0, 0), (40, 0, 0)]),
        ("on a line", [(0, 0, 0), (20, 0, 0), (40, 0.1, 0)]),
        ("on one tooth", [(0, 0, 0), (3, 0, 0), (0, 3, 0)]),
        ("nowhere", [(0, 0, 0), (40, 0, 0), (np.nan, 30, 0)]),
    ],
)
def test_what_gives_no_plane_is_refused(name, places):
    with pytest.raises(InputError) as caught:
        plane_normal(np.array(places, dtype=float))
    assert caught.value.remedy


def test_by_hand_and_in_batch_the_same_answers_give_the_same_model(bench, case):
    bench.make("upper")
    bench.set_plane("upper", [(5, 5, 0), (55, 5, 1), (30, 45, 0)])
    bench.choose_body("solid")
    made = bench.make("upper")
    assert made.confirmed
    assert made.frame.source == "given"
    bench.save()
    by_hand = stored(case, "model"), stored(case, "model_report")
    again = model_case(case, body="hollow", answers=read_answers(write_answers(bench.answers)))
    assert (stored(case, "model"), stored(case, "model_report")) == by_hand
    assert again.models[0].result.body == "solid"  # an answer wins over the notebook


def test_confirming_the_plane_is_an_answer_and_goes_into_the_report(bench):
    before = bench.make("upper")
    bench.confirm_plane("upper")
    after = bench.make("upper")
    assert (before.confirmed, after.confirmed) == (False, True)
    assert bench.answers.values == {"upper/orientation_confirmed": True}


def test_planes_confirmations_and_bodies_are_taken_back_in_one_order(bench):
    first = bench.make("upper")
    bench.set_plane("upper", [(0, 0, 0), (40, 0, 1), (20, 30, 0)])
    bench.confirm_plane("upper")
    bench.confirm_plane("upper")  # nothing new
    turned = bench.make("upper")
    bench.choose_body("hollow")
    end = bench.answers
    assert [(bench.decisions.next_undo, bench.undo()) for _ in range(3)] == [
        ("body", ""), ("plane_confirm", "upper"), ("plane", "upper"),
    ]  # fmt: skip
    assert (bench.answers, bench.decisions.next_undo) == (Answers(), None)
    again = bench.make("upper")
    assert again.mesh.vertices.tobytes() == first.mesh.vertices.tobytes()
    assert turned.mesh.vertices.tobytes() != first.mesh.vertices.tobytes()
    with pytest.raises(InputError, match="nothing to undo"):
        bench.undo()
    assert [bench.redo() for _ in range(3)] == ["upper", "upper", ""]
    assert bench.answers == end
    bench.undo()  # hollow models are not made yet
    assert bench.make("upper").mesh.vertices.tobytes() == turned.mesh.vertices.tobytes()


def test_saved_answers_keep_the_steps_of_the_repair(case):
    session = ModelSession(case)
    steps = session.answers.get("upper/steps")
    session.close()
    assert steps == FILL.values["upper/steps"]


def test_a_case_that_was_not_repaired_cannot_be_modelled(home, tmp_path):
    session = ModelSession(new_case(tmp_path / "order"))
    with pytest.raises(InputError, match="no repaired scan"):
        session.open_scan(session.case.arch_scans[0])
    session.close()


def test_withdrawn_consent_ends_the_model_bench(home, tmp_path):
    number, told = new_case(tmp_path / "order"), []
    repair_case(number, answers=FILL)
    session = ModelSession(number, ended=told.append)
    session.open_scan(session.case.arch_scans[0])
    withdraw_consent(number, "model")
    assert wait_until(lambda: bool(told), seconds=4.0)
    with pytest.raises(AccessRefusedError):
        session.make("upper")
    session.close()


def test_a_review_shows_what_was_made_and_signing_ends_it(case, bench):
    bench.make("upper")
    bench.save()
    told = []
    session = ReviewSession(case, ended=told.append)
    (scan,) = session.open_scans()
    assert scan.model is not None
    assert scan.occlusal is not None
    assert scan.repaired.face_count > scan.original.face_count - 2000
    with pytest.raises(InputError, match="Nothing was measured"):
        session.sign("accept")
    session.measure()
    assert session.sign("send_back")["verdict"] == "send_back"
    assert len(told) == 1
    with open_case(case) as again:
        assert again.record.verdicts["review"] == "send_back"
    session.close()
