"""Which pictures a QA record holds, planned from its subjects and drawn in one process.

Rules owned here:
- The record views show what was made: the models, else the repaired scans. An upper and a lower
  that stand in occlusion are shown together, as an orthodontic record does.
- Maps and close-ups are made for scans that were repaired.
- A place gets a close-up as long as there are not too many; all are ringed on the overview.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.dentition import Arch
from stsbench.domain.findings import Action
from stsbench.qa.cameras import ARCH_VIEWS, PAIR_VIEWS
from stsbench.qa.layouts import grid_picture, record_pictures
from stsbench.qa.maps import (
    close_up,
    deviation_bar,
    deviation_face_colours,
    edit_entries,
    edit_face_colours,
    map_picture,
    marker_of,
    removed_face_colours,
)
from stsbench.qa.palette import MADE_BY_REPAIR
from stsbench.qa.pictures import Panel, Picture, Surface
from stsbench.qa.places import ReviewPlace
from stsbench.qa.subjects import Subject

__all__ = ["THUMBNAIL", "Plan", "plan_pictures"]

THUMBNAIL = "thumbnail"

_RECORD_SIZE = (800, 920)
_RECORD_TEXT = 1.7  # shown three in a row
_MAP_WIDTH = 1000
_THUMBNAIL = 240
_CLOSE_UPS = 12
_SAME_WAY_COS = 0.85  # two arches in one bite look the same way up within about 30 degrees


@dataclass(eq=False, slots=True)
class Plan:
    """Surfaces and pictures of a record, and what each shows.

    Parameters
    ----------
    surfaces : list of Surface
    pictures : list of Picture
    alt : dict of picture name to text
        For a reader who cannot see the picture.
    record, maps, close_ups : list of str
        Names in the order they are shown.
    aside : list of str
        Names of pictures for other pages: the thumbnail of an overview.
    """

    surfaces: list[Surface] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    alt: dict[str, str] = field(default_factory=dict)
    record: list[str] = field(default_factory=list)
    maps: list[str] = field(default_factory=list)
    close_ups: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)

    def surface(self, surface: Surface) -> int:
        """Add a surface; return its index."""
        self.surfaces.append(surface)
        return len(self.surfaces) - 1

    def add(self, group: list[str], picture: Picture, alt: str) -> None:
        """Add a picture with its text."""
        self.pictures.append(picture)
        self.alt[picture.name] = alt
        group.append(picture.name)


def plan_pictures(
    subjects: Sequence[Subject], places: Sequence[tuple[ReviewPlace, Mapping[str, Any]]]
) -> Plan:
    """Return everything a case's record shows.

    Parameters
    ----------
    subjects : sequence of Subject
    places : sequence of (ReviewPlace, finding)
    """
    plan = Plan()
    pair = _in_occlusion(subjects)
    if pair is not None:
        _record_of_pair(plan, *pair)
    for subject in subjects:
        if pair is None or subject not in pair:
            _record_of_arch(plan, subject)
    _thumbnail(plan)
    for subject in subjects:
        _maps_of(plan, subject, [pin for pin in places if pin[0].scan_id == subject.scan_id])
    return plan


def _in_occlusion(subjects: Sequence[Subject]) -> tuple[Subject, Subject] | None:
    upper = next((one for one in subjects if one.scan_id == "upper"), None)
    lower = next((one for one in subjects if one.scan_id == "lower"), None)
    if upper is None or lower is None or (upper.model is None) != (lower.model is None):
        return None
    if "none" in (upper.oriented, lower.oriented):
        return None
    up = lower.anatomy.superior
    if float(up @ upper.anatomy.superior) < _SAME_WAY_COS:
        return None
    above = float(np.median(upper.original.vertices @ up) - np.median(lower.original.vertices @ up))
    return (upper, lower) if above > 0.0 else None


def _record_of_pair(plan: Plan, upper: Subject, lower: Subject) -> None:
    arches = [_shown(plan, upper), _shown(plan, lower)]
    both = arches[0] + arches[1]
    views = {name: lower.anatomy.view(name) for name in PAIR_VIEWS}
    views["upper_occlusal"] = upper.anatomy.view("upper_occlusal")
    shown = {name: both for name in PAIR_VIEWS}
    shown["upper_occlusal"], shown["lower_occlusal"] = arches
    pictures = record_pictures(
        [views[name] for name in PAIR_VIEWS],
        [[plan.surfaces[index].vertices for index in shown[name]] for name in PAIR_VIEWS],
        names=[f"record_{name}" for name in PAIR_VIEWS],
        size=_RECORD_SIZE,
        text_scale=_RECORD_TEXT,
        surfaces=[shown[name] for name in PAIR_VIEWS],
    )
    for name, picture in zip(PAIR_VIEWS, pictures, strict=True):
        what = "Model" if name.endswith("occlusal") else "Both arches as scanned"
        plan.add(plan.record, picture, f"{what}: {views[name].caption}")


def _record_of_arch(plan: Plan, subject: Subject) -> None:
    if not subject.shown.face_count:
        return
    shown = _shown(plan, subject)
    views = [subject.anatomy.view(name, subject.arch) for name in ARCH_VIEWS]
    pictures = record_pictures(
        views,
        [[plan.surfaces[index].vertices for index in shown]] * len(views),
        names=[f"{subject.scan_id}_{name}" for name in ARCH_VIEWS],
        size=_RECORD_SIZE,
        text_scale=_RECORD_TEXT,
        surfaces=[shown] * len(views),
    )
    what = "Model" if subject.model is not None else "Scan"
    for view, picture in zip(views, pictures, strict=True):
        plan.add(plan.record, picture, f"{what} {subject.scan_id}: {view.caption}")


def _thumbnail(plan: Plan) -> None:
    """Add the first record view that shows most once more, small and without letters."""
    largest = max(
        (picture for picture in plan.pictures if picture.name in plan.record),
        key=lambda picture: picture.panels[0].height,
        default=None,
    )
    if largest is None:
        return
    panel = largest.panels[0]
    height = max(2 * round(_THUMBNAIL * panel.height / panel.width / 2), 2)
    camera = replace(panel.camera, left_word="", right_word="")
    small = Panel(camera, panel.surfaces, 0, 0, _THUMBNAIL, height)
    picture = Picture(THUMBNAIL, _THUMBNAIL, height, (small,), scale_mm=0.0, text_scale=0.0)
    plan.add(plan.aside, picture, f"{plan.alt[largest.name]}, small")


def _shown(plan: Plan, subject: Subject) -> tuple[int, ...]:
    """Add what a record view shows: anatomy in the scan's colours, a base in stone."""
    mesh = subject.shown
    if mesh.colours is None or subject.model is None or subject.repaired is None:
        return (plan.surface(Surface.of(mesh, vertex_colours=mesh.colours)),)
    scanned = _rows_in(mesh.vertices, subject.repaired.mesh.vertices)[mesh.faces].all(axis=1)
    parts = [
        (mesh.faces[scanned], mesh.colours),
        (mesh.faces[~scanned], None),
    ]
    vertices = mesh.vertices.astype(np.float32)
    return tuple(plan.surface(Surface(vertices, faces, colours)) for faces, colours in parts)


def _rows_in(rows: NDArray[np.float64], table: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which positions occur in a table, at the precision of a file."""
    triple = np.dtype((np.void, 12))
    ours, theirs = (
        np.ascontiguousarray(some.astype(np.float32) + np.float32(0.0)).view(triple).ravel()
        for some in (rows, table)
    )
    return np.isin(ours, theirs)


def _maps_of(
    plan: Plan, subject: Subject, places: Sequence[tuple[ReviewPlace, Mapping[str, Any]]]
) -> None:
    if subject.repaired is None or subject.deviation is None:
        return
    repaired, edits = subject.repaired.mesh, subject.repaired.edits
    original, deviation = subject.original, subject.deviation
    if not repaired.face_count or not original.face_count:
        return
    made = plan.surface(Surface.of(repaired, face_colours=edit_face_colours(edits)))
    gone = plan.surface(
        Surface.of(original, face_colours=removed_face_colours(original.face_count, edits))
    )
    before = plan.surface(
        Surface.of(original, face_colours=deviation_face_colours(original, deviation.scan_mm))
    )
    after_colours = deviation_face_colours(repaired, deviation.repaired_mm, edits.edited_faces)
    after = plan.surface(Surface.of(repaired, face_colours=after_colours))
    meshes, name = (original, repaired), subject.scan_id
    plan.add(
        plan.maps,
        map_picture(
            f"{name}_edits",
            subject.anatomy,
            subject.arch,
            meshes,
            (gone, made),
            captions=("as received: taken away", "repaired: made"),
            width=_MAP_WIDTH,
            entries=edit_entries(edits),
        ),
        f"Edit map of scan {name}: left what was taken away, right what was made, "
        "coloured by reason",
    )
    plan.add(
        plan.maps,
        map_picture(
            f"{name}_deviation",
            subject.anatomy,
            subject.arch,
            meshes,
            (before, after),
            captions=("as received, against the repaired scan", "repaired, against the scan"),
            width=_MAP_WIDTH,
            entries=((MADE_BY_REPAIR, "made by the repair"),),
            bar=deviation_bar(),
        ),
        f"Deviation map of scan {name} before and after the repair, in micrometres",
    )
    _places_of(plan, subject, made, gone, places)


def _places_of(
    plan: Plan,
    subject: Subject,
    made: int,
    gone: int,
    places: Sequence[tuple[ReviewPlace, Mapping[str, Any]]],
) -> None:
    pinned = [(place, finding) for place, finding in places if place.picture]
    if not pinned or subject.repaired is None:
        return
    markers = tuple(marker_of(finding, str(place.number)) for place, finding in pinned)
    views = [
        [subject.anatomy.view(name, subject.arch) for name in row]
        for row in (("occlusal", "lingual"), ("right", "left"))
    ]
    overview = grid_picture(
        f"{subject.scan_id}_places",
        [[(view, (made,), view.caption) for view in row] for row in views],
        [subject.repaired.mesh.vertices],
        width=_MAP_WIDTH,
        markers=markers,
        entries=edit_entries(subject.repaired.edits, removed=False),
    )
    plan.add(
        plan.maps,
        overview,
        f"Scan {subject.scan_id} with the places of the review list ringed and numbered",
    )
    out = subject.anatomy.superior * (1.0 if subject.arch is Arch.MANDIBULAR else -1.0)
    for (place, found), marker in zip(pinned[:_CLOSE_UPS], markers, strict=False):
        # What was removed can only be seen on the scan as received.
        before = found["action"] == Action.REMOVED
        mesh, surface = (subject.original, gone) if before else (subject.repaired.mesh, made)
        plan.add(
            plan.close_ups,
            close_up(place.picture, marker, mesh, surface, out),
            f"Close-up of place {place.number}: {place.kind}, {place.action}"
            + (", as received" if before else ""),
        )
