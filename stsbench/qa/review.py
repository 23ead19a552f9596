"""The QA record of a case: measured, judged, drawn and written down, from plain values.

Rules owned here:
- The record judges and shows; it never accepts. Its decision is `pending` until a reviewer signs.
- The verdict is the strictest of the checks, the repairs and the models.
- Codes only: nothing here knows who the patient is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.order import Profile
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.domain.verdicts import Verdict, worst
from stsbench.errors import InputError
from stsbench.files.records import encode_report
from stsbench.qa.gates import CheckRow, verdict_of_rows
from stsbench.qa.illustrations import THUMBNAIL, plan_pictures
from stsbench.qa.places import ReviewPlace, review_places
from stsbench.qa.renders import draw_pictures
from stsbench.qa.reports import checks_csv, record_document, render_report
from stsbench.qa.subjects import Modelled, Repaired, Subject, gather_subject

__all__ = ["PENDING", "Modelled", "QaRecord", "Repaired", "review_case"]

PENDING = "pending"


@dataclass(frozen=True, eq=False, slots=True)
class QaRecord:
    """What a review came to; prints as its codes and verdicts.

    Parameters
    ----------
    case_number : str
    profile : Profile
    verdict : Verdict
        Strictest of checks, repairs and models.
    decision : str
        Always "pending": only a reviewer accepts.
    rows : tuple of CheckRow
    places : tuple of ReviewPlace
        In order of clinical risk.
    html : str
        Self-contained page.
    csv : str
        The checks, one line each.
    document : dict
        Schema `stsbench.qa/1`.
    pictures : dict of name to PNG bytes
    record_views : tuple of str
        Names of the record views among the pictures.
    """

    case_number: str
    profile: Profile
    verdict: Verdict
    decision: str
    rows: tuple[CheckRow, ...] = field(repr=False)
    places: tuple[ReviewPlace, ...] = field(repr=False)
    html: str = field(repr=False)
    csv: str = field(repr=False)
    document: dict[str, Any] = field(repr=False)
    pictures: dict[str, bytes] = field(repr=False)
    record_views: tuple[str, ...] = field(repr=False)

    @property
    def thumbnail(self) -> bytes:
        """A small picture for an overview; empty when none was drawn."""
        return self.pictures.get(THUMBNAIL, b"")

    @property
    def json(self) -> bytes:
        """The document in canonical form."""
        return encode_report(self.document)


def review_case(
    scans: Mapping[str, TriangleMesh],
    repairs: Mapping[str, Repaired],
    models: Mapping[str, Modelled],
    *,
    case_number: str,
    profile: Profile | str,
    arches: Mapping[str, Arch] | None = None,
    full_arch: Mapping[str, bool] | None = None,
    draw: bool = True,
    dated: str = "",
    progress: Progress = NO_PROGRESS,
) -> QaRecord:
    """Review a case from what its stages left.

    Parameters
    ----------
    scans : mapping of scan id to TriangleMesh
        As received, in mm, in the order to show them.
    repairs, models : mapping of scan id
        Only what was reached.
    case_number : str
    profile : Profile
    arches : mapping of scan id to Arch, optional
        Where the scan id does not say it.
    full_arch : mapping of scan id to bool, optional
        False for a quadrant.
    draw : bool
        False leaves the pictures out, and the record says so.
    dated : str
        Written into the page as it is; "" for none, which keeps the bytes free of time.
    progress : Progress

    Returns
    -------
    QaRecord

    Raises
    ------
    InputError
        No scan, or a repair or model of a scan that is not there.
    RenderError
        The pictures could not be drawn on this machine.
    """
    strangers = sorted((set(repairs) | set(models)) - set(scans))
    if not scans or strangers:
        raise InputError(
            f"A review needs the scans of all its products; missing: {strangers or 'all'}.",
            "Pass every scan as received.",
        )
    wanted = Profile(profile)
    subjects: list[Subject] = []
    for number, (scan_id, original) in enumerate(scans.items()):
        progress.step("measuring", 0.5 * number / len(scans))
        subject = gather_subject(
            scan_id,
            original,
            repairs.get(scan_id),
            models.get(scan_id),
            profile=wanted,
            arch=(arches or {}).get(scan_id),
            full_arch=(full_arch or {}).get(scan_id),
        )
        subjects.append(subject)
    rows = tuple(row for subject in subjects for row in subject.rows)
    verdict = worst([verdict_of_rows(rows), *(subject.verdict for subject in subjects)])
    found = review_places(subjects)
    places = tuple(place for place, _ in found)
    plan = plan_pictures(subjects, found)
    progress.step("drawing", 0.5)
    pictures = draw_pictures(plan.surfaces, plan.pictures) if draw else {}
    progress.step("writing", 0.95)
    page = render_report(
        subjects,
        places,
        plan,
        pictures,
        case_number=case_number,
        profile=wanted,
        verdict=verdict,
        decision=PENDING,
        dated=dated,
    )
    document = record_document(
        subjects,
        places,
        case_number=case_number,
        profile=wanted,
        verdict=verdict,
        decision=PENDING,
    )
    progress.step("done", 1.0)
    return QaRecord(
        case_number=case_number,
        profile=wanted,
        verdict=verdict,
        decision=PENDING,
        rows=rows,
        places=places,
        html=page,
        csv=checks_csv(rows, case_number=case_number),
        document=document,
        pictures=pictures,
        record_views=tuple(name for name in plan.record if name in pictures),
    )
