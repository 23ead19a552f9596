"""Every word in every language; none left in another one by mistake."""

import json
import re
from importlib.resources import files

import pytest

from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.domain.verdicts import Verdict
from stsbench.errors import InputError
from stsbench.repair.tool_steps import TOOLS
from stsbench.widgets.labels import LANGUAGES, labels_in, language_of

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
    ],
    ids=["kinds", "actions", "tools", "verdicts", "severities"],
)
def test_every_word_of_the_domain_is_in_the_table(section, names):
    assert set(names) <= set(TABLE[section])


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
