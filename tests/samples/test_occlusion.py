import numpy as np
import pytest

from stsbench.domain.dentition import Arch
from stsbench.samples.adjacency import face_components
from stsbench.samples.arch_model import build_arch
from stsbench.samples.arch_plan import ArchPlan
from stsbench.samples.arches import make_arch
from stsbench.samples.field_sampling import evaluate
from stsbench.samples.occlusion import bite_patch, settle


@pytest.fixture(scope="module")
def settled():
    upper = ArchPlan(Arch.MAXILLARY, seed=1)
    return upper, settle(upper, ArchPlan(Arch.MANDIBULAR, seed=1))


def test_settled_teeth_touch_and_hardly_enter_each_other(settled):
    upper, lower = settled
    scan = make_arch(lower, faces=12_000)
    labels = scan.mesh.attributes["fdi"]
    above = build_arch(upper)
    gap = evaluate(above, scan.mesh.vertices[labels > 0] * [1, 1, -1]).surface
    assert -0.15 < gap.min() < 0.1
    molars = labels[labels > 0] % 10 >= 6
    assert (gap[molars] < 0.5).sum() > 20


def test_edentulous_arches_stand_apart():
    bare = settle(
        ArchPlan(Arch.MAXILLARY, edentulous=True), ArchPlan(Arch.MANDIBULAR, edentulous=True)
    )
    assert bare.offset_mm[2] < -10
    assert not bare.lift_mm


def test_a_bite_patch_shows_both_arches_from_one_side(lower, upper_in_place):
    patch = bite_patch(upper_in_place.mesh, lower.mesh, left=True)
    assert len(np.unique(face_components(patch.faces))) == 2
    assert patch.vertices[:, 0].min() > 5
    teeth = set(np.unique(patch.attributes["fdi"]).tolist())
    assert {25, 26} <= teeth
    assert {35, 36} <= teeth
    assert patch.colours is not None
