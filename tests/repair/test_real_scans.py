"""The real cast with injected defects, against its truth; the clean cast comes back untouched.

`test_pipeline.py` and `test_inspection.py` hold the synthetic twins.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from stsbench.domain.findings import Action, FindingKind
from stsbench.domain.verdicts import Verdict
from stsbench.files.scans import decode_scan, encode_stl, read_scan
from stsbench.geometry.distance import point_to_surface
from stsbench.geometry.self_intersection import self_meetings
from stsbench.repair.inspection import inspect_scan
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from tests.repair.referee import edge_counts, identical_faces, judge, meetings

SCANS = Path(os.environ.get("STSBENCH_SCANS", Path(__file__).parents[3] / "shared" / "scans"))
pytestmark = [
    pytest.mark.scans,
    pytest.mark.skipif(
        not (SCANS / "cast_lower_defects_truth.npz").exists(), reason="no real scans here"
    ),
]
STUDY = load_profile("study")
KIND = FindingKind
# README of the folder. Each of the 20 bow-ties is a scrap joined in a vertex alone: an island too.
INJECTED = {
    KIND.HOLE: 22,
    KIND.SPIKE: 30,
    KIND.FOLD: 15,
    KIND.ISLAND: 15 + 20,
    KIND.NON_MANIFOLD_EDGE: 40,
    KIND.NON_MANIFOLD_VERTEX: 20,
    KIND.FLIPPED_WINDING: 708,
}


@pytest.fixture(scope="module")
def truth():
    with np.load(SCANS / "cast_lower_defects_truth.npz") as stored:
        return {name: stored[name] for name in stored}


@pytest.fixture(scope="module")
def scan():
    return read_scan(SCANS / "cast_lower_defects.stl")


@pytest.fixture(scope="module")
def result(scan):
    return repair_scan(scan, profile=STUDY)


def clean_border(truth):
    unique, counts = edge_counts(truth["faces"])
    return np.unique(truth["vertices"][np.unique(unique[counts == 1])], axis=0)


def test_every_defect_is_found(scan):
    counts = inspect_scan(scan).counts
    assert {kind: counts.get(kind) for kind in INJECTED} == INJECTED
    assert counts[KIND.BORDER] == 1
    assert KIND.SELF_INTERSECTION not in counts
    assert KIND.NOT_ORIENTABLE not in counts


def test_the_repaired_scan_is_sound(result, truth):
    vertices, faces = result.mesh.vertices, result.mesh.faces
    found = judge(vertices, faces, intersections=False)
    assert (found.branching_edges, found.bow_ties) == (0, 0)
    assert (found.components, found.loops) == (1, 1)
    assert found.badly_wound_edges == 0
    assert (found.degenerate, found.duplicates) == (0, 0)
    assert (found.doubled_vertices, found.unreferenced) == (0, 0)
    # Brute force within 1 mm of every added face and about every defect; the rest is the truth's.
    places = cKDTree(vertices)
    near = np.zeros(len(vertices), dtype=bool)
    for centre, radius in zip(truth["defect_centres"], truth["defect_radii"], strict=True):
        near[places.query_ball_point(centre, radius + 0.5)] = True
    added = vertices[np.unique(faces[result.edits.face_source < 0])]
    near |= cKDTree(added).query(vertices, distance_upper_bound=1.0)[0] < 1.0
    assert len(meetings(vertices, faces[near[faces].any(axis=1)])) == 0


def test_it_is_the_same_mesh_after_an_stl_round_trip(result):
    through = decode_scan(encode_stl(result.mesh))
    assert through.vertex_count == result.mesh.vertex_count
    assert np.array_equal(through.vertices[through.faces], result.mesh.vertices[result.mesh.faces])
    assert len(self_meetings(through.vertices, through.faces).pairs) == 0


def test_the_border_does_not_move(result, truth):
    unique, counts = edge_counts(result.mesh.faces)
    border = result.mesh.vertices[np.unique(unique[counts == 1])].astype(np.float32)
    assert np.array_equal(np.unique(border, axis=0), clean_border(truth))


def test_nothing_changes_away_from_the_defects(result, truth):
    vertices, faces = truth["vertices"], truth["faces"]
    near = np.zeros(len(vertices), dtype=bool)
    places = cKDTree(vertices.astype(np.float64))
    for centre, radius in zip(truth["defect_centres"], truth["defect_radii"], strict=True):
        near[places.query_ball_point(centre, radius)] = True
    assert near.sum() < 0.2 * len(vertices)
    there = {row.tobytes() for row in result.mesh.vertices.astype(np.float32)}
    assert all(row.tobytes() in there for row in vertices[~near])
    quiet = ~near[faces].any(axis=1)
    assert identical_faces(result.mesh.vertices, result.mesh.faces, vertices, faces[quiet]).all()
    added = result.mesh.vertices[result.edits.vertex_source < 0]
    centres = cKDTree(truth["defect_centres"].astype(np.float64))
    assert centres.query(added)[0].max() < 2 * truth["defect_radii"].max()


def test_holes_are_filled_near_the_true_surface(result, truth):
    holes = [f for f in result.findings if f.kind is KIND.HOLE]
    assert len(holes) == 22
    assert {f.action for f in holes} == {Action.FILLED}
    assert result.verdict is Verdict.REVIEW
    added = result.mesh.vertices[result.edits.vertex_source < 0]
    distance, _, _ = point_to_surface(
        added, truth["vertices"].astype(np.float64), truth["faces"].astype(np.int32)
    )
    assert np.median(distance) < 0.05
    assert np.percentile(distance, 95) < 0.3


def test_the_clean_cast_comes_back_untouched():
    cast = read_scan(SCANS / "cast_lower_open.ply")
    result = repair_scan(cast, profile=STUDY)
    assert result.mesh.vertices.tobytes() == cast.vertices.tobytes()
    assert result.mesh.faces.tobytes() == cast.faces.tobytes()
    assert [(f.kind, f.action) for f in result.findings] == [(KIND.BORDER, Action.KEPT)]
    assert result.verdict is Verdict.PASS
    assert not len(result.edits.removed_face)
