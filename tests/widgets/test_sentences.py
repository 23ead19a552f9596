"""What Python says in English is on screen in the language of the bench."""

import ast
import re
from pathlib import Path

import pytest

import stsbench
from stsbench.domain.access import ReasonCode
from stsbench.vault.refusals import ended, refused
from stsbench.widgets.labels import labels_in
from stsbench.widgets.sentences import in_words

PACKAGE = Path(stsbench.__file__).parent
# Where a bench's sentences are raised or listed. What only a broken program could raise is left out.
MODULES = (
    "workflow/bench_history.py", "workflow/bench_lease.py", "workflow/bench_session.py",
    "workflow/bench_result.py", "workflow/model_session.py", "workflow/review_session.py",
    "repair/deleting_steps.py", "repair/border_steps.py", "repair/filling_steps.py",
    "repair/trimming_steps.py", "repair/curve_steps.py", "repair/cutting.py",
    "repair/tidying.py", "repair/holes.py", "repair/islands.py", "repair/overlaps.py",
    "repair/patching.py", "repair/turning.py", "modelling/model_findings.py",
    "widgets/repair_desk.py", "widgets/model_desk.py", "widgets/review_desk.py",
    "widgets/intake_desk.py",
)  # fmt: skip
INNER = {
    "The case was 7.",  # accepted or sent back: both are in the table
    "Give a direction.",
    "The occlusal plane is unsure7. Give the orientation.",  # with doubts or without: in the table
    "The normal of the plane has no length.",
    "Move the plane, or turn its normal round.",
}
LATIN = re.compile(r"[A-Za-z]{3,}")
KNOWN = re.compile(r"stsbench intake FOLDER|\d_\w+|answers\.json|JSON")


def sentences_in(path):
    """Every sentence of a module that is no docstring; its blanks hold a number."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if hasattr(node, "body") and isinstance(node.body, list) and node.body
        if isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if id(node) in docs:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "7" for p in node.values]
            text = "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if re.fullmatch(r"[A-Z][^\n]* [^\n]*\.", text):
            yield text


@pytest.mark.parametrize("module", MODULES)
def test_every_sentence_a_bench_may_show_is_in_the_table(module):
    found = sorted(set(sentences_in(PACKAGE / module)) - INNER)
    chinese = labels_in("zh")
    left = [text for text in found if LATIN.search(KNOWN.sub("", in_words(text, chinese)))]
    assert left == []


@pytest.mark.parametrize("reason", ReasonCode)
def test_every_refusal_of_the_vault_is_said_and_keeps_its_code(reason):
    from datetime import date

    for error in (refused(reason), ended(reason, date(2026, 11, 22))):
        said = in_words(str(error), labels_in("zh"))
        assert f"({reason.value})" in said
        assert not LATIN.search(said.replace(reason.value, ""))


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Loop 3: left open: longer than 12.5 mm.", "Loch 3: offen gelassen, länger als 12.5 mm."),
        (
            "Step 2: smoothed by hand. The cap of 0.1 mm is above 0.05 mm: look at the place.",
            "Schritt 2: von Hand geglättet. Die Grenze von 0.1 mm liegt über 0.05 mm: die Stelle "
            "ansehen.",
        ),
        (
            "The occlusal plane is unsure: no border, few tips agree. Give the orientation.",
            "Die Okklusionsebene ist unsicher: kein Rand, wenige Spitzen stimmen überein. Die "
            "Ausrichtung angeben.",
        ),
        ("The profile study allows no edit.", "Das Profil Studienmodell erlaubt keine Änderung."),
        ("The note holds date, e-mail.", "Die Notiz enthält: Datum, E-Mail."),
        ("Nobody wrote this down. Select less.", "Nobody wrote this down. Weniger wählen."),
        ("", ""),
    ],
)
def test_sentences_are_found_one_after_another(english, german):
    assert in_words(english, labels_in("de")) == german
    assert in_words(english, labels_in("en")) == english
