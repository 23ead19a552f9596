import pytest

from stsbench.domain.findings import FindingKind
from stsbench.qa.places import count_findings, kind_words, review_places
from tests.qa.cases import bare_scan, finding, subject


def kinds(*subjects):
    return [place.kind for place, _ in review_places(subjects)]


def test_what_matters_most_comes_first():
    found = [
        finding("spike", size=9.0),
        finding("hole", size=4.5),
        finding("hole", size=8.0),
        finding("double_layer"),
        finding("orientation_unsure"),
        finding("fold", severity="hold"),
        finding("hole", severity="note", size=99.0),
    ]
    places = [place for place, _ in review_places([subject(findings=found)])]
    assert [place.kind for place in places] == [
        "fold",
        "orientation",
        "double layer",
        "hole",
        "hole",
        "spike",
    ]
    assert [place.number for place in places] == [1, 2, 3, 4, 5, 6]
    assert [place.size_mm for place in places if place.kind == "hole"] == [8.0, 4.5]


def test_the_gravest_of_all_scans_comes_first():
    calm = subject("upper", findings=[finding("spike")])
    grave = subject("lower", findings=[finding("preparation_unmarked", severity="hold")])
    assert kinds(calm, grave) == ["preparation unmarked", "spike"]


def test_equal_places_keep_their_order():
    found = [finding("hole", detail=str(k)) for k in range(5)]
    places = [place for place, _ in review_places([subject(findings=found)])]
    assert [place.detail for place in places] == list("01234")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((12.0, -16.0, 5.0), "left front"),
        ((-12.0, 16.0, 5.0), "right back"),
        ((0.5, 0.0, 9.0), "centre middle"),
    ],
)
def test_where_a_place_lies(place, words):
    ((found, _),) = review_places([subject(findings=[finding(place=place)])])
    assert found.where == words
    assert found.picture == "lower_place_1"


def test_what_has_no_place_has_no_picture():
    ((found, _),) = review_places([subject(findings=[finding("orientation_unsure")])])
    assert (found.where, found.picture) == ("whole scan", "")


def test_a_scan_without_stages_has_no_places():
    assert review_places([bare_scan()]) == []


def test_findings_are_counted_by_kind_and_by_what_became_of_them():
    report = {
        "findings": [
            finding("spike", action="removed", size=1.0),
            finding("hole", action="left_open", size=30.0),
            finding("hole", action="filled", size=3.0),
            finding("hole", action="filled", size=4.0),
        ]
    }
    assert count_findings(report) == [
        ("hole", 3, "2 filled, 1 left open", 30.0),
        ("spike", 1, "1 removed", 1.0),
    ]
    assert count_findings({}) == []


def test_every_kind_has_words():
    assert all("_" not in kind_words(kind) for kind in FindingKind)
    assert kind_words("non_manifold_edge") == "branching edge"
