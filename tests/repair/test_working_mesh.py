"""A working mesh: slots stay, undo leaves the same bytes, the edit record tells the truth."""

import numpy as np
import pytest

from stsbench.domain.edits import EditReason, EditRecord
from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import InputError, MeshError
from stsbench.geometry.topology import BOUNDARY, half_edge_twins
from stsbench.repair.step import Step
from stsbench.repair.tool_steps import plan_step
from stsbench.repair.working_mesh import WorkingMesh
from tests.repair.damage import dome
from tests.shapes import sheet, tetrahedron

NONE = np.zeros(0, dtype=np.int32)
NOWHERE = np.zeros((0, 3))


def bytes_of(working):
    mesh = working.to_mesh()
    parts = [mesh.vertices, mesh.faces, working.vertices, working.faces, working.twin]
    parts += [working.alive, *mesh.attributes.values()]
    if mesh.colours is not None:
        parts.append(mesh.colours)
    return b"|".join(part.tobytes() for part in parts)


def removal(rows, tool="delete"):
    rows = np.asarray(rows, dtype=np.int32)
    none = np.zeros((0, 3), dtype=np.int32)
    return Step(tool, EditReason.MANUAL, rows, NOWHERE, none, NONE, NOWHERE, NOWHERE)


def test_slots_stay_and_undo_cuts_off():
    working = WorkingMesh(sheet(4, 4))
    before = bytes_of(working)
    first = removal([11, 12])
    working.apply(first)
    assert not working.alive[[11, 12]].any()
    assert working.alive.sum() == 30
    assert working.to_mesh().face_count == 30
    loops = working.open_loops()
    smallest = int(np.argmin(np.diff(loops.offsets)))
    fill = plan_step(working, {"tool": "fill", "edge": loops.loop(smallest)[:2].tolist()})
    working.apply(fill)
    assert working.face_count == 32 + len(fill.faces)
    assert np.array_equal(working.faces[:32], sheet(4, 4).faces)
    again = working.revert()
    assert again.faces.tobytes() == fill.faces.tobytes()
    working.revert()
    assert bytes_of(working) == before
    assert working.steps == ()


def test_the_half_edges_are_those_of_the_faces_alive():
    working = WorkingMesh(sheet(6, 6))
    working.apply(plan_step(working, {"tool": "delete", "faces": [[20, 24], [40, 41]]}))
    working.apply(plan_step(working, {"tool": "fill_below", "rim_mm": 5.0}))
    rows = np.flatnonzero(working.alive)
    name = np.full(working.face_count, -1)
    name[rows] = np.arange(len(rows))
    table = working.twin.reshape(-1, 3)[rows].ravel()
    ours = np.where(table >= 0, 3 * name[table // 3] + table % 3, table)
    fresh = half_edge_twins(np.ascontiguousarray(working.faces[rows]), working.vertex_count)
    assert np.array_equal(ours, fresh)
    assert (np.delete(working.twin.reshape(-1, 3), rows, axis=0) < BOUNDARY).all()


def test_a_branching_edge_is_paired_again_when_a_face_goes_and_parted_by_undo():
    mesh = sheet(2, 2)
    fin = TriangleMesh(
        np.vstack([mesh.vertices, [[0.5, 0.5, 1.0]]]), np.vstack([mesh.faces, [[1, 4, 9]]])
    )
    working = WorkingMesh(fin)
    before = bytes_of(working)
    step = removal([8])
    working.apply(step)
    assert np.array_equal(working.twin[:24], half_edge_twins(mesh.faces, 9))
    working.revert()
    assert bytes_of(working) == before


def test_a_step_of_another_state_is_refused():
    working = WorkingMesh(sheet(4, 4))
    step = removal([3])
    working.apply(step)
    with pytest.raises(InputError, match="another state"):
        working.apply(step)
    working.revert()
    with pytest.raises(InputError, match="no step to take back"):
        working.revert()


def test_what_is_no_surface_is_refused():
    with pytest.raises(MeshError, match="no faces"):
        WorkingMesh(TriangleMesh(np.zeros((3, 3)), np.zeros((0, 3), dtype=np.int32)))
    bad = TriangleMesh(tetrahedron().vertices, np.array([[0, 1, 1]]))
    with pytest.raises(MeshError, match="twice"):
        WorkingMesh(bad)


def test_vertices_that_moved_go_back_and_a_plan_from_before_is_refused():
    mesh = dome()
    working = WorkingMesh(mesh)
    use = {"tool": "smooth", "faces": [[400, 900]], "cap_mm": 0.05, "passes": 3}
    first, again = plan_step(working, use), plan_step(working, {**use, "cap_mm": 0.02})
    working.apply(first)
    assert np.array_equal(working.vertices[first.moved], first.moved_to)
    with pytest.raises(InputError, match="another state"):
        working.apply(again)
    working.revert()
    assert working.vertices.tobytes() == mesh.vertices.tobytes()
    working.apply(again)
    assert np.array_equal(working.vertices[again.moved], again.moved_to)


def test_the_record_adds_a_step_to_what_the_repair_did():
    """A repair that had moved every vertex by 0.5 mm and added the first one and the first face."""
    mesh = dome()
    own, faces = np.arange(mesh.vertex_count), np.arange(mesh.face_count)
    own[0] = faces[0] = -1
    moved_mm = np.where(own < 0, 0.0, 0.5).astype(np.float32)
    reason = np.where(faces < 0, EditReason.HOLE_FILL, EditReason.NONE).astype(np.uint8)
    none = np.zeros(0, dtype=np.int32)
    first = EditRecord(
        own.astype(np.int32), moved_mm, faces.astype(np.int32), none, none.astype(np.uint8), reason
    )
    working = WorkingMesh(mesh)
    places = mesh.vertices[[0, 700]] + [0.0, 0.0, 0.25]
    step = Step(
        "smooth", EditReason.SMOOTH, NONE, NOWHERE, np.zeros((0, 3), dtype=np.int32),
        np.array([0, 700], dtype=np.int32), mesh.vertices[[0, 700]], places,
    )  # fmt: skip
    working.apply(step)
    record = working.record(first)
    assert record.vertex_moved_mm[[0, 1, 700]].tolist() == [0.0, 0.5, 0.75]
    bent = np.isin(mesh.faces, [0, 700]).any(axis=1)
    assert record.removed_face.tolist() == np.flatnonzero(bent & (faces >= 0)).tolist()
    assert set(record.removed_reason) == {EditReason.SMOOTH}
    assert (record.face_source[bent] == -1).all()
    expected = np.where(faces < 0, EditReason.HOLE_FILL, np.where(bent, EditReason.SMOOTH, 0))
    assert np.array_equal(record.added_reason, expected)
