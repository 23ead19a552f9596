"""Any sequence of tools: undo and replay give the same bytes, the edit record is true."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action, FindingKind, Severity
from stsbench.errors import CancelledError, InputError
from stsbench.repair.by_hand import list_steps
from stsbench.repair.kept_steps import UndoneStep
from stsbench.repair.pipeline import repair_scan
from stsbench.repair.profiles import load_profile
from stsbench.repair.ranges import ranges_of
from stsbench.repair.replay import replay_uses
from stsbench.repair.tool_steps import plan_step
from stsbench.repair.working_mesh import WorkingMesh
from tests.repair.damage import damaged_dome
from tests.repair.tooled import bytes_of, check_sound, coloured, dome_with_holes, rim_edge

STUDY = load_profile("study")
places = st.tuples(st.floats(2, 22), st.floats(2, 18))
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("fill"), st.integers(0, 3)),
        st.tuples(st.just("fill_below"), st.floats(3, 20)),
        st.tuples(st.just("delete"), places, st.floats(0.8, 2.5)),
        st.tuples(st.just("refill"), places, st.floats(0.8, 2.0)),
        st.tuples(st.just("smooth"), places, st.floats(1.5, 4)),
        st.tuples(st.just("trim_plane"), places, st.floats(0, 6.28)),
        st.tuples(st.just("clean_border"), st.integers(0, 3), st.floats(0.2, 0.6)),
        st.tuples(st.just("keep_component"), places),
    ),
    min_size=1,
    max_size=6,
)


def use_of(working, move):
    """Turn a drawn move into a use on the mesh as it is; None where there is nothing to do it to."""
    tool, *rest = move
    if tool in ("fill", "clean_border"):
        count = len(working.open_loops())
        if not count:
            return None
        # Never the border: a lid over a dome may well meet it.
        index = 1 + rest[0] % max(count - 1, 1)
        if index >= count:
            return None
        more = {"strip_mm": rest[1]} if tool == "clean_border" else {}
        return {"tool": tool, "edge": rim_edge(working, index), **more}
    if tool == "fill_below":
        return {"tool": tool, "rim_mm": rest[0]}
    x, y = rest[0]
    if tool == "trim_plane":
        normal = [np.cos(rest[1]), np.sin(rest[1]), 0.1]
        return {"tool": tool, "point": [x, y, 3.0], "normal": normal}
    centre = working.vertices[working.faces].mean(axis=1)[:, :2]
    away = np.where(working.alive, np.linalg.norm(centre - (x, y), axis=1), np.inf)
    if tool == "keep_component":
        return {"tool": tool, "face": int(np.argmin(away))}
    chosen = np.flatnonzero(away < rest[1])
    if not len(chosen):
        return None
    more = {"cap_mm": 0.05, "passes": 3} if tool == "smooth" else {}
    return {"tool": tool, "faces": ranges_of(chosen), **more}


def do_all(working, moves):
    """Do what can be done; return the uses that were."""
    uses = []
    for move in moves:
        use = use_of(working, move)
        if use is None:
            continue
        try:
            step = plan_step(working, use)
        except InputError:
            continue
        working.apply(step)
        uses.append(use)
    return uses


@settings(deadline=None, max_examples=12)
@given(MOVES)
def test_undo_and_replay_give_the_same_bytes(moves):
    mesh = dome_with_holes()
    working = WorkingMesh(mesh)
    states = [bytes_of(working)]
    uses = []
    for move in moves:
        uses += do_all(working, [move])
        if len(uses) == len(states):
            states.append(bytes_of(working))
    end = states[-1]
    check_sound(working.to_mesh(), components=pieces_of(working))
    replayed, steps = replay_uses(mesh, json.loads(json.dumps(uses)))
    assert bytes_of(replayed) == end
    assert len(steps) == len(uses)
    listed = list_steps(working)
    assert listed == list_steps(replayed)
    undone = []
    for _ in uses:
        assert bytes_of(working) == states.pop()
        undone.append(UndoneStep.of(working.revert(), working.vertex_count, working.face_count))
    assert bytes_of(working) == states.pop()
    for kept in reversed(undone):
        working.apply(kept.step(working.vertices))
    assert list_steps(working) == listed
    assert bytes_of(working) == end


def pieces_of(working):
    from tests.repair.referee import pieces

    return int(pieces(working.faces[working.alive]).max()) + 1


def corners_of(mesh, faces):
    """Faces as sorted float32 rows, so that equal faces are equal rows."""
    corners = mesh.vertices.astype(np.float32)[faces]
    order = np.lexsort(corners.transpose(2, 0, 1)[::-1], axis=-1)
    return np.take_along_axis(corners, order[:, :, None], axis=1).reshape(-1, 9)


@settings(deadline=None, max_examples=10)
@given(MOVES)
def test_the_record_of_repair_and_steps_is_true_face_by_face(moves):
    scan = DAMAGED
    working = WorkingMesh(REPAIRED.mesh)
    do_all(working, moves)
    after, edits = working.to_mesh(), working.record(REPAIRED.edits)
    assert edits.vertex_source.shape == (after.vertex_count,)
    assert edits.face_source.shape == (after.face_count,)
    kept = edits.face_source >= 0
    ours, theirs = corners_of(after, after.faces), corners_of(scan, scan.faces)
    assert np.array_equal(ours[kept], theirs[edits.face_source[kept]])
    both = np.concatenate([edits.face_source[kept], edits.removed_face])
    assert np.array_equal(np.sort(both), np.arange(scan.face_count))
    assert (edits.removed_reason != EditReason.NONE).all()
    assert np.array_equal(edits.added_reason != EditReason.NONE, ~kept)
    assert (np.diff(edits.removed_face) > 0).all()
    source = edits.vertex_source >= 0
    way = np.linalg.norm(
        after.vertices[source] - scan.vertices[edits.vertex_source[source]], axis=1
    )
    assert np.allclose(way, edits.vertex_moved_mm[source], atol=1e-6)
    assert not edits.vertex_moved_mm[~source].any()
    # By brute force: a face that is not in the scan is one the record calls new.
    known = {row.tobytes() for row in theirs}
    new = np.array([row.tobytes() not in known for row in ours])
    assert not (new & kept).any()
    moved = edits.vertex_moved_mm > 0
    assert new[moved[after.faces].any(axis=1)].all()


DAMAGED = coloured(damaged_dome()[0])
REPAIRED = repair_scan(DAMAGED, profile=STUDY)


def test_a_replay_stops_at_the_step_that_fails_and_says_which():
    working = WorkingMesh(dome_with_holes())
    fill = {"tool": "fill", "edge": rim_edge(working, 1)}
    with pytest.raises(InputError, match="Step 2: This loop is closed already"):
        replay_uses(dome_with_holes(), [fill, fill])


def test_steps_are_not_replayed_on_another_mesh_when_they_say_which():
    mesh = dome_with_holes()
    use = {"tool": "delete", "faces": [[900, 910]], "on": WorkingMesh(mesh).origin}
    working, _ = replay_uses(mesh, [use, {**use, "faces": [[1000, 1010]]}])
    assert not working.alive[900:910].any()
    with pytest.raises(InputError, match="Step 1: This step was taken on another repair"):
        replay_uses(REPAIRED.mesh, [use])
    moved = mesh.vertices.copy()
    moved[0, 2] += 0.5
    assert WorkingMesh(replace(mesh, vertices=moved)).origin != use["on"]


def test_a_replay_can_be_cancelled_and_leaves_the_mesh_alone():
    class Stop:
        def step(self, name, done):
            raise CancelledError("The work was cancelled.", "Start it again.")

    mesh = dome_with_holes()
    with pytest.raises(CancelledError):
        replay_uses(mesh, [{"tool": "fill_below", "rim_mm": 9}], progress=Stop())
    assert mesh.faces.tobytes() == dome_with_holes().faces.tobytes()


def test_each_step_is_listed_for_review():
    working, _ = replay_uses(
        dome_with_holes(),
        [
            {"tool": "fill_below", "rim_mm": 20.0},
            {"tool": "trim_plane", "point": [20, 0, 0], "normal": [1, 0, 0]},
        ],
    )
    fill, trim = list_steps(working)
    assert [fill.kind, trim.kind] == [FindingKind.BY_HAND] * 2
    assert [fill.severity, trim.severity] == [Severity.REVIEW] * 2
    assert [fill.action, trim.action] == [Action.FILLED, Action.REMOVED]
    assert fill.detail.startswith("Step 1: filled by hand, all below a length. A filled hole is")
    assert trim.area_mm2 > 60
    assert trim.place_mm[0] > 20


def test_a_record_of_another_mesh_is_refused():
    working = WorkingMesh(dome_with_holes())
    with pytest.raises(InputError, match="The edit record is of a mesh"):
        working.record(REPAIRED.edits)
