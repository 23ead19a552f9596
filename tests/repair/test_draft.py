from dataclasses import replace

import numpy as np
import pytest

from stsbench.domain.edits import EditReason
from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.face_measures import measure_faces
from stsbench.geometry.manifoldness import sheets
from stsbench.geometry.topology import BRANCHING, GONE, faces_at_edges, half_edge_twins
from stsbench.repair.first_draft import start_draft
from tests.repair.damage import dome, fin
from tests.shapes import sheet


@pytest.fixture
def draft():
    draft = start_draft(sheet(6, 6))
    draft.pair()
    draft.measures(1e-6)
    draft.sheets()
    return draft


def as_new(draft):
    """What a draft remembers is what a new look would find."""
    measures = measure_faces(draft.vertices, draft.faces, thin_mm=1e-6)
    assert np.array_equal(draft.measures(1e-6).area_mm2, measures.area_mm2)
    assert np.array_equal(draft.measures(1e-6).thin, measures.thin)
    assert np.array_equal(draft.twin, half_edge_twins(draft.faces, draft.vertex_count))
    assert np.array_equal(draft.sheets(), sheets(draft.twin))
    return True


def middle_strip(draft):
    """Mark the faces of the third row of quads, which parts the sheet."""
    height = draft.vertices[draft.faces][:, :, 1].mean(axis=1)
    return (height > 1.0) & (height < 1.5)


def test_a_draft_follows_its_edits(draft):
    assert as_new(draft)
    gone = middle_strip(draft)
    whole = draft.faces.copy()
    draft.drop(gone, EditReason.MANUAL)
    assert as_new(draft)
    assert draft.sheets().max() == 1
    draft.add(np.zeros((0, 3)), whole[gone], np.ones(12, np.uint8), np.zeros(12, np.int32))
    assert as_new(draft)
    assert draft.sheets().max() == 0


@pytest.mark.parametrize("kept", [[True, False], [False, True], [True, True]])
def test_sheets_that_stay_are_numbered_on(draft, kept):
    draft.drop(middle_strip(draft), EditReason.MANUAL)
    draft.discard_sheets(~np.array(kept), EditReason.ISLAND)
    draft.compact()
    assert as_new(draft)
    assert draft.sheets().max() + 1 == sum(kept)


def test_discarded_faces_keep_their_rows_until_the_draft_is_compact(draft):
    gone = np.flatnonzero(middle_strip(draft))
    whole = draft.faces
    draft.discard(gone[:5], EditReason.FOLD)
    draft.discard(gone[5:], EditReason.SPIKE)
    assert draft.faces is whole
    assert (draft.twin.reshape(-1, 3)[gone] == GONE).all()
    assert (draft.sheets()[gone] == -1).all()
    assert draft.sheets().max() == 1
    assert not draft.measures(1e-6).area_mm2[gone].any()
    draft.compact()
    assert as_new(draft)
    assert np.array_equal(draft.faces, np.delete(whole, gone, axis=0))
    edits = draft.record(draft.used_vertices())
    assert edits.removed_face.tolist() == gone.tolist()
    assert set(edits.removed_reason[:5]) == {EditReason.FOLD}
    draft.compact()
    assert as_new(draft)


def test_fins_that_go_leave_their_edges_paired():
    mesh = fin(fin(dome(8), 4, 20), 4, 20, height_mm=2.0)
    draft = start_draft(mesh)
    draft.pair()
    draft.measures(1e-6)
    gone = np.zeros(draft.sheets().max() + 1, dtype=bool)
    gone[draft.sheets()[[768, 769]]] = True
    draft.discard_sheets(gone, EditReason.NON_MANIFOLD_EDGE)
    draft.compact()
    assert as_new(draft)
    assert len(draft.faces) == 768


def test_a_welded_mesh_is_not_welded_again():
    mesh = sheet(6, 6)
    welded = TriangleMesh.of_welded(mesh.vertices, mesh.faces)
    draft = start_draft(welded)
    assert draft.vertices is welded.vertices
    assert draft.vertex_source.tolist() == list(range(49))
    twice = replace(welded, vertices=np.zeros((49, 3)))
    assert not twice.welded
    assert start_draft(twice).vertex_count == 1


def test_faces_go_each_for_its_own_reason(draft):
    reasons = np.zeros(72, dtype=np.uint8)
    reasons[[0, 5]] = EditReason.SPIKE
    reasons[9] = EditReason.FOLD
    draft.drop(reasons > 0, reasons, defect=reasons == EditReason.FOLD)
    edits = draft.record(draft.used_vertices())
    assert edits.removed_face.tolist() == [0, 5, 9]
    assert edits.removed_reason.tolist() == [EditReason.SPIKE, EditReason.SPIKE, EditReason.FOLD]
    assert np.concatenate(draft.around).tolist() == [0, 5]
    assert as_new(draft)


def test_a_draft_of_frozen_arrays_has_arrays_of_its_own():
    mesh = sheet(6, 6)
    mesh.faces.flags.writeable = mesh.vertices.flags.writeable = False
    draft = start_draft(mesh)
    assert draft.faces.flags.writeable
    assert draft.vertices.flags.writeable
    assert np.array_equal(draft.faces, mesh.faces)


@pytest.mark.parametrize(
    "row", [768, 0], ids=["the fin, a sheet of its own", "part of the surface"]
)
def test_edges_are_settled_after_a_face_at_them_went(row):
    mesh = fin(dome(8), 4, 20)
    draft = start_draft(mesh)
    draft.pair()
    draft.measures(1e-6)
    at_edge = np.flatnonzero(faces_at_edges(draft.twin, BRANCHING))
    assert 768 in at_edge
    draft.sheets()
    gone = at_edge[at_edge != 768][:1] if row != 768 else np.array([768])
    draft.discard(gone, EditReason.NON_MANIFOLD_EDGE, settle=True)
    assert not (draft.twin == BRANCHING).any()
    draft.compact()
    assert as_new(draft)


def test_a_remade_face_is_measured_again(draft):
    faces = draft.faces.copy()
    faces[3] = faces[3, 0], faces[3, 1], 48
    remade = np.arange(72) == 3
    draft.remake(faces, draft.twin, remade, EditReason.DEGENERATE)
    expected = measure_faces(draft.vertices, faces, thin_mm=1e-6)
    assert np.array_equal(draft.measures(1e-6).area_mm2, expected.area_mm2)
    assert draft.face_source[3] == -1


def test_what_went_and_came_since_some_time_is_known(draft):
    draft.drop(middle_strip(draft), EditReason.MANUAL)
    draft.mark_faces()
    first, second = draft.faces[[3]].copy(), draft.faces[[7, 9]].copy()
    draft.drop(np.arange(len(draft.faces)) == 3, EditReason.MANUAL)
    before = len(draft.changes)
    gone = np.isin(np.arange(len(draft.faces)), [6, 8])
    rows = draft.rows(gone)
    draft.drop(gone, EditReason.MANUAL)
    lost, gained = draft.changes.since(before)
    assert np.array_equal(lost, second)
    assert not len(gained)
    draft.give_back(rows)
    assert np.array_equal(draft.changes.since(before)[1], second)
    draft.add(np.zeros((0, 3)), first, np.ones(1, np.uint8), np.zeros(1, np.int32))
    lost, gained = draft.changes.since(0)
    assert np.array_equal(lost, np.concatenate([first, second]))
    assert np.array_equal(gained, np.concatenate([second, first]))


def test_a_draft_taken_as_whole_is_what_a_look_would_find(draft):
    found = draft.joined()
    draft.take_as_whole()
    for known, again in zip(draft.joined(), found, strict=True):
        assert np.array_equal(known, again)
        assert known.dtype == again.dtype
