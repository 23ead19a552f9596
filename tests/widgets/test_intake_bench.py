"""The intake bench without a browser: what it asks, what it takes in, what it never shows."""

import re

import pytest

from stsbench.domain.access import IntakeVerdict
from stsbench.domain.answers import Answers
from stsbench.widgets.intake_desk import IntakeDesk
from stsbench.workflow.intake import preview_folder
from tests.vault.house import ADULT, NAME, clinic_folder
from tests.widgets.bench_words import left_in_english

NO_FACES = (
    b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\n"
    b"property float z\nelement face 0\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n"
)
AGELESS = {"name": NAME, "gender": "f"}


@pytest.fixture
def opened(bench_home, tmp_path):
    """Return a function that opens the bench on an order."""
    desks = []

    def open_one(*, answers=None, data=None, **about):
        folder = clinic_folder(tmp_path / "order", **about)
        if data is not None:
            (folder / "upper.ply").write_bytes(data)
        ticket = preview_folder(folder).ticket
        desks.append(IntakeDesk(ticket, answers=Answers(answers or {})))
        assert desks[-1].wait()
        return desks[-1]

    yield open_one
    for desk in desks:
        desk.close()


def text_of(widget):
    words = [str(getattr(widget, name, "") or "") for name in ("value", "description", "tooltip")]
    return " ".join([*words, *(text_of(child) for child in getattr(widget, "children", ()))])


def fields_of(desk):
    return list(desk._asked.children)


def test_an_order_that_lacks_nothing_is_taken_in_at_once(opened):
    desk = opened(patient=ADULT)
    assert desk.saved.outcome.verdict is IntakeVerdict.ACCEPTED
    shown = text_of(desk.box)
    assert desk.saved.outcome.case_number in shown
    assert "2_repair_scan.ipynb" in shown
    assert desk._take.disabled
    assert NAME.split()[0] not in shown


def test_what_is_missing_is_asked_and_taken_in_by_the_button(opened):
    desk = opened(patient=AGELESS)
    assert desk.saved is None
    assert "the patient" in text_of(desk.box)
    age, by, on = fields_of(desk)
    desk._take.click()  # nothing answered yet: it stays open
    assert desk.wait()
    assert desk.saved.outcome.verdict is IntakeVerdict.HOLD
    assert not desk._take.disabled
    age, by, on = fields_of(desk)
    age.value, by.value, on.value = "adult", "clinic", "2026-11-22"
    desk._take.click()
    assert desk.wait()
    assert desk.saved.outcome.verdict is IntakeVerdict.ACCEPTED
    assert desk.answers.get("attest/age_unknown") == "adult"
    assert fields_of(desk) == []


def test_the_bench_asks_in_chinese(opened, bench_home):
    bench_home.mkdir(exist_ok=True)
    settings = bench_home / "settings.toml"
    settings.write_text('language = "zh"\n')
    try:
        desk = opened(patient=AGELESS)
    finally:
        settings.unlink()
    options = [word for word, _code in fields_of(desk)[0].options]
    said = re.sub(r"<style>.*?</style>|<[^>]*>", " ", text_of(desk.box))
    assert left_in_english([*said.split(), *options], "zh") == []


def test_a_day_that_is_none_is_one_line_and_the_order_stays_open(opened):
    desk = opened(patient=AGELESS)
    age, by, on = fields_of(desk)
    age.value, by.value, on.value = "adult", "clinic", "yesterday"
    desk._take.click()
    assert desk.wait()
    assert desk.saved is None
    assert "stsbench-say" in desk._message.value
    assert "Traceback" not in text_of(desk.box)
    assert not desk._take.disabled


def test_recorded_answers_fill_the_fields(opened):
    recorded = {"attest/age_unknown": "adult", "attest/by": "clinic", "attest/on": "2026-11-22"}
    desk = opened(patient=AGELESS, answers=recorded)
    assert [field.value for field in fields_of(desk)] == list(recorded.values())


def test_an_order_that_may_not_be_used_is_refused_in_words(opened):
    desk = opened(patient=ADULT, consents=())
    assert desk.saved is None or desk.saved.outcome.verdict is not IntakeVerdict.ACCEPTED
    assert "consent" in text_of(desk.box)


def test_a_scan_without_faces_is_refused_in_words(opened):
    desk = opened(patient=ADULT, data=NO_FACES)
    assert desk.saved is None or desk.saved.outcome.verdict is not IntakeVerdict.ACCEPTED
    assert "a readable scan" in text_of(desk.box)


def test_without_an_order_the_bench_says_so(bench_home):
    desk = IntakeDesk("T-0000-0000-0000", answers=Answers())
    assert desk.wait()
    assert "role='alert'" in desk._message.value
    desk.close()
