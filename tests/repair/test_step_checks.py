"""What a planned change would break is found: each fault alone, and none where there is none."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.repair.step_checks import Change, find_faults, without_hanging
from stsbench.repair.working_mesh import WorkingMesh
from tests.repair.referee import judge
from tests.shapes import sheet

FLAT = sheet(8, 8, pitch_mm=1.0)
MIDDLE = 4 * 9 + 4


def move(vertex, by):
    place = FLAT.vertices[[vertex]] + by
    return Change.of(moved=np.array([vertex]), moved_to=place.astype(np.float32).astype(float))


CASES = [
    ("a lift", move(MIDDLE, [0, 0, 0.3]), None),
    ("flat over its neighbours", move(MIDDLE, [1.3, 0.2, 0.0]), "meet others"),
    ("a little over an edge of its star", move(MIDDLE, [1.1, 0.55, 0.0]), "meet others"),
    ("onto an edge", move(MIDDLE, [1.0, 0.5, 0.0]), "without area"),
    ("a copy of a face", Change.of(faces=FLAT.faces[[20]]), "branch"),
    ("a lid on two corners", Change.of(
        vertices=np.array([[0.5, -1.0, 0.5]]), faces=np.array([[1, 0, 81]])
    ), None),
    ("a lid the wrong way round", Change.of(
        vertices=np.array([[0.5, -1.0, 0.5]]), faces=np.array([[0, 1, 81]])
    ), "wound against"),
    ("a face on one corner", Change.of(
        vertices=np.array([[-1.0, -1.0, 0.0], [-1.0, 0.0, 0.5]]), faces=np.array([[0, 82, 81]])
    ), "only corners"),
    ("a face without area", Change.of(
        vertices=np.array([[0.5, 0.0, 0.0]]), faces=np.array([[1, 0, 81]])
    ), "without area"),
    ("a face through the middle", Change.of(
        vertices=np.array([[3.2, 3.3, -1], [3.3, 3.4, 1], [3.9, 3.4, 0.5]]),
        faces=np.array([[81, 82, 83]]),
    ), "meet others"),
    ("two new faces through each other", Change.of(
        vertices=np.array([
            [0, 0, 3], [2, 0, 3], [0, 2, 3], [0.3, 0.3, 2], [0.5, 0.5, 4], [0.7, 0.3, 4.0],
        ]),
        faces=np.array([[81, 82, 83], [84, 85, 86]]),
    ), "meet others"),
    # The only two that meet have a corner in common, and the star there is not flat.
    ("two new faces through each other from one corner", Change.of(
        vertices=np.array([[0, 0, 3], [2, 0, 3], [0, 2, 3], [1, 1, 4], [1, 1, 2.0]]),
        faces=np.array([[81, 82, 83], [81, 84, 85]]),
    ), "meet others"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "word"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_each_fault_is_found(change, word):
    faults = find_faults(WorkingMesh(FLAT), change)
    if word is None:
        assert not faults
        assert not faults.new.any()
    else:
        assert any(word in words for words in faults.words), faults.words
        assert faults.new.any() or faults.moved.any()


def test_a_bow_tie_that_is_there_already_is_not_the_steps_fault():
    at = np.flatnonzero((FLAT.faces == MIDDLE).any(axis=1))
    pinched = TriangleMesh(FLAT.vertices, np.delete(FLAT.faces, at[[0, 3]], axis=0))
    working = WorkingMesh(pinched)
    lifted = FLAT.vertices[[MIDDLE]] + [0, 0, 0.2]
    change = Change.of(moved=np.array([MIDDLE]), moved_to=lifted.astype(np.float32).astype(float))
    assert not find_faults(working, change)
    whole = WorkingMesh(FLAT)
    faults = find_faults(whole, Change.of(at[[0, 3]]))
    assert faults.pinched.tolist() == [MIDDLE]
    change, count = without_hanging(whole, Change.of(at[[0, 3]]))
    assert count > 0
    assert not find_faults(whole, change)


@pytest.mark.parametrize("seed", range(6))
def test_taking_away_what_hangs_goes_on_until_nothing_does(seed):
    """A third of the faces goes at random: what falls leaves others hanging in their turn."""
    rng = np.random.default_rng(seed)
    whole = WorkingMesh(FLAT)
    gone = np.flatnonzero(rng.random(FLAT.face_count) < 0.35)
    assert len(find_faults(whole, Change.of(gone)).pinched)
    change, count = without_hanging(whole, Change.of(gone))
    assert count == len(change.removed) - len(gone) > 0
    assert set(gone) <= set(change.removed)
    assert not find_faults(whole, change)
    faces = FLAT.faces[np.setdiff1d(np.arange(FLAT.face_count), change.removed)]
    assert judge(FLAT.vertices, faces, intersections=False).bow_ties == 0
