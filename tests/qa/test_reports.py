import csv
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from stsbench.domain.findings import NOT_CHECKED
from stsbench.domain.order import Profile
from stsbench.domain.verdicts import Verdict
from stsbench.files.records import encode_report
from stsbench.qa.drawing import encode_png
from stsbench.qa.gates import evaluate, not_checked_here
from stsbench.qa.illustrations import plan_pictures
from stsbench.qa.places import review_places
from stsbench.qa.reports import checks_csv, record_document, render_report
from stsbench.qa.summaries import SummaryRow, checks_table, render_summary
from tests.qa.cases import bare_scan, finding, subject

HOSTILE = "<script>alert('x')</script><img src=x onerror=y>\"'&{{ 7*7 }}"


class Page(HTMLParser):
    """What a browser would fetch or run, and what a reader would read."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.fetched, self.images, self.words, self.handlers = [], [], [], [], []
        self._skip = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._skip = tag == "style"
        for name, value in attrs:
            if name in {"src", "href", "data", "action", "srcset", "poster", "background"}:
                self.fetched.append(value)
            if name.startswith("on"):
                self.handlers.append(name)
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_endtag(self, tag):
        self._skip = False

    def handle_data(self, data):
        if not self._skip:
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


def page_of(*subjects, draw=True, decision="pending", verdict=Verdict.REVIEW, **more):
    found = review_places(subjects)
    plan = plan_pictures(subjects, found)
    dot = encode_png(np.zeros((2, 2, 3), np.uint8))
    return render_report(
        subjects,
        [place for place, _ in found],
        plan,
        {picture.name: dot for picture in plan.pictures} if draw else {},
        case_number=more.pop("case_number", "2611-0042-K"),
        profile=Profile.STUDY,
        verdict=verdict,
        decision=decision,
        **more,
    )


FOUND = [finding(), finding("spike", severity="note", action="removed")]


def test_a_record_carries_everything_with_it_and_runs_nothing():
    text = page_of(subject(findings=FOUND))
    page = Page(text)
    assert "script" not in page.tags
    assert not {"iframe", "object", "embed", "link", "form", "base"} & set(page.tags)
    assert page.handlers == []
    assert page.fetched
    assert all(source.startswith("data:image/png;base64,") for source in page.fetched)
    assert not re.search(r"https?://|//[a-z]|@import|url\(", text)
    assert "default-src 'none'" in text


def test_every_picture_has_words_for_who_cannot_see_it():
    page = Page(page_of(subject("upper", findings=FOUND), subject("lower", findings=FOUND)))
    alts = [image["alt"] for image in page.images]
    assert len(alts) >= 5 + 2 * 3
    assert all(len(alt) > 10 for alt in alts)
    assert len(set(alts)) == len(alts)


def test_what_a_record_says():
    text = Page(page_of(subject(findings=FOUND), dated="2026-11-20")).text
    for words in (
        "Case 2611-0042-K",
        "checks: review",
        "decision: pending",
        "Profile study, made 2026-11-20",
        "orientation not confirmed",
        "at most 0.05 mm; warning up to 0.1 mm",
        "choice, not fact",
        "Edited area 12.30 mm²",
        "A reviewer must look",
        "teeth identify",
    ):
        assert words in text
    for line in NOT_CHECKED:
        assert line in text
    for row in not_checked_here():
        assert row.reason in text


def test_hostile_text_stays_text():
    text = page_of(
        subject("<b>upper", findings=[finding(detail=HOSTILE)]),
        case_number=HOSTILE,
        dated=HOSTILE,
        decision=HOSTILE,
    )
    page = Page(text)
    assert "script" not in page.tags
    assert page.handlers == []
    assert "{{ 7*7 }}" in page.text
    assert "<script>alert" in page.text
    assert all(image["src"].startswith("data:") for image in page.images)


def test_the_same_record_is_the_same_bytes():
    assert page_of(subject(findings=FOUND)) == page_of(subject(findings=FOUND))


def test_no_time_of_making_stands_in_a_record_unless_it_was_passed():
    text = Page(page_of(subject())).text
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b|\d\d:\d\d", text)


def test_a_record_without_pictures_says_so():
    page = Page(page_of(subject(findings=FOUND), draw=False))
    assert page.images == []
    assert "No pictures were drawn" in page.text


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (subject(with_model=False), "not reached"),
        (bare_scan(), "No scan was repaired"),
        (subject(measured={"orientation": "confirmed"}), "orientation confirmed by a person"),
        (subject(measured={"orientation": "unsure"}), "the self-check is not satisfied"),
        (subject(), "Repair and modelling listed no place"),
    ],
)
def test_a_record_of_less_says_what_is_missing(one, words):
    assert words in Page(page_of(one)).text


def test_unanswered_checks_are_listed_with_their_reason():
    text = Page(page_of(subject())).text
    assert "Not answered, could not be measured:" in text
    assert "Does not apply, only for the profile aligner: M6." in text


def rows(measured, subject_id="lower"):
    return evaluate(measured, profile="study", subject=subject_id)


def test_the_checks_as_csv_read_back():
    text = checks_csv(rows({"shells": 2, "watertight": True}), case_number="2611-0042-K")
    read = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    assert read["M1.shells"]["result"] == "fail"
    assert read["M1.shells"]["value"] == "2"
    assert read["M1.closed"]["value"] == "yes"
    assert read["M2"]["value"] == ""
    assert read["M2"]["result"] == "not_checked"
    assert {row["case_number"] for row in read.values()} == {"2611-0042-K"}
    assert "\r" not in text


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_a_spreadsheet_runs_no_cell(start):
    text = checks_csv(rows({}, start), case_number=start)
    read = next(iter(csv.DictReader(io.StringIO(text))))
    assert read["case_number"] == "'" + start
    assert read["subject"] == "'" + start


def test_the_document_is_canonical_json():
    one = subject(findings=FOUND, measured={"untouched_max_mm": float("nan")})
    places = [place for place, _ in review_places([one])]
    document = record_document(
        [one],
        places,
        case_number="2611-0042-K",
        profile=Profile.STUDY,
        verdict=Verdict.HOLD,
        decision="pending",
    )
    assert document["schema"] == "stsbench.qa/1"
    assert document["decision"] == "pending"
    assert document["review"][0]["number"] == 1
    assert encode_report(document) == encode_report(document)


def test_the_checks_as_a_table():
    table = checks_table(rows({"shells": 1}))
    assert table.shape[0] == len(rows({}))
    assert table.set_index("check").loc["M1.shells", "result"] == "pass"


SUMMARY = [
    SummaryRow(
        "Clean pair", "2611-0001-K", {"intake": "accepted", "repair": "pass"}, "", "a/b.html"
    ),
    SummaryRow("Refused", "", {"intake": "refused", "repair": ""}, "consent_withheld"),
]


def test_the_overview_links_each_record_and_fetches_nothing():
    page = Page(render_summary(SUMMARY))
    assert page.fetched == ["a/b.html"]
    assert "script" not in page.tags
    for words in ("Clean pair", "consent_withheld", "not reached", "2 orders, 1 with a QA record"):
        assert words in page.text


@pytest.mark.parametrize(
    "link",
    ["http://x.invalid/a", "//x.invalid/a", "javascript:alert(1)", "/etc/a", "data:text/html,x"],
)
def test_the_overview_links_only_beside_itself(link):
    page = Page(render_summary([SummaryRow("t", "n", {"intake": "accepted"}, "", link)]))
    assert page.fetched == []


def test_the_overview_escapes_and_repeats_itself():
    hostile = [SummaryRow(HOSTILE, HOSTILE, {"intake": HOSTILE}, HOSTILE, "a.html", b"png")]
    page = Page(render_summary(hostile, title=HOSTILE, subtitle=HOSTILE))
    assert "script" not in page.tags
    assert page.handlers == []
    assert render_summary(SUMMARY) == render_summary(SUMMARY)
    assert "0 orders" in Page(render_summary([])).text
