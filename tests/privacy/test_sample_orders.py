"""The sample orders as a clinic sends them: intake decides as they expect, planted names show."""

import json
from datetime import date
from pathlib import Path

import pytest

from stsbench.files.identifiers import find_identifiers
from stsbench.files.orders import order_from, read_order_document
from stsbench.privacy.intake_rules import assess_order

SAMPLES = Path(__file__).parents[2] / "data_samples"
FOLDERS = sorted(path.parent for path in SAMPLES.glob("*/expected.json"))
TODAY = date(2026, 11, 22)

pytestmark = pytest.mark.skipif(not FOLDERS, reason="data_samples/ has no orders yet")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name[:2])
def test_intake_decides_what_the_sample_expects(folder):
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    found = assess_order(order_from(read_order_document(folder)), today=TODAY)
    assert found.verdict == expected["intake"]
    assert [reason.value for reason in found.reasons] == (
        [expected["reason"]] if expected["reason"] else []
    )


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name[:2])
def test_a_planted_name_is_found_outside_the_order(folder):
    document = read_order_document(folder)
    places = find_identifiers(folder, document)
    named = {place.place for place in places if place.kind == "name"}
    if "patient" in document and document["patient"].get("name"):
        assert {"file name", "folder name"} <= named
        assert any(place.startswith(("PLY", "STL", "OBJ")) for place in named)
    else:
        assert not named
    values = [text for text in _texts(document) if len(text) > 3]
    shown = json.dumps([(place.kind, place.place) for place in places], ensure_ascii=False)
    assert not [text for text in values if text in shown]


def _texts(document: dict) -> list[str]:
    people = [document.get(part) or {} for part in ("patient", "guardian", "doctor", "clinic")]
    return [person["name"] for person in people if person.get("name")]
