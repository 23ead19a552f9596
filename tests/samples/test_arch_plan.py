from dataclasses import replace

import numpy as np
import pytest

from stsbench.domain.dentition import Arch
from stsbench.errors import InputError
from stsbench.samples.arch_plan import ArchPlan, arch_line, place_teeth

LOWER = ArchPlan(Arch.MANDIBULAR)


def test_the_arch_line_is_as_long_as_its_arc_and_the_lower_runs_inside_the_upper():
    arc, xy = arch_line(Arch.MAXILLARY)
    chords = np.linalg.norm(np.diff(xy, axis=0), axis=1)
    assert chords.sum() == pytest.approx(arc[-1], rel=1e-4)
    _, inner = arch_line(Arch.MANDIBULAR)
    assert np.allclose(np.linalg.norm(inner - xy, axis=1), 2.1, atol=1e-8)


@pytest.mark.parametrize(
    ("name", "plan", "count"),
    [
        ("complete", LOWER, 14),
        ("third molars", replace(LOWER, third_molars=True), 16),
        ("two missing", replace(LOWER, missing=(36, 46)), 12),
        ("edentulous", replace(LOWER, edentulous=True), 0),
    ],
)
def test_teeth_that_stand(name, plan, count):
    placed = place_teeth(plan)
    assert len(placed.teeth) == count
    assert len(placed.spans_mm) == 2 * plan.last_position
    for tooth in placed.teeth:
        assert np.allclose(tooth.axes @ tooth.axes.T, np.eye(3), atol=1e-9)


def test_a_missing_tooth_moves_no_other():
    complete = {t.crown.fdi: t for t in place_teeth(LOWER).teeth}
    for tooth in place_teeth(replace(LOWER, missing=(41, 36))).teeth:
        assert np.array_equal(tooth.origin, complete[tooth.crown.fdi].origin)
        assert np.array_equal(tooth.axes, complete[tooth.crown.fdi].axes)


def test_neighbours_touch_along_the_line():
    spans = place_teeth(LOWER).spans_mm
    for near, far in ((31, 32), (36, 37), (44, 45)):
        assert spans[near][1] == spans[far][0]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("tooth of the other arch", {"missing": (16,)}, "other arch"),
        ("no tooth", {"preparations": (39,)}, "not an FDI"),
        ("quadrant of the other arch", {"quadrant": 1}, "Quadrant 1"),
    ],
)
def test_refuses_plans_that_contradict_themselves(name, options, message):
    with pytest.raises(InputError, match=message) as caught:
        ArchPlan(Arch.MANDIBULAR, **options)
    assert caught.value.remedy
