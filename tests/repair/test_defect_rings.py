"""How far about a fold a sheet is cut: rings where it does not face one way, never at the border."""

from dataclasses import replace

import numpy as np
import pytest

from stsbench.domain.edits import EditReason
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.progress import NO_PROGRESS
from stsbench.geometry.face_sets import grow_by_rings
from stsbench.geometry.topology import open_vertices
from stsbench.geometry.vertex_rings import vertex_neighbours
from stsbench.repair.defect_rings import (
    FOLDED,
    SKIRT_RINGS,
    excerpt_about,
    whole_folds,
    widen,
)
from stsbench.repair.profiles import load_profile
from stsbench.repair.tidying import tidy_scan

SIDE = 21


@pytest.fixture(scope="module")
def draft():
    """A flat square sheet of 20 x 20 cells of 0.5 mm."""
    at = np.arange(SIDE) * 0.5
    x, y = (grid.ravel() for grid in np.meshgrid(at, at))
    corner = (np.arange(SIDE - 1)[:, None] * SIDE + np.arange(SIDE - 1)).ravel()
    lower = np.stack([corner, corner + 1, corner + SIDE], 1)
    upper = np.stack([corner + 1, corner + SIDE + 1, corner + SIDE], 1)
    mesh = TriangleMesh(
        np.stack([x, y, np.zeros(SIDE * SIDE)], 1),
        np.concatenate([lower, upper]).astype(np.int32),
    )
    return tidy_scan(mesh, profile=load_profile("study"), progress=NO_PROGRESS).draft


def face_at(draft, x_mm, y_mm):
    """The one face whose middle is nearest to a place, (F,) bool."""
    middle = draft.vertices[draft.faces].mean(axis=1)
    nearest = np.hypot(middle[:, 0] - x_mm, middle[:, 1] - y_mm).argmin()
    return np.arange(len(draft.faces)) == nearest


def rings(draft, seed, count):
    return grow_by_rings(draft.faces, draft.vertex_count, seed, count)


@pytest.mark.parametrize(
    ("name", "unity", "count"),
    [
        ("where all faces one way the first ring is all", 1.0, 1),
        ("at the limit it faces one way", FOLDED, 1),
        ("below it two more rings go", FOLDED - 0.001, 3),
        ("never more than two", 0.1, 3),
    ],
)
def test_a_fold_goes_with_the_rings_that_do_not_face_one_way(draft, name, unity, count):
    fold = face_at(draft, 5.1, 5.1)
    cut = whole_folds(draft, fold, np.full(draft.vertex_count, unity))
    assert np.array_equal(cut, rings(draft, fold, count))


def test_further_rings_go_only_on_the_side_that_does_not_face_one_way(draft):
    fold = face_at(draft, 5.1, 5.1)
    unity = np.where(draft.vertices[:, 0] > 5.4, 0.5, 1.0)
    cut = whole_folds(draft, fold, unity)
    low = (unity < FOLDED)[draft.faces].any(axis=1)
    assert np.array_equal(cut & ~low, rings(draft, fold, 1) & ~low)
    middle = draft.vertices[draft.faces].mean(axis=1)[:, 0]
    assert middle[cut].max() - 5.1 > 1.0 > 5.1 - middle[cut].min()


def test_further_rings_do_not_touch_the_border(draft):
    fold = face_at(draft, 1.6, 5.1)
    border = np.zeros(draft.vertex_count, dtype=bool)
    border[open_vertices(draft.faces, draft.twin)] = True
    cut = whole_folds(draft, fold, np.zeros(draft.vertex_count))
    wide = rings(draft, fold, 3)
    at_border = border[draft.faces].any(axis=1)
    assert (wide & at_border).any()
    assert np.array_equal(cut, wide & ~at_border)


def test_no_fold_no_cut(draft):
    none = np.zeros(len(draft.faces), dtype=bool)
    assert not whole_folds(draft, none, np.zeros(draft.vertex_count)).any()


@pytest.mark.parametrize("seed", range(8))
def test_an_excerpt_is_widened_as_the_whole_draft(draft, seed):
    rng = np.random.default_rng(seed)
    draft = replace(draft)
    draft.discard(rng.choice(len(draft.faces), 40, replace=False), EditReason.MANUAL)
    draft.compact()
    border = np.zeros(draft.vertex_count, dtype=bool)
    border[open_vertices(draft.faces, draft.twin)] = True
    neighbours = vertex_neighbours(draft.faces, border)
    chosen = np.isin(np.arange(len(draft.faces)), rng.choice(len(draft.faces), 3))
    unity = rng.choice([0.5, 1.0], draft.vertex_count)
    for count in (1, 2, 3):
        part = excerpt_about(draft, neighbours, chosen, 1 + SKIRT_RINGS + count)
        assert 0 < len(part.rows) < len(draft.faces)
        folds = whole_folds(part, chosen[part.rows], unity)
        whole = whole_folds(draft, chosen, unity)
        assert np.array_equal(part.spread(folds, len(draft.faces)), whole)
        wide = part.spread(widen(part, folds, count), len(draft.faces))
        assert np.array_equal(wide, widen(draft, whole, count))
