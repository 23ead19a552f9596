"""Every tool of the bench: what it changes, what it leaves alone, what it refuses."""

import numpy as np
import pytest

from stsbench.domain.edits import EditReason
from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import InputError
from stsbench.repair.profiles import load_profile
from stsbench.repair.ranges import ranges_of
from stsbench.repair.tool_steps import TOOLS, plan_step
from stsbench.repair.working_mesh import WorkingMesh
from tests.repair.damage import at, beside, dome, fold, hole, rounded
from tests.repair.referee import edge_counts
from tests.repair.tooled import (
    bytes_of,
    check_sound,
    check_values,
    coloured,
    dome_with_holes,
    near,
    rim_edge,
)
from tests.shapes import sheet, sphere

CENTRE = (12.0, 10.0)


def height(x, y):
    return 5 - 3 * ((x - 12) / 12) ** 2 - 2 * ((y - 10) / 10) ** 2


def ring(radius_mm, count=12, centre=CENTRE):
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    x, y = centre[0] + radius_mm * np.cos(turn), centre[1] + radius_mm * np.sin(turn)
    return np.stack([x, y, height(x, y)], axis=1).tolist()


def across(y=16.0, count=7):
    x = np.linspace(0.3, 23.7, count)
    return np.stack([x, np.full(count, y), height(x, y)], axis=1).tolist()


def do(working, use, **options):
    """Plan, look that planning changed nothing, apply."""
    before = bytes_of(working)
    step = plan_step(working, use, **options)
    assert bytes_of(working) == before
    working.apply(step)
    return step


def check_rest(before, working, step):
    """Outside the step's faces nothing is new and nothing moved."""
    old = np.ones(before.face_count, dtype=bool)
    old[step.removed[step.removed < before.face_count]] = False
    assert np.array_equal(working.alive[: before.face_count], old)
    assert np.array_equal(working.faces[: before.face_count], before.faces)
    same = np.delete(np.arange(before.vertex_count), step.moved)
    assert np.array_equal(working.vertices[same], before.vertices[same])


def test_filling_one_loop_closes_it_and_nothing_else():
    before = dome_with_holes()
    working = WorkingMesh(before)
    step = do(working, {"tool": "fill", "edge": rim_edge(working, 1)})
    assert step.reason is EditReason.HOLE_FILL
    assert not len(step.removed)
    assert not len(step.moved)
    check_rest(before, working, step)
    check_sound(working.to_mesh(), loops=2)
    check_values(working.to_mesh())
    assert 10 < step.measures["rim_mm"] < 12
    assert any("look at it" in words for words in step.warnings)


def test_a_flat_hole_is_filled_flat_to_the_square():
    flat = sheet(12, 12)
    working = WorkingMesh(hole_of(flat, 6, 6))
    step = do(working, {"tool": "fill", "edge": rim_edge(working, 1)})
    assert step.measures["area_mm2"] == pytest.approx(1.0, rel=1e-6)
    assert not working.to_mesh().vertices[:, 2].any()


def hole_of(mesh, row, column, columns=12):
    middle = row * (columns + 1) + column
    gone = np.isin(mesh.faces, [middle, middle + 1, middle + columns + 1]).any(axis=1)
    square = near(mesh, column * 0.5, row * 0.5, 0.71)
    keep = np.ones(mesh.face_count, dtype=bool)
    keep[square] = False
    assert gone.any()
    return TriangleMesh(mesh.vertices, mesh.faces[keep])


def test_all_holes_below_a_length_are_filled_but_not_the_border():
    working = WorkingMesh(dome_with_holes())
    step = do(working, {"tool": "fill_below", "rim_mm": 5.0})
    assert step.measures["holes_count"] == 1
    assert not step.warnings
    do(working, {"tool": "fill_below", "rim_mm": 500.0})
    check_sound(working.to_mesh(), loops=1)
    with pytest.raises(InputError, match="No hole"):
        plan_step(working, {"tool": "fill_below", "rim_mm": 500.0})


def test_a_hole_above_the_limit_is_filled_by_hand_with_a_warning():
    mesh = hole(dome(), 20, 24, reach=4)
    working = WorkingMesh(mesh)
    step = do(working, {"tool": "fill", "edge": rim_edge(working, 1)})
    assert any("leaves holes above 15 mm open" in words for words in step.warnings)
    check_sound(working.to_mesh(), loops=1)
    ball = sphere(3, radius_mm=10.0)
    upper = ball.faces[(ball.vertices[ball.faces, 2] > -2.0).all(axis=1)]
    cap = TriangleMesh(ball.vertices.astype(np.float32).astype(np.float64), upper)
    working = WorkingMesh(WorkingMesh(cap).to_mesh())
    border = plan_step(working, {"tool": "fill", "edge": rim_edge(working, 0)})
    assert any("outer border" in words for words in border.warnings)


def test_a_nearly_closed_body_has_holes_and_no_border():
    ball = sphere(4, radius_mm=10.0)
    around = near(ball, 0.0, 0.0, 1.5)
    mesh = TriangleMesh(
        ball.vertices.astype(np.float32).astype(np.float64),
        np.delete(ball.faces, around[ball.vertices[ball.faces[around, 0], 2] > 0], axis=0),
    )
    working = WorkingMesh(mesh)
    do(working, {"tool": "fill_below", "rim_mm": 15.0})
    assert not len(working.open_loops())


def test_deleting_takes_the_selection_and_what_hangs_by_a_corner():
    mesh = coloured(dome())
    working = WorkingMesh(mesh)
    chosen = near(mesh, *CENTRE, 3.0)
    step = do(working, {"tool": "delete", "faces": ranges_of(chosen)})
    assert set(chosen) <= set(step.removed)
    assert step.reason is EditReason.MANUAL
    check_rest(mesh, working, step)
    check_sound(working.to_mesh(), loops=2)
    a, b = at(20, 24), at(20, 25)
    touching = np.isin(mesh.faces, [at(18, 20)]).any(axis=1)
    fan = np.flatnonzero(touching)[[0, 3]]
    pinched = do(WorkingMesh(mesh), {"tool": "delete", "faces": ranges_of(fan)})
    assert a != b
    assert len(pinched.removed) > 2
    assert any("hang by a corner" in words for words in pinched.warnings)


def test_deleting_a_band_warns_that_the_scan_falls_apart():
    mesh = dome()
    working = WorkingMesh(mesh)
    centre = mesh.vertices[mesh.faces].mean(axis=1)
    band = np.flatnonzero(np.abs(centre[:, 0] - 12) < 1.0)
    step = do(working, {"tool": "delete", "faces": ranges_of(band)})
    assert step.warnings == ("The scan falls into 2 pieces.",)
    check_sound(working.to_mesh(), components=2)
    left = int(np.flatnonzero(working.alive & (centre[:, 0] < 10))[0])
    right = int(np.flatnonzero(working.alive & (centre[:, 0] > 14))[0])
    gone = plan_step(working, {"tool": "delete_component", "face": right})
    kept = plan_step(working, {"tool": "keep_component", "face": left})
    assert np.array_equal(gone.removed, kept.removed)
    assert gone.measures["area_mm2"] == pytest.approx(kept.measures["area_mm2"])
    assert any("look at it" in words for words in gone.warnings)
    working.apply(kept)
    check_sound(working.to_mesh(), components=1)
    with pytest.raises(InputError, match="one piece already"):
        plan_step(working, {"tool": "keep_component", "face": left})


def test_only_a_deletion_that_parts_the_scan_warns_of_it():
    mesh = dome()
    working = WorkingMesh(mesh)
    x = mesh.vertices[mesh.faces].mean(axis=1)[:, 0]
    warnings = []
    for rows in (np.abs(x - 12) < 1.0, None, np.abs(x - 18) < 1.0):
        chosen = near(mesh, 5.0, 10.0, 1.5) if rows is None else np.flatnonzero(rows)
        warnings.append(do(working, {"tool": "delete", "faces": ranges_of(chosen)}).warnings)
    assert warnings == [("The scan falls into 2 pieces.",), (), ("The scan falls into 3 pieces.",)]


def test_refilling_replaces_a_bump_by_what_surrounds_it():
    flat = sheet(30, 30)
    bumped = flat.vertices.copy()
    away = np.linalg.norm(bumped[:, :2] - 7.5, axis=1)
    bumped[:, 2] = np.where(away < 1.4, 0.6 * (1 - (away / 1.4) ** 2), 0.0)
    mesh = TriangleMesh(bumped.astype(np.float32).astype(np.float64), flat.faces)
    working = WorkingMesh(mesh)
    step = do(working, {"tool": "refill", "faces": ranges_of(near(mesh, 7.5, 7.5, 2.6))})
    after = working.to_mesh()
    check_sound(after, loops=1)
    assert np.abs(after.vertices[:, 2]).max() < 1e-5
    assert step.measures["removed_mm2"] > step.measures["area_mm2"]


def test_refilling_at_the_border_leaves_the_border_open():
    mesh = dome()
    working = WorkingMesh(mesh)
    chosen = np.concatenate([near(mesh, 0.0, 10.0, 2.0), near(mesh, *CENTRE, 2.0)])
    step = do(working, {"tool": "refill", "faces": ranges_of(chosen)})
    assert any("stays open" in words for words in step.warnings)
    check_sound(working.to_mesh(), loops=1)
    with pytest.raises(InputError, match="opens no hole"):
        plan_step(working, {"tool": "refill", "faces": ranges_of(near(mesh, 24.0, 10.0, 2.0))})


def noisy(size_mm=0.02):
    mesh = coloured(sheet(40, 48, height=height))
    noise = np.random.default_rng(5).normal(size=mesh.vertex_count) * size_mm
    vertices = mesh.vertices.copy()
    vertices[:, 2] += noise
    return TriangleMesh(
        vertices.astype(np.float32).astype(np.float64), mesh.faces, mesh.colours, mesh.attributes
    )


@pytest.mark.parametrize("cap_mm", [0.01, 0.05])
def test_smoothing_takes_noise_and_keeps_rim_and_cap(cap_mm):
    mesh, clean = noisy(), sheet(40, 48, height=height)
    working = WorkingMesh(mesh)
    chosen = near(mesh, *CENTRE, 5.0)
    use = {"tool": "smooth", "faces": ranges_of(chosen), "cap_mm": cap_mm, "passes": 10}
    step = do(working, use)
    way = np.linalg.norm(step.moved_to - step.moved_from, axis=1)
    assert way.max() <= cap_mm
    assert step.measures["max_move_mm"] == pytest.approx(way.max())
    inside = np.ones(mesh.vertex_count, dtype=bool)
    inside[np.delete(mesh.faces, chosen, axis=0)] = False
    assert inside[step.moved].all()
    assert not len(step.faces)
    check_sound(working.to_mesh(), loops=1)
    rough = np.abs(mesh.vertices[step.moved, 2] - clean.vertices[step.moved, 2]).mean()
    left = np.abs(working.vertices[step.moved, 2] - clean.vertices[step.moved, 2]).mean()
    assert left < (0.75 if cap_mm > 0.02 else 0.95) * rough


def test_a_move_into_something_is_halved_there_alone():
    """Two pits of one depth; in the first a scrap hangs that its ground would rise into."""
    flat = sheet(40, 48)
    first, second = at(20, 12), at(20, 36)
    vertices = flat.vertices.copy()
    vertices[[first, second], 2] = -0.3
    pits = TriangleMesh(rounded(vertices), flat.faces)
    scrap = rounded(pits.vertices[first] + [[0, 0, 0.1], [-0.05, 0, 0.5], [0.05, 0, 0.5]])
    count = pits.vertex_count
    beset = TriangleMesh(
        np.vstack([pits.vertices, scrap]),
        np.vstack([pits.faces, [[count, count + 1, count + 2]]]),
    )
    use = {"tool": "smooth", "cap_mm": 0.25, "passes": 5}
    chosen = np.union1d(near(pits, 6.0, 10.0, 2.0), near(pits, 18.0, 10.0, 2.0))
    use["faces"] = ranges_of(chosen)
    free, held = plan_step(WorkingMesh(pits), use), plan_step(WorkingMesh(beset), use)
    rise = {name: dict(zip(step.moved, step.moved_to[:, 2], strict=True))
            for name, step in (("free", free), ("held", held))}  # fmt: skip
    assert rise["free"][first] > -0.1 > -0.2 > rise["held"].get(first, -0.3)
    assert rise["held"][second] == rise["free"][second] == pytest.approx(rise["free"][first])


@pytest.mark.parametrize(("cap_mm", "warned"), [(0.1, False), (0.101, True)])
def test_a_wide_cap_is_warned_of(cap_mm, warned):
    mesh = noisy()
    use = {"tool": "smooth", "faces": ranges_of(near(mesh, *CENTRE, 3.0)), "cap_mm": cap_mm}
    step = plan_step(WorkingMesh(mesh), {**use, "passes": 2})
    assert any("cap" in warning for warning in step.warnings) is warned


def test_a_plane_is_smooth_already():
    working = WorkingMesh(sheet(20, 20))
    use = {"tool": "smooth", "faces": [[0, 800]], "cap_mm": 0.1, "passes": 20}
    with pytest.raises(InputError, match="Nothing moves"):
        plan_step(working, use)


def test_smoothing_a_whole_scan_is_no_repair():
    mesh = sheet(60, 60)
    use = {"tool": "smooth", "faces": [[0, mesh.face_count]], "cap_mm": 0.1, "passes": 1}
    with pytest.raises(InputError, match="at most 5000"):
        plan_step(WorkingMesh(mesh), use)


def test_a_plane_cut_leaves_half_a_sheet_with_a_straight_rim():
    mesh = coloured(sheet(20, 48))
    working = WorkingMesh(mesh)
    use = {"tool": "trim_plane", "point": [10.13, 0, 0], "normal": [3.0, 0, 0]}
    step = do(working, use)
    after = working.to_mesh()
    found = check_sound(after, loops=1)
    check_values(after)
    assert found.area_mm2 == pytest.approx(10.13 * 10.0, rel=1e-6)
    assert step.measures["area_mm2"] == pytest.approx((24 - 10.13) * 10.0, rel=1e-6)
    assert after.vertices[:, 0].max() == pytest.approx(10.13, abs=1e-6)
    assert step.reason is EditReason.BORDER_TRIM
    check_rest(mesh, working, step)


@pytest.mark.parametrize("normal", [(1, 0.2, 0.1), (-0.3, 1, 0), (0, 0, 1), (0.5, -0.7, 0.2)])
def test_new_rim_vertices_lie_on_the_plane(normal):
    working = WorkingMesh(coloured(dome()))
    point = np.array([12.02, 10.01, 4.2])
    unit = np.array(normal) / np.linalg.norm(normal)
    step = do(working, {"tool": "trim_plane", "point": point.tolist(), "normal": list(normal)})
    assert np.abs((step.vertices - point) @ unit).max() < 3e-6
    kept = working.to_mesh()
    assert ((kept.vertices - point) @ unit).max() < 0.041
    check_values(kept)
    check_sound(kept, components=working_pieces(kept))
    # float32 numbers, as every file holds them.
    assert np.array_equal(step.vertices, rounded(step.vertices))


def working_pieces(mesh):
    from tests.repair.referee import pieces

    return int(pieces(mesh.faces).max()) + 1


def test_a_plane_through_a_row_of_vertices_cuts_along_their_edges():
    mesh = sheet(10, 10)
    working = WorkingMesh(mesh)
    step = do(working, {"tool": "trim_plane", "point": [2.5, 0, 0], "normal": [1, 0, 0]})
    assert not len(step.vertices)
    assert not len(step.faces)
    assert len(step.removed) == mesh.face_count // 2


def test_a_plane_beside_a_row_of_vertices_is_not_drawn_onto_it():
    """0.02 mm off: the next snap would take the row, but the first leaves no fault."""
    working = WorkingMesh(sheet(10, 10))
    do(working, {"tool": "trim_plane", "point": [2.52, 0, 0], "normal": [1, 0, 0]})
    assert working.to_mesh().vertices[:, 0].max() == pytest.approx(2.52, abs=1e-6)


@pytest.mark.parametrize("inside", [True, False])
def test_a_closed_curve_parts_the_disc_from_the_rest(inside):
    mesh = coloured(dome())
    working = WorkingMesh(mesh)
    goes = [*CENTRE, height(*CENTRE)] if inside else [2.0, 2.0, height(2.0, 2.0)]
    step = do(working, {"tool": "trim_curve", "points": ring(4.0, 24), "goes": goes})
    after = working.to_mesh()
    check_sound(after, loops=2 if inside else 1)
    check_values(after)
    away = np.linalg.norm(after.vertices[:, :2] - CENTRE, axis=1)
    assert (away.min() > 3.85) if inside else (away.max() < 4.15)
    assert step.measures["curve_mm"] == pytest.approx(2 * np.pi * 4.0, rel=0.05)
    check_rest(mesh, working, step)


def test_a_curve_from_border_to_border_parts_the_scan():
    working = WorkingMesh(coloured(dome()))
    do(working, {"tool": "trim_curve", "points": across(), "goes": [12, 19, height(12, 19)]})
    after = working.to_mesh()
    check_sound(after, loops=1)
    assert 15.8 < after.vertices[:, 1].max() < 16.2


def test_the_side_that_goes_may_be_told_by_a_place_that_was_deleted():
    mesh = dome()
    working = WorkingMesh(mesh)
    do(working, {"tool": "delete", "faces": ranges_of(near(mesh, 18.0, 10.0, 2.0))})
    line = [[12.1, y, height(12.1, y)] for y in np.linspace(0.3, 19.7, 7)]
    do(working, {"tool": "trim_curve", "points": line, "goes": [18, 10, height(18, 10)]})
    check_sound(working.to_mesh(), loops=1)
    assert working.to_mesh().vertices[:, 0].max() < 12.5


@pytest.mark.parametrize(("lift_mm", "is_off"), [(1.2, False), (2.5, True)])
def test_a_curve_beside_the_scan_is_refused(lift_mm, is_off):
    lifted = [[x, y, z + lift_mm] for x, y, z in ring(4.0)]
    use = {"tool": "trim_curve", "points": lifted, "goes": [*CENTRE, height(*CENTRE)]}
    working = WorkingMesh(dome())
    if is_off:
        with pytest.raises(InputError, match=r"2\.\d mm off the scan"):
            plan_step(working, use)
    else:
        assert len(plan_step(working, use).removed)


def test_a_few_places_on_a_curved_surface_are_enough():
    ball = sphere(5, radius_mm=10.0)
    mesh = TriangleMesh(ball.vertices.astype(np.float32).astype(np.float64), ball.faces)
    turn = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    equator = 10 * np.stack([np.cos(turn), np.sin(turn), np.zeros(8)], axis=1)
    working = WorkingMesh(mesh)
    do(working, {"tool": "trim_curve", "points": equator.tolist(), "goes": [0, 0, 10]})
    half = check_sound(working.to_mesh(), loops=1)
    assert half.area_mm2 == pytest.approx(2 * np.pi * 100, rel=0.01)
    assert working.to_mesh().vertices[:, 2].max() < 0.1


def test_a_curve_between_two_close_walls_stays_on_the_surface():
    """A slot 0.2 mm wide and 3 mm deep: the other wall is nearer than the curve's own places."""

    def walls(x, y):
        return -3.0 * np.clip(1.0 - np.abs(x - 6.0) / 0.1, 0.0, 1.0)

    x = np.unique(np.concatenate([np.linspace(0, 12, 49), 6 + np.linspace(-0.1, 0.1, 41)]))
    y = np.linspace(0, 6, 31)
    mesh = sheet(len(y) - 1, len(x) - 1)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    places = np.column_stack([grid, walls(*grid.T)])
    mesh = TriangleMesh(places.astype(np.float32).astype(np.float64), mesh.faces)
    curve = [[x, 3.05, 0.0] for x in (0.1, 3.0, 5.6, 6.4, 9.0, 11.9)]
    working = WorkingMesh(mesh)
    do(working, {"tool": "trim_curve", "points": curve, "goes": [1.0, 5.5, 0.0]})
    after = working.to_mesh()
    check_sound(after, loops=1)
    assert after.vertices[:, 1].max() < 3.3


def ragged():
    mesh = coloured(dome())
    centre = mesh.vertices[mesh.faces].mean(axis=1)
    depth = np.minimum.reduce([centre[:, 0], 24 - centre[:, 0], centre[:, 1], 20 - centre[:, 1]])
    frayed = (depth < 0.6) & (np.random.default_rng(1).random(mesh.face_count) < 0.4)
    working = WorkingMesh(
        TriangleMesh(mesh.vertices, mesh.faces[~frayed], mesh.colours, mesh.attributes)
    )
    main = int(np.argmin(np.linalg.norm(centre[~frayed] - (12, 10, 5), axis=1)))
    with_one = working.to_mesh()
    if len(working.open_loops()) > 1:
        from tests.repair.referee import pieces

        label = pieces(with_one.faces)
        keep = label == label[main]
        with_one = TriangleMesh(
            with_one.vertices, with_one.faces[keep], with_one.colours, with_one.attributes
        )
    from stsbench.repair.pipeline import repair_scan

    return repair_scan(with_one, profile=load_profile("study")).mesh


def turning_deg(mesh):
    """Mean angle by which the border turns at a vertex, seen from above."""
    working = WorkingMesh(mesh)
    loops = working.open_loops()
    loop = loops.loop(int(np.argmax(np.diff(loops.offsets))))
    way = np.diff(mesh.vertices[np.r_[loop, loop[:1]], :2], axis=0)
    angle = np.angle((way[:, 0] + 1j * way[:, 1]) / np.roll(way[:, 0] + 1j * way[:, 1], 1))
    return np.degrees(np.abs(angle)).mean()


def test_cleaning_the_border_leaves_a_smooth_rim_and_an_untouched_scan():
    mesh = ragged()
    working = WorkingMesh(mesh)
    step = do(working, {"tool": "clean_border", "edge": rim_edge(working, 0), "strip_mm": 0.8})
    after = working.to_mesh()
    check_sound(after, loops=1)
    check_values(after)
    check_rest(mesh, working, step)
    assert turning_deg(after) < 0.12 * turning_deg(mesh)  # 0.15 where nothing is smoothed
    old_edges, uses = edge_counts(mesh.faces)
    border = np.unique(old_edges[uses == 1])
    assert not np.isin(border, working.faces[working.alive]).any()
    depth = np.minimum.reduce([
        after.vertices[:, 0], 24 - after.vertices[:, 0],
        after.vertices[:, 1], 20 - after.vertices[:, 1],
    ])  # fmt: skip
    assert depth.min() > 0.3
    gone = mesh.vertices[mesh.faces[step.removed]].reshape(-1, 3)
    deepest = np.minimum.reduce([gone[:, 0], 24 - gone[:, 0], gone[:, 1], 20 - gone[:, 1]])
    assert deepest.max() < 3.2


@pytest.mark.parametrize(("side_mm", "pieces"), [(3, 1), (6, 2)])
def test_cleaning_takes_what_it_cuts_off_up_to_a_twentieth(side_mm, pieces):
    """A body of 12 by 20 mm with a square flap on a neck that the strip eats."""
    mesh = sheet(40, 40, pitch_mm=0.5)
    x, y = mesh.vertices[mesh.faces].mean(axis=1)[:, :2].T
    body = x < 12
    flap = (x > 14) & (x < 14 + side_mm) & (np.abs(y - 9.5) < side_mm / 2)
    neck = (x > 11) & (x < 15) & (y > 9) & (y < 10)
    working = WorkingMesh(
        WorkingMesh(TriangleMesh(mesh.vertices, mesh.faces[body | flap | neck])).to_mesh()
    )
    do(working, {"tool": "clean_border", "edge": rim_edge(working, 0), "strip_mm": 0.7})
    after = working.to_mesh()
    check_sound(after, loops=pieces, components=pieces)
    assert (after.vertices[:, 0].max() < 12) == (pieces == 1)


def test_cleaning_a_hole_warns():
    working = WorkingMesh(dome_with_holes())
    use = {"tool": "clean_border", "edge": rim_edge(working, 1), "strip_mm": 0.5}
    assert any("becomes wider" in words for words in plan_step(working, use).warnings)


REFUSALS = [
    ({}, "names no tool"),
    ({"tool": "polish"}, "names no tool"),
    ({"tool": "fill"}, "lacks edge"),
    ({"tool": "fill", "edge": [0, 1], "more": 1}, "holds more"),
    ({"tool": "fill", "edge": [0, "a"]}, "no pair"),
    ({"tool": "fill", "edge": [0, True]}, "no pair"),
    ({"tool": "fill", "edge": [0, 0]}, "does not exist"),
    ({"tool": "fill", "edge": [0, 10**9]}, "does not exist"),
    ({"tool": "fill", "edge": [at(20, 20), at(20, 21)]}, "closed already"),
    ({"tool": "fill_below", "rim_mm": "x"}, "no number"),
    ({"tool": "fill_below", "rim_mm": -1}, "rim_mm is -1"),
    ({"tool": "fill_below", "rim_mm": 0.1}, "No hole"),
    ({"tool": "delete", "faces": []}, "No faces"),
    ({"tool": "delete", "faces": [[0, 10**9]]}, "names face"),
    ({"tool": "delete", "faces": [[5, 5]]}, "does not follow"),
    ({"tool": "delete", "faces": [[5, 9], [8, 12]]}, "does not follow"),
    ({"tool": "delete", "faces": [[0.0, 4.0]]}, "whole numbers"),
    ({"tool": "delete", "faces": [3, 4]}, "pairs"),
    ({"tool": "delete", "faces": [[0, 3840]]}, "Nothing of the scan"),
    ({"tool": "refill", "faces": [[0, 3840]]}, "Nothing of the scan"),
    ({"tool": "smooth", "faces": [[0, 9]], "cap_mm": 3.0, "passes": 5}, "cap_mm is 3"),
    ({"tool": "smooth", "faces": [[0, 9]], "cap_mm": 0.1, "passes": 1.5}, "passes is 1.5"),
    ({"tool": "smooth", "faces": [[0, 1]], "cap_mm": 0.1, "passes": 1}, "Nothing moves"),
    ({"tool": "trim_plane", "point": [0, 0], "normal": [0, 0, 1]}, "point holds"),
    ({"tool": "trim_plane", "point": [0, 0, float("nan")], "normal": [0, 0, 1]}, "point holds"),
    ({"tool": "trim_plane", "point": [0, 0, 0], "normal": [0, 0, 0]}, "no length"),
    ({"tool": "trim_plane", "point": [0, 0, 90], "normal": [0, 0, 1]}, "on the side that stays"),
    ({"tool": "trim_plane", "point": [0, 0, -90], "normal": [0, 0, 1]}, "would remain"),
    ({"tool": "trim_curve", "points": [[1, 1, 1]], "goes": [0, 0, 0]}, "no list"),
    ({"tool": "trim_curve", "points": [[0, 0, 60], [9, 0, 60]], "goes": [0, 0, 0]}, "the scan"),
    ({"tool": "trim_curve", "points": across(10.0)[2:5], "goes": [0, 0, 0]}, "does not part"),
    ({"tool": "trim_curve", "points": [[9, 9, 5]] * 3, "goes": [0, 0, 0]}, "one place"),
    ({"tool": "delete_component", "face": -1}, "does not exist"),
    ({"tool": "delete_component", "face": 10**9}, "does not exist"),
    ({"tool": "delete_component", "face": 1.0}, "does not exist"),
    ({"tool": "delete_component", "face": 5}, "would remain"),
    ({"tool": "keep_component", "face": 5}, "one piece"),
    ({"tool": "clean_border", "edge": [0, 1], "strip_mm": 30.0}, "strip_mm is 30"),
]  # fmt: skip


@pytest.mark.parametrize(("use", "problem"), REFUSALS, ids=lambda value: str(value)[:48])
def test_what_cannot_be_done_is_refused_with_a_remedy(use, problem):
    working = WorkingMesh(dome())
    with pytest.raises(InputError, match=problem) as caught:
        plan_step(working, use)
    assert caught.value.remedy.endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_record_allows_no_tool(tool):
    with pytest.raises(InputError, match="allows no edit"):
        plan_step(WorkingMesh(dome()), {"tool": tool}, profile=load_profile("ortho-record"))


def test_a_dead_face_cannot_be_picked():
    working = WorkingMesh(dome())
    do(working, {"tool": "delete", "faces": [[100, 110]]})
    with pytest.raises(InputError, match="gone already"):
        plan_step(working, {"tool": "delete", "faces": [[100, 110]]})
    with pytest.raises(InputError, match="gone already"):
        plan_step(working, {"tool": "delete_component", "face": 100})
    again = plan_step(working, {"tool": "delete", "faces": [[95, 115]]})
    assert not np.isin(np.arange(100, 110), again.removed).any()


def test_a_fill_that_would_pass_through_the_rest_is_refused():
    """A second dome hangs 0.05 mm above the hole's middle: every patch would meet it."""
    mesh = hole(dome(), 20, 24, reach=3)
    lid = sheet(6, 6, pitch_mm=0.4)
    middle = dome().vertices[at(20, 24)] - [1.2, 1.2, 0.3]
    slope = lid.vertices.copy()
    slope[:, 2] = 0.5 * (slope[:, 0] - 1.2)
    working = WorkingMesh(beside(mesh, TriangleMesh(slope, lid.faces), shift_mm=middle))
    loops = working.open_loops()
    sizes = np.diff(loops.offsets)
    gap = loops.loop(int(np.argsort(sizes)[1]))
    before = bytes_of(working)
    with pytest.raises(InputError, match="No patch was found"):
        plan_step(working, {"tool": "fill", "edge": gap[:2].tolist()})
    assert bytes_of(working) == before


def test_smoothing_beside_a_fold_does_no_harm():
    mesh = fold(dome(), 20, 24)
    working = WorkingMesh(mesh)
    use = {"tool": "smooth", "faces": ranges_of(near(mesh, 5, 5, 3)), "cap_mm": 0.1, "passes": 5}
    do(working, use)
