from dataclasses import replace

import numpy as np
import pytest

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.qa.cameras import Anatomy
from stsbench.qa.illustrations import THUMBNAIL, plan_pictures
from stsbench.qa.places import review_places
from stsbench.qa.subjects import Modelled
from tests.qa.bodies import box
from tests.qa.cases import bare_scan, finding, subject


def lifted(one, height_mm):
    moved = TriangleMesh(one.original.vertices + np.array([0, 0, height_mm]), one.original.faces)
    return replace(one, original=moved)


def plan_of(*subjects):
    return plan_pictures(subjects, review_places(subjects))


UPPER = lifted(subject("upper", arch=Arch.MAXILLARY), 12.0)
LOWER = subject("lower")
UPSIDE_DOWN = Anatomy(np.array([0.0, 0, -1]), np.array([0.0, 1, 0]))


def test_a_pair_is_shown_together_and_each_arch_from_its_own_side():
    plan = plan_of(UPPER, LOWER)
    assert plan.record == [
        "record_right",
        "record_front",
        "record_left",
        "record_upper_occlusal",
        "record_lower_occlusal",
    ]
    shown = {picture.name: picture.panels[0].surfaces for picture in plan.pictures}
    both = shown["record_front"]
    assert set(shown["record_upper_occlusal"]) | set(shown["record_lower_occlusal"]) == set(both)
    assert not set(shown["record_upper_occlusal"]) & set(shown["record_lower_occlusal"])
    toward = {picture.name: picture.panels[0].camera.toward_viewer for picture in plan.pictures}
    assert toward["record_upper_occlusal"][2] == -1.0
    assert toward["record_lower_occlusal"][2] == 1.0


@pytest.mark.parametrize(
    ("why", "subjects"),
    [
        ("upper below lower", (lifted(UPPER, -40.0), LOWER)),
        ("one upside down", (replace(UPPER, anatomy=UPSIDE_DOWN), LOWER)),
        ("one not oriented", (UPPER, replace(LOWER, oriented="none"))),
        ("one without a model", (UPPER, replace(LOWER, model=None))),
        ("one alone", (LOWER,)),
    ],
)
def test_what_is_no_pair_is_shown_one_by_one(why, subjects):
    plan = plan_of(*subjects)
    assert len(plan.record) == 5 * len(subjects)
    assert "record_front" not in plan.record


def test_every_picture_is_named_once_and_told_in_words():
    plan = plan_of(subject("upper", findings=[finding()]), subject("lower", findings=[finding()]))
    names = [picture.name for picture in plan.pictures]
    assert len(set(names)) == len(names)
    assert set(plan.alt) == set(names)
    assert set(plan.record + plan.maps + plan.close_ups + plan.aside) == set(names)
    assert plan.aside == [THUMBNAIL]


def test_close_ups_are_limited_and_rings_are_not():
    found = [finding(place=(0.0, float(k), 8.0)) for k in range(-8, 8)]
    plan = plan_of(subject(findings=[*found, finding("orientation_unsure")]))
    assert len(plan.close_ups) == 12
    overview = next(picture for picture in plan.pictures if picture.name == "lower_places")
    assert all(len(panel.markers) == 16 for panel in overview.panels)


def test_what_was_removed_is_shown_as_received():
    found = [finding("island", action="removed"), finding("hole", action="filled")]
    plan = plan_of(subject(findings=found))
    by_name = {picture.name: picture for picture in plan.pictures}
    edits = by_name["lower_edits"].panels
    hole, island = (by_name[name].panels[0].surfaces for name in plan.close_ups)
    assert island == edits[0].surfaces
    assert hole == edits[1].surfaces
    assert plan.alt[plan.close_ups[1]].endswith("as received")


def test_a_scan_that_was_not_repaired_has_views_only():
    plan = plan_of(bare_scan())
    assert len(plan.record) == 5
    assert plan.maps == []


def test_an_empty_scan_has_no_picture():
    empty = TriangleMesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32))
    assert plan_of(replace(bare_scan(), original=empty)).pictures == []


def test_anatomy_keeps_its_colours_and_a_base_is_stone():
    one = subject()
    scan = one.repaired.mesh
    base = box(10, 10, 5, at=(0, 0, -20))
    mesh = TriangleMesh(
        np.vstack([scan.vertices, base.vertices]),
        np.vstack([scan.faces, base.faces + scan.vertex_count]),
        np.full((scan.vertex_count + 8, 3), 99, np.uint8),
    )
    plan = plan_of(replace(one, model=Modelled(mesh, one.model.report)))
    front = next(picture for picture in plan.pictures if picture.name == "lower_front")
    anatomy, made = (plan.surfaces[index] for index in front.panels[0].surfaces)
    assert len(anatomy.faces) == scan.face_count
    assert (anatomy.vertex_colours == 99).all()
    assert len(made.faces) == base.face_count
    assert made.vertex_colours is None
