"""A second look near changes gives what a search of the whole draft would give, to the bit."""

import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.progress import NO_PROGRESS
from stsbench.geometry.spikes import UNITY, spike_vertices
from stsbench.geometry.topology import open_vertices
from stsbench.geometry.vertex_rings import vertex_neighbours
from stsbench.geometry.wide_normals import overturned_faces, sum_normals
from stsbench.repair.cutting import cut_defects, find_defects
from stsbench.repair.profiles import load_profile
from stsbench.repair.second_look import SecondLook
from stsbench.repair.tidying import tidy_scan
from tests.repair.damage import at, dome, fold, rounded, spike
from tests.shapes import sheet

STUDY = load_profile("study")


def found(mesh):
    """A tidied draft with its defects found and cut, and the look to come."""
    tidied = tidy_scan(mesh, profile=STUDY, progress=NO_PROGRESS)
    defects = find_defects(tidied, STUDY)
    look = SecondLook(tidied.draft, defects)
    cut_defects(tidied, defects)
    tidied.draft.compact()
    return tidied.draft, look


def search(draft):
    """Search the whole draft anew."""
    normals = sum_normals(draft.vertices, draft.faces)
    border = np.zeros(draft.vertex_count, dtype=bool)
    border[open_vertices(draft.faces, draft.twin)] = True
    neighbours = vertex_neighbours(draft.faces, border)
    asked = normals.unity < UNITY
    spike, _, _ = spike_vertices(draft.vertices, neighbours, border, normals.near, asked)
    over = overturned_faces(draft.vertices, draft.faces, normals.wide)
    return normals.unity, (spike >= 0)[draft.faces].any(axis=1), over


def check(draft, look):
    seen = look.look()
    unity, spikes, folds = search(draft)
    assert np.array_equal(look.unity, unity)
    assert np.array_equal(seen.spikes, spikes)
    assert np.array_equal(seen.folds, folds & ~spikes)
    return seen


def pull(draft, vertex, by_mm):
    """Cut the faces about a vertex and put them back with the vertex moved."""
    about = (draft.faces == vertex).any(axis=1)
    again = draft.faces[about].copy()
    again[again == vertex] = draft.vertex_count
    draft.drop(about, np.ones(len(about), dtype=np.uint8), defect=about)
    place = draft.vertices[[vertex]] + np.asarray(by_mm, dtype=np.float32)
    none = np.zeros(len(again))
    draft.add(place.astype(np.float32).astype(np.float64), again, none.astype(np.uint8), none)


def small(mesh):
    """Finer: sides of about 0.2 mm, so that sums spread over rings."""
    return TriangleMesh(rounded(0.35 * mesh.vertices), mesh.faces)


def rough_dome(seed):
    mesh = dome()
    noise = np.random.default_rng(seed).normal(0, 0.08, mesh.vertices.shape)
    return TriangleMesh(rounded(mesh.vertices + noise), mesh.faces)


@pytest.mark.parametrize(
    "mesh",
    [spike(dome(), 20, 20), fold(dome(), 12, 30), rough_dome(3)],
    ids=["spike", "fold", "rough"],
)
def test_after_cutting_and_after_each_new_defect(mesh):
    draft, look = found(small(mesh))
    check(draft, look)
    pull(draft, at(10, 12), (0, 0, 0.8))
    look.prepare()
    look.forget()  # as where a patch turned out wrong
    assert check(draft, look).spikes.any()
    look.prepare()
    look.forget()
    pull(draft, at(28, 30), (0.3, 0.3, 0.02))
    assert check(draft, look).folds.any()


@pytest.mark.parametrize("useful", [True, False])
def test_what_is_prepared_and_forgotten_leaves_no_trace(useful):
    """Faces that had gone come back, as where no patch was found: their vertices have not changed."""
    draft, look = found(small(rough_dome(5)))
    check(draft, look)
    about = (draft.faces == at(10, 12)).any(axis=1)
    gone = draft.rows(about)
    draft.drop(about, np.ones(len(about), dtype=np.uint8), defect=about)
    look.expect(useful=useful)
    look.prepare()
    look.forget()
    draft.give_back(gone)
    check(draft, look)


def test_what_was_not_wanted_once_is_done_when_it_is():
    """`expect` may have said no of a turn that was none of this preparation's."""
    draft, look = found(small(rough_dome(5)))
    check(draft, look)
    pull(draft, at(10, 12), (0, 0, 0.8))
    look.expect(useful=False)
    assert check(draft, look).spikes.any()


def test_forgetting_after_a_look_brings_nothing_older_back():
    draft, look = found(small(rough_dome(5)))
    check(draft, look)
    look.forget()
    pull(draft, at(10, 12), (0, 0, 0.8))
    assert check(draft, look).spikes.any()


def test_a_spike_beside_a_taller_one_is_seen_when_that_is_gone():
    """Nothing has changed at its own vertices; the taller one stood in the rings outside."""
    draft, look = found(small(spike(spike(dome(), 20, 20), 20, 24, height_mm=0.8)))
    assert np.count_nonzero(draft.faces == at(20, 24)) == 6
    assert (draft.faces[check(draft, look).spikes] == at(20, 24)).any()


def test_nothing_changed_nothing_seen():
    _, look = found(dome())
    assert not look.look()


def test_the_whole_draft_is_searched_when_other_rings_are_needed():
    """Most of the scan goes and what is left is coarser: every answer has to be found anew."""
    mesh = sheet(20, 40, pitch_mm=0.2)
    column = mesh.vertices[:, 0] / 0.2
    x = np.where(column < 24, 0.1 * column, 0.4 * column - 7.2)
    z = 0.2 * np.sin(3 * x) * np.cos(3 * mesh.vertices[:, 1])
    places = rounded(np.stack([x, mesh.vertices[:, 1], z], axis=1))
    draft, look = found(TriangleMesh(places, mesh.faces))
    before = look._passes
    gone = (draft.vertices[draft.faces, 0] < 2.05).all(axis=1)
    draft.drop(gone, np.ones(len(gone), dtype=np.uint8), defect=gone)
    check(draft, look)
    assert (before, look._passes) == (2, 1)
