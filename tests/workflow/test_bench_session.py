"""The repair bench without a screen: what is done by hand is what a batch makes of the answers."""

import pytest

from stsbench.domain.access import Purpose
from stsbench.domain.answers import Answers
from stsbench.domain.edits import EditReason
from stsbench.domain.verdicts import Verdict
from stsbench.errors import AccessRefusedError, CancelledError, InputError
from stsbench.files.records import decode_edits
from stsbench.files.scans import encode_ply
from stsbench.vault.client import VaultClient
from stsbench.workflow.auditing import withdraw_consent
from stsbench.workflow.bench_history import order_of_work
from stsbench.workflow.bench_session import RepairSession
from stsbench.workflow.cases import latest_object, open_case
from stsbench.workflow.recorded import read_answers, write_answers
from stsbench.workflow.repair import repair_case
from tests.vault.house import wait_until
from tests.workflow.bench_cases import new_case

PRODUCTS = ("repaired_scan", "edits", "repair_report", "answers")


@pytest.fixture(scope="module")
def case(home, tmp_path_factory):
    return new_case(tmp_path_factory.mktemp("orders") / "one", roles=("upper", "lower"))


@pytest.fixture
def bench(case):
    session = RepairSession(case, answers=Answers())
    session.start()
    yield session
    session.close()


def hole_of(session, scan_id="upper"):
    """A boundary edge of the shortest open loop."""
    working = session.scans[scan_id].working
    loops = working.open_loops()
    shortest = min(range(len(loops)), key=lambda n: len(loops.loop(n)))
    loop = loops.loop(shortest)
    return [int(loop[0]), int(loop[1])]


def stored(case_number, kind, scan_id="upper"):
    from stsbench.domain.access import Role

    with open_case(case_number) as case:
        entry = latest_object(case.record.objects, kind, scan_id)
        return case.read(entry.object_id, purpose=Purpose.REPAIR, role=Role.TECHNICIAN)


def state(session, scan_id="upper"):
    working = session.scans[scan_id].working
    return (
        working.vertices.tobytes(),
        working.faces.tobytes(),
        working.alive.tobytes(),
        working.twin.tobytes(),
    )


def test_an_open_bench_says_whose_it_is_and_shows_the_automatic_repair(bench, case):
    assert (bench.number, bench.purpose) == (case, "repair")
    assert bench.open_until > "2026"
    assert set(bench.scans) == {"upper", "lower"}
    assert bench.answers == Answers()
    assert bench.verdict() is Verdict.HOLD  # the large hole is above the limit and stays open
    assert len(bench.scans["upper"].working.open_loops()) == 2  # border and hole


def test_by_hand_and_in_batch_the_same_answers_give_the_same_bytes(bench, case):
    bench.use("upper", {"tool": "fill", "edge": hole_of(bench)})
    bench.use("lower", {"tool": "delete", "faces": [[40, 44], [100, 130]]})
    bench.undo()
    bench.use("lower", {"tool": "delete", "faces": [[40, 44]]})
    bench.use("lower", {"tool": "fill_below", "rim_mm": 30.0})
    saved = bench.save()
    recorded = write_answers(bench.answers)
    by_hand = {(kind, s): stored(case, kind, s) for kind in PRODUCTS for s in bench.scans}
    again = repair_case(case, answers=read_answers(recorded))
    in_batch = {(kind, s): stored(case, kind, s) for kind in PRODUCTS for s in bench.scans}
    assert by_hand == in_batch
    assert saved.verdict is again.verdict
    assert by_hand["repaired_scan", "upper"] == encode_ply(again.scans[0].result.mesh)


def test_a_hole_filled_by_hand_is_reviewed_and_its_faces_are_marked_as_filled(bench):
    before = bench.shipped("upper")
    added = len(bench.use("upper", {"tool": "fill", "edge": hole_of(bench)}).step.faces)
    after = bench.shipped("upper")
    assert before.verdict is Verdict.HOLD
    assert after.verdict is Verdict.REVIEW
    assert [f.action.value for f in before.findings].count("left_open") == 1
    assert [f.action.value for f in after.findings].count("left_open") == 0
    assert after.edited_mm2 > before.edited_mm2 + 20.0  # a hole of 5 x 5 mm
    reasons = bench.scans["upper"].edit_reasons()
    assert (reasons[-added:] == EditReason.HOLE_FILL).all()
    assert after.edits.added_reason.tolist() == reasons[bench.scans["upper"].working.alive].tolist()


def test_a_hole_cut_by_hand_is_listed(bench):
    bench.use("upper", {"tool": "delete", "faces": [[2000, 2004]]})
    opened = [f for f in bench.shipped("upper").findings if f.detail.startswith("Opened by hand")]
    assert len(opened) == 1


def test_undo_and_redo_go_through_all_scans_and_leave_the_same_bytes(bench):
    start = {name: state(bench, name) for name in bench.scans}
    bench.use("upper", {"tool": "fill", "edge": hole_of(bench)})
    bench.use("lower", {"tool": "delete", "faces": [[7, 9]]})
    end = {name: state(bench, name) for name in bench.scans}
    assert (bench.next_undo(), bench.next_redo()) == ("delete", None)
    assert [bench.undo()[0], bench.undo()[0]] == ["lower", "upper"]
    assert {name: state(bench, name) for name in bench.scans} == start
    assert bench.answers == Answers()
    assert (bench.next_undo(), bench.next_redo()) == (None, "fill")
    assert [bench.redo()[0], bench.redo()[0]] == ["upper", "lower"]
    assert {name: state(bench, name) for name in bench.scans} == end
    with pytest.raises(InputError):
        bench.redo()


def test_a_new_use_forgets_what_was_undone(bench):
    bench.use("upper", {"tool": "delete", "faces": [[7, 9]]})
    bench.undo()
    bench.use("upper", {"tool": "delete", "faces": [[11, 12]]})
    assert bench.next_redo() is None
    (use,) = bench.answers.get("upper/steps")
    origin = use.pop("on")  # which repaired scan the numbers count on
    assert use == {"tool": "delete", "faces": [[11, 12]]}
    assert origin == bench.scans["upper"].working.origin


def test_a_new_use_on_one_scan_forgets_what_was_undone_on_the_other(bench):
    bench.use("upper", {"tool": "delete", "faces": [[7, 9]]})
    bench.undo()
    bench.use("lower", {"tool": "delete", "faces": [[11, 12]]})
    assert bench.next_redo() is None
    with pytest.raises(InputError, match="redo"):
        bench.redo()
    assert bench.undo()[0] == "lower"


def test_the_last_hundred_steps_can_be_taken_back(bench):
    for number in range(104):
        bench.use("upper", {"tool": "delete", "faces": [[3 * number, 3 * number + 1]]})
    for _ in range(100):
        bench.undo()
    with pytest.raises(InputError, match="undo"):
        bench.undo()
    assert len(bench.answers.get("upper/steps")) == 4


def test_a_preview_changes_nothing_until_it_is_accepted(bench):
    start = state(bench)
    step = bench.plan("upper", {"tool": "fill", "edge": hole_of(bench)})
    assert len(step.faces) > 0
    assert state(bench) == start
    bench.reject()
    with pytest.raises(InputError):
        bench.accept("upper")
    assert state(bench) == start


@pytest.mark.parametrize(
    ("name", "scan_id", "use"),
    [
        ("no such tool", "upper", {"tool": "polish"}),
        ("no such scan", "bite", {"tool": "delete", "faces": [[0, 1]]}),
        ("no faces", "upper", {"tool": "delete", "faces": []}),
        ("faces that are not there", "upper", {"tool": "delete", "faces": [[0, 10**7]]}),
        ("an edge that is not open", "upper", {"tool": "fill", "edge": [0, 0]}),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(name, scan_id, use, bench):
    start = state(bench)
    with pytest.raises(InputError) as caught:
        bench.use(scan_id, use)
    assert caught.value.remedy
    assert state(bench) == start
    assert bench.answers == Answers()


def test_saved_answers_are_taken_up_again(bench, case):
    bench.use("upper", {"tool": "fill", "edge": hole_of(bench)})
    bench.save()
    again = RepairSession(case)
    again.start()
    assert again.answers == bench.answers
    assert state(again) == state(bench)
    assert again.next_undo() == "fill"
    again.close()


def test_the_edit_record_of_a_save_tells_of_both_repairs(bench, case):
    bench.use("upper", {"tool": "delete", "faces": [[2000, 2004]]})
    bench.save()
    edits = decode_edits(stored(case, "edits"))
    assert (edits.removed_reason == EditReason.MANUAL).sum() == 4
    assert (edits.removed_reason == EditReason.ISLAND).sum() > 0


def test_a_save_is_audited(bench, case):
    with VaultClient.connect() as client:
        before = len(client.audit_entries(case_number=case))
        bench.save()
        new = client.audit_entries(case_number=case)[before:]
    actions = [entry["action"] for entry in new]
    assert actions.count("store_object") == 2 * 2 * len(PRODUCTS)  # intent and outcome, two scans
    assert actions[-1] == "verdict_repair"


def test_the_profile_decides_and_an_answer_overrides_the_order(case):
    session = RepairSession(case, answers=Answers({"profile": "ortho-record"}))
    session.start()
    with pytest.raises(InputError, match="allows no edit"):
        session.use("upper", {"tool": "delete", "faces": [[0, 1]]})
    assert session.scans["upper"].automatic.edited_mm2 == 0.0
    session.close()


def test_opening_can_be_cancelled(case):
    from stsbench.domain.progress import CancellableProgress

    progress = CancellableProgress()
    progress.cancel()
    session = RepairSession(case)
    with pytest.raises(CancelledError):
        session.start(progress)
    session.close()


def test_withdrawn_consent_clears_the_bench_at_once(home, tmp_path):
    told = []
    session = RepairSession(new_case(tmp_path / "order"), ended=told.append)
    session.start()
    withdraw_consent(session.number, "repair")
    assert wait_until(lambda: bool(told), seconds=4.0)
    assert isinstance(told[0], AccessRefusedError)
    assert "Consent was withdrawn on" in str(told[0])
    assert wait_until(lambda: not session.scans, seconds=2.0)
    with pytest.raises(AccessRefusedError):
        session.use("upper", {"tool": "delete", "faces": [[0, 1]]})
    with pytest.raises(AccessRefusedError):
        session.save()
    assert len(told) == 1
    session.close()


def test_a_use_notices_the_end_before_the_watch_does(home, tmp_path):
    told = []
    session = RepairSession(new_case(tmp_path / "order"), ended=told.append)
    session.start()
    withdraw_consent(session.number, "repair")
    with pytest.raises(AccessRefusedError):
        session.use("upper", {"tool": "delete", "faces": [[0, 1]]})
    assert len(told) == 1
    session.close()


def test_sign_off_clears_the_bench(home, tmp_path):
    told = []
    session = RepairSession(new_case(tmp_path / "order"), ended=told.append)
    session.start()
    with VaultClient.connect() as client:
        client.record_verdict(session.number, stage="review", verdict="accept")
    assert wait_until(lambda: bool(told), seconds=4.0)
    assert "signed" in str(told[0])
    session.close()
    again = RepairSession(session.number, ended=told.append)
    again.start()  # a case that was accepted before may be opened again
    again.use("upper", {"tool": "delete", "faces": [[0, 1]]})
    assert len(told) == 1
    again.close()


def test_undo_takes_the_last_thing_off_be_it_a_step_or_a_note(bench):
    start = {name: state(bench, name) for name in bench.scans}
    bench.mark("lower", [1.0, 2.0, 3.0], "first")
    bench.use("upper", {"tool": "delete", "faces": [[7, 9]]})
    bench.mark("upper", [4.0, 5.0, 6.0], "second")
    bench.use("lower", {"tool": "delete", "faces": [[11, 12]]})
    end, answers = {name: state(bench, name) for name in bench.scans}, bench.answers
    seen = []
    for _ in range(4):
        name, (scan_id, done) = bench.next_undo(), bench.undo()
        assert name == done.tool
        assert (done.step is None) == (name == "note")
        seen.append((scan_id, name))
    assert seen == [
        ("lower", "delete"), ("upper", "note"), ("upper", "delete"), ("lower", "note"),
    ]  # fmt: skip
    assert (bench.answers, bench.next_undo()) == (Answers(), None)
    assert {name: state(bench, name) for name in bench.scans} == start
    again = [(bench.next_redo(), bench.redo()[0]) for _ in range(4)]
    assert again == [(name, scan_id) for scan_id, name in reversed(seen)]
    assert bench.answers == answers
    assert {name: state(bench, name) for name in bench.scans} == end


def test_a_note_forgets_what_was_undone_on_every_scan(bench):
    bench.use("upper", {"tool": "delete", "faces": [[7, 9]]})
    bench.undo()
    bench.mark("lower", [0.0, 0.0, 0.0], "rough")
    assert bench.next_redo() is None
    assert bench.scans["upper"].undone == ()
    with pytest.raises(InputError, match="redo"):
        bench.redo()


def test_a_note_taken_off_is_not_saved(bench, case):
    bench.mark("upper", [1.0, 2.0, 3.0], "never mind")
    bench.undo()
    bench.save()
    assert b"never mind" not in stored(case, "answers")


def test_notes_and_steps_keep_their_order_when_the_case_is_opened_again(bench, case):
    bench.mark("upper", [1.0, 0.0, 0.0], "first")
    bench.use("upper", {"tool": "delete", "faces": [[7, 9]]})
    bench.mark("upper", [2.0, 0.0, 0.0], "between")
    bench.use("upper", {"tool": "delete", "faces": [[11, 12]]})
    bench.mark("upper", [3.0, 0.0, 0.0], "last")
    bench.save()
    again = RepairSession(case)
    again.start()
    try:
        assert again.answers == bench.answers
        assert [again.undo()[1].tool for _ in range(5)] == [
            "note", "delete", "note", "delete", "note",
        ]  # fmt: skip
    finally:
        again.close()


def test_work_to_and_fro_is_taken_back_in_its_order_when_the_case_is_opened_again(bench, case):
    bench.use("lower", {"tool": "delete", "faces": [[7, 9]]})
    bench.mark("upper", [1.0, 0.0, 0.0], "rough")
    bench.use("lower", {"tool": "delete", "faces": [[11, 12]]})
    bench.use("upper", {"tool": "delete", "faces": [[7, 9]]})
    bench.save()
    again = RepairSession(case)
    again.start()
    try:
        assert again.answers == bench.answers
        assert [again.undo()[0] for _ in range(4)] == ["upper", "lower", "upper", "lower"]
        assert again.answers == Answers()
    finally:
        again.close()


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (None, "uul"),
        ("ulu", "uul"),  # text is no list
        (list("ulu"), "ulu"),
        (list("lllulu"), "ulu"),  # those before were forgotten
        (list("uu"), "uul"),
        (["u", 3, "x", "l", "u"], "ulu"),
    ],
)
def test_an_order_that_does_not_fit_is_left_out(recorded, expected):
    assert order_of_work(recorded, {"u": 2, "l": 1}) == list(expected)


def test_notes_of_an_older_version_come_after_the_steps(case):
    steps = [{"tool": "delete", "faces": [[7, 9]]}]
    old = Answers({"upper/steps": steps, "upper/marks": [[1.0, 2.0, 3.0, "rough"]]})
    session = RepairSession(case, answers=old)
    session.start()
    try:
        assert session.answers.get("upper/marks") == [[1.0, 2.0, 3.0, "rough", 1]]
        assert [session.undo()[1].tool, session.undo()[1].tool] == ["note", "delete"]
    finally:
        session.close()


@pytest.mark.parametrize(
    "row", [[1.0, 2.0, "rough"], [1.0, 2.0, "x", "rough"], "rough", [1, 2, 3, 4]]
)
def test_a_recorded_note_that_is_none_is_refused(row, case):
    session = RepairSession(case, answers=Answers({"upper/marks": [row]}))
    with pytest.raises(InputError, match="no place or no text"):
        session.start()
    session.close()


def test_a_note_stays_with_the_case_and_out_of_the_batch(bench, case):
    bench.mark("upper", [1.0, 2.0, 3.00049], "bubble on 36")
    assert bench.answers.get("upper/marks") == [[1.0, 2.0, 3.0, "bubble on 36", 0]]
    assert read_answers(write_answers(bench.answers)) == Answers()
    bench.save()
    assert b"bubble on 36" in stored(case, "answers")


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("a date", "seen on 03.04.1971"),
        ("an address", "ask a.b@clinic.example"),
        ("a field", "patient_name: X"),
        ("a letter", "x" * 81),
    ],
)
def test_a_note_about_a_person_is_refused(name, note, bench):
    with pytest.raises(InputError) as caught:
        bench.mark("upper", [0.0, 0.0, 0.0], note)
    assert caught.value.remedy
    assert note not in str(caught.value)
    assert bench.answers == Answers()
