"""Every word in every language; none left in another one by mistake."""

import json
import re
from dataclasses import fields
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest

import stsbench
from stsbench.domain.access import Purpose, ReasonCode
from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.domain.order import Profile, ScanRole
from stsbench.domain.verdicts import CheckResult, Verdict
from stsbench.errors import InputError
from stsbench.files.identifiers import PLACES
from stsbench.modelling.checks import Checks
from stsbench.modelling.profiles import BODIES
from stsbench.privacy.identifying_text import KINDS
from stsbench.qa.gates import load_gates
from stsbench.qa.places import kind_words
from stsbench.repair.profiles import RepairProfile
from stsbench.repair.tool_steps import TOOLS
from stsbench.widgets.labels import LANGUAGES, labels_in, language_of
from stsbench.workflow.questions import questions_for

PACKAGE = Path(stsbench.__file__).parent
STEP = re.compile(r'progress\.step\("([^"]+)"')
QUESTIONS = questions_for(ReasonCode)
TABLE = json.loads(files("stsbench.widgets").joinpath("labels.json").read_text("utf-8"))


@pytest.mark.parametrize("section", TABLE)
def test_every_label_speaks_every_language(section):
    for name, spoken in TABLE[section].items():
        assert len(spoken) == len(LANGUAGES), name
        english, chinese, _german = spoken
        assert all(spoken), name
        assert not chinese.isascii(), name
        assert english.replace("…", "").isascii(), name
        blanks = [sorted(re.findall(r"\{\w+\}", text)) for text in spoken]
        assert blanks[0] == blanks[1] == blanks[2], name


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("kind", [kind.value for kind in FindingKind]),
        ("action", [action.value for action in Action]),
        ("tool", TOOLS),
        ("verdicts", [verdict.value for verdict in Verdict] + ["pending", "accept", "send_back"]),
        ("verdicts", [severity.value for severity in Severity if severity is not Severity.NOTE]),
        ("verdicts", [result.value for result in CheckResult]),
        ("purpose", ["intake", *(purpose.value for purpose in Purpose)]),
        ("profile", [profile.value for profile in Profile]),
        ("role", [role.value for role in ScanRole]),
        ("body", BODIES),
        ("measured", Checks.__slots__),
        ("limit", [field.name for field in fields(RepairProfile) if field.name != "name"]),
        ("check", [gate.check_id for gate in load_gates()]),
        ("identifier", KINDS),
        ("place", PLACES),
        ("question", [question.key for question in QUESTIONS]),
        ("choice", [choice for question in QUESTIONS for choice in question.choices]),
        (
            "progress",
            [
                name
                for path in sorted(PACKAGE.rglob("*.py"))
                if path.parent.name not in {"batch", "cli"}
                for name in STEP.findall(path.read_text(encoding="utf-8"))
            ],
        ),
    ],
)
def test_every_word_of_the_domain_is_in_the_table(section, names):
    assert names
    assert set(names) <= set(TABLE[section])


def test_a_check_has_the_title_that_the_report_gives_it():
    for gate in load_gates():
        assert TABLE["check"][gate.check_id][0] == gate.title


def test_every_word_of_a_limit_is_in_the_table():
    said = ["unsure"]  # the one answer to a check that no limit names
    for gate in load_gates():
        for profile in Profile:
            gate.for_profile(profile).limits_in_words(lambda word: said.append(word) or word)
        for value in (True, False, float("nan"), 1.0):
            gate.show(value, lambda word: said.append(word) or word)
    words = {word for word in said if re.search(r"[A-Za-z]{3,}", word)}
    short = {"to", "or", "no", "up to"}
    assert words | short == set(TABLE["gate"])


def test_a_limit_is_said_in_another_language():
    say = partial(labels_in("de").find, section="gate")
    limits = {gate.check_id: gate.limits_in_words(say) for gate in load_gates()}
    assert limits["R1.max"] == "höchstens 0.05 mm; beachten bis 0.1 mm"
    assert limits["I2"] == "100,000 bis 300,000; beachten 50,000 bis 1,000,000"
    assert limits["A1"] == "bestätigt; beachten angegeben oder sicher"


def test_every_kind_of_place_has_one_name():
    assert len({kind_words(kind.value) for kind in FindingKind}) == len(FindingKind)


def test_every_word_of_a_bench_is_asked_for():
    asked = "".join(
        path.read_text(encoding="utf-8") for path in sorted((PACKAGE / "widgets").glob("*.py"))
    )
    assert [name for name in TABLE["bench"] if f'"{name}"' not in asked.replace("'", '"')] == []


def test_the_numbers_of_reasons_are_the_order_of_their_words():
    assert list(TABLE["reason"]) == [reason.name.lower() for reason in EditReason]


def test_a_label_that_is_missing_is_no_empty_button():
    label = labels_in("de")
    assert label("save") == "Neue Version sichern"
    assert label.find("never_heard_of", "kind") == "never heard of"
    with pytest.raises(InputError):
        label("never_heard_of")
    with pytest.raises(InputError):
        labels_in("fr")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "en"), ("zh-CN,zh;q=0.9", "zh"), ("fr;q=0.9, DE-at", "de"), ("fr,nl", "en")],
)
def test_the_browser_names_the_language(accepted, language):
    assert language_of(accepted) == language
