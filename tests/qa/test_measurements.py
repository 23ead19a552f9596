import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.domain.edits import EditReason, EditRecord
from stsbench.domain.findings import FindingKind
from stsbench.domain.mesh import TriangleMesh
from stsbench.qa.deviation import Deviation
from stsbench.qa.measurements import (
    Measurements,
    measure_model,
    measure_repair,
    measure_scan,
    measure_solid,
    measure_stand,
)
from tests.qa.bodies import box, filled_hole, joined, torus, turned
from tests.shapes import sheet, tetrahedron

UP = np.array([0.0, 0.0, 1.0])


def flipped(mesh):
    return TriangleMesh(mesh.vertices, mesh.faces[:, ::-1])


def one_face_turned(mesh):
    faces = mesh.faces.copy()
    faces[0] = faces[0, ::-1]
    return TriangleMesh(mesh.vertices, faces)


def without_face(mesh):
    return TriangleMesh(mesh.vertices, mesh.faces[1:])


def all_twice(mesh):
    return TriangleMesh(mesh.vertices, np.vstack([mesh.faces, mesh.faces]))


def face_twice(mesh):
    return TriangleMesh(mesh.vertices, np.vstack([mesh.faces, mesh.faces[:1]]))


@pytest.mark.parametrize(
    ("name", "mesh", "closed", "shells", "genus", "volume"),
    [
        ("tetrahedron", tetrahedron(3.0), True, 1, 0, 27 / 6),
        ("box", box(2, 3, 4), True, 1, 0, 24.0),
        ("two boxes", joined(box(1, 1, 1), box(1, 1, 2, at=(5, 0, 0))), True, 2, 0, 3.0),
        ("torus", torus(), True, 1, 1, None),
        ("two tori", joined(torus(), torus(radius=30.0)), True, 2, 2, None),
        ("pocket", joined(box(4, 4, 4), flipped(box(2, 2, 2, at=(1, 1, 1)))), True, 2, 0, 56.0),
        ("inside out", flipped(box(2, 3, 4)), True, 1, 0, -24.0),
        ("a face missing", without_face(box(2, 3, 4)), False, 1, None, None),
        ("a face turned", one_face_turned(box(2, 3, 4)), False, 1, None, None),
        ("a face twice", face_twice(box(2, 3, 4)), False, 1, None, None),
        ("every face twice", all_twice(box(2, 3, 4)), False, 1, None, 48.0),
        ("a sheet", sheet(3, 4), False, 1, None, 0.0),
    ],
)
def test_solids_with_known_figures(name, mesh, closed, shells, genus, volume):
    found = measure_solid(mesh)
    assert (found["watertight"], found["shells"], found["genus_excess"]) == (closed, shells, genus)
    if volume is not None:
        assert found["volume_mm3"] == pytest.approx(volume, abs=1e-9)


def test_an_empty_mesh_is_no_solid():
    empty = TriangleMesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32))
    assert measure_solid(empty)["watertight"] is False
    assert measure_scan(empty).values["box_outside_percent"] is None
    assert measure_scan(empty).values["vertex_density_per_mm2"] is None


def test_the_volume_does_not_depend_on_where_the_model_stands():
    far = box(2, 3, 4, at=(1e5, -1e5, 1e5))
    assert measure_solid(far)["volume_mm3"] == pytest.approx(24.0, abs=1e-6)


@pytest.mark.parametrize("degrees", [0.0, 0.01, 0.5, 3.0])
def test_a_bottom_turned_by_a_known_angle(degrees):
    found = measure_stand(turned(box(60, 50, 15), degrees), UP)
    assert found["bottom_angle_deg"] == pytest.approx(degrees, abs=1e-9)
    assert found["bottom_flatness_mm"] == pytest.approx(0.0, abs=1e-9)
    angle = np.radians(degrees)
    assert found["height_mm"] == pytest.approx(15 * np.cos(angle) + 50 * np.sin(angle), abs=1e-9)


def test_a_bottom_with_a_bump_is_not_flat():
    mesh = box(60, 50, 15)
    middle = np.array([[30.0, 25.0, -0.03]])
    bottom = mesh.vertices[mesh.faces][:, :, 2].max(axis=1) == 0.0
    ring = [0, 2, 3, 1]
    fan = [(ring[k], ring[(k + 1) % 4], 8) for k in range(4)]
    domed = TriangleMesh(
        np.vstack([mesh.vertices, middle]), np.vstack([mesh.faces[~bottom], fan]).astype(np.int32)
    )
    assert measure_solid(domed)["watertight"]
    assert measure_stand(domed, UP)["bottom_flatness_mm"] == pytest.approx(0.03, abs=1e-9)


def test_a_body_without_a_bottom_has_no_flatness():
    found = measure_stand(tetrahedron(5.0), np.array([1.0, 1.0, 1.0]) / 3**0.5)
    assert found["height_mm"] == pytest.approx(5 / 3**0.5)
    assert found["bottom_flatness_mm"] is None
    assert found["bottom_angle_deg"] is None


@pytest.mark.parametrize(
    ("extents", "percent"),
    [
        ((60.0, 50.0, 20.0), 0.0),
        ((45.0, 30.0, 8.0), 0.0),
        ((36.0, 50.0, 20.0), 20.0),
        ((60.0, 84.0, 20.0), 20.0),
        ((60.0, 50.0, 4.0), 50.0),
        ((6.0, 5.0, 2.0), 100 * 39 / 45),
        ((0.06, 0.05, 0.02), 100 * 44.94 / 45),
    ],
)
@pytest.mark.parametrize("axes", [None, np.eye(3)])
def test_a_box_against_that_of_an_arch(extents, percent, axes):
    found = measure_scan(box(*extents), axes=axes).values
    if axes is not None or extents == tuple(sorted(extents, reverse=True)):
        assert found["box_outside_percent"] == pytest.approx(percent, abs=1e-6)


def test_the_box_is_taken_along_the_arch_and_not_the_scanner():
    lying = TriangleMesh(box(60, 50, 20).vertices[:, [2, 0, 1]], box(60, 50, 20).faces)
    axes = np.eye(3)[[1, 2, 0]]
    assert measure_scan(lying, axes=axes).values["box_outside_percent"] == 0.0
    assert measure_scan(lying, axes=np.eye(3)).values["box_outside_percent"] > 20


def test_density_counts_used_vertices_only():
    flat = sheet(10, 10, pitch_mm=0.5)
    stray = TriangleMesh(np.vstack([flat.vertices, [[50.0, 50.0, 50.0]] * 100]), flat.faces)
    assert measure_scan(stray).values["vertex_density_per_mm2"] == pytest.approx(121 / 25)


def test_a_partial_scan_has_no_arch_checks():
    found = measure_scan(sheet(), full_arch=False)
    assert set(found.reasons) == {"box_outside_percent", "face_count"}
    assert "box_outside_percent" not in found.values


def no_deviation(mesh):
    still = np.zeros(mesh.vertex_count)
    return Deviation(still, still, still == 0.0, still)


def test_a_filled_hole_is_measured_on_the_mesh():
    mesh = sheet(20, 20, pitch_mm=0.5)
    original, edits = filled_hole(mesh, (5.0, 5.0, 0.0), 1.0)
    share = 100 * (mesh.face_count - original.face_count) / mesh.face_count
    report = {
        "findings": [
            {"kind": "hole", "action": "filled", "size_mm": 6.1, "place_mm": (5, 5, 0)},
            {"kind": "hole", "action": "filled", "size_mm": 2.0, "place_mm": (5, 5, 0)},
            {"kind": "hole", "action": "left_open", "size_mm": 30.0},
            {"kind": "spike", "action": "removed", "size_mm": 9.0},
        ]
    }
    left = {FindingKind.SPIKE: 2, FindingKind.BORDER: 1, FindingKind.DOUBLE_LAYER: 1}
    found = measure_repair(mesh, edits, report, no_deviation(original), left=left).values
    assert found["filled_area_percent"] == pytest.approx(share)
    assert found["largest_filled_perimeter_mm"] == 6.1
    assert found["edited_mm2"] == pytest.approx(share / 100 * 100.0)
    assert found["leftover_defects"] == 2
    assert found["leftover_double_layers"] == 1
    assert found["untouched_max_mm"] == 0.0


def test_an_edit_by_another_reason_is_no_filling_but_is_edited():
    mesh = sheet(20, 20, pitch_mm=0.5)
    _, edits = filled_hole(mesh, (5.0, 5.0, 0.0), 1.0)
    spikes = EditRecord(
        edits.vertex_source,
        edits.vertex_moved_mm,
        edits.face_source,
        edits.removed_face,
        edits.removed_reason,
        np.where(edits.added_reason > 0, EditReason.SPIKE, 0).astype(np.uint8),
    )
    found = measure_repair(mesh, spikes, {}, no_deviation(mesh), left={}).values
    assert found["filled_area_percent"] == 0.0
    assert found["largest_filled_perimeter_mm"] == 0.0
    assert found["edited_mm2"] > 1.0


@pytest.mark.parametrize(
    ("place", "size", "missing"),
    [
        ((5.0, 5.0, 0.0), 6.1, 0),
        ((5.0, 6.5, 0.0), 6.1, 0),  # a rim's centre need not lie on its patch
        ((1.0, 1.0, 0.0), 2.0, 1),
        ((9.0, 9.0, 0.0), 6.1, 1),
    ],
)
def test_a_hole_said_to_be_filled_is_looked_for(place, size, missing):
    mesh = sheet(20, 20, pitch_mm=0.5)
    original, edits = filled_hole(mesh, (5.0, 5.0, 0.0), 1.0)
    told = {"kind": "hole", "action": "filled", "size_mm": size, "place_mm": place}
    report = {"findings": [told, {**told, "action": "left_open", "place_mm": (0, 0, 0)}]}
    found = measure_repair(mesh, edits, report, no_deviation(original), left={})
    assert found.values["fills_not_found"] == missing
    _, nothing = filled_hole(mesh, (99.0, 0.0, 0.0), 1.0)
    found = measure_repair(mesh, nothing, report, no_deviation(mesh), left={})
    assert found.values["fills_not_found"] == 1


def test_the_greater_edited_area_counts():
    mesh = sheet(4, 4)
    _, edits = filled_hole(mesh, (-50.0, 0.0, 0.0), 1.0)
    told = {"edits": {"edited_mm2": 7.5}}
    assert (
        measure_repair(mesh, edits, told, no_deviation(mesh), left={}).values["edited_mm2"] == 7.5
    )
    told = {"edits": {"edited_mm2": 0.0}}
    assert (
        measure_repair(mesh, edits, told, no_deviation(mesh), left={}).values["edited_mm2"] == 0.0
    )


@pytest.mark.parametrize(
    ("orientation", "word"),
    [
        ({"confirmed": True, "source": "automatic", "sure": False}, "confirmed"),
        ({"confirmed": False, "source": "given", "sure": True}, "given"),
        ({"confirmed": False, "source": "automatic", "sure": True}, "sure"),
        ({"confirmed": False, "source": "automatic", "sure": False}, "unsure"),
        ({}, "unsure"),
    ],
)
def test_how_sure_the_orientation_is(orientation, word):
    found = measure_model(box(60, 50, 15), {"orientation": orientation}, normal=UP)
    assert found.values["orientation"] == word


@pytest.mark.parametrize(
    ("report", "measured", "missing", "aside"),
    [
        ({"wall_mm": None}, {}, set(), {"wall_p0_1_percent", "wall_p0_1_mm"}),
        (
            {"wall_mm": {"min": 1.7, "p0_1": 1.8, "median": 2.0, "nominal": 2.0}},
            {"wall_p0_1_percent": 90.0, "wall_p0_1_mm": 1.8},
            set(),
            set(),
        ),
        (
            {"wall_mm": {"min": 1.7, "p0_1": 1.8, "median": 2.0}},
            {"wall_p0_1_mm": 1.8},
            {"wall_p0_1_percent"},
            set(),
        ),
        (
            {"checks": [{"name": "self_intersections", "value": 3}]},
            {"self_intersections": 3},
            {"anatomy_max_mm"},
            {"wall_p0_1_mm", "wall_p0_1_percent"},
        ),
        (
            {"checks": {"anatomy_max_mm": 0.004, "self_intersections": 0}},
            {"anatomy_max_mm": 0.004, "self_intersections": 0},
            set(),
            {"wall_p0_1_mm", "wall_p0_1_percent"},
        ),
    ],
)
def test_what_only_the_stage_can_know(report, measured, missing, aside):
    found = measure_model(box(60, 50, 15), report, normal=UP)
    assert {key: found.values[key] for key in measured} == measured
    assert all(found.values.get(key) is None for key in missing)
    assert set(found.reasons) == aside


def test_without_a_normal_the_stand_is_not_measured():
    found = measure_model(box(60, 50, 15), {}, normal=None)
    assert "height_mm" not in found.values
    assert found.values["watertight"] is True


def test_the_mesh_is_believed_and_not_its_report():
    lying = {"checks": [{"name": "watertight", "value": True}, {"name": "shells", "value": 1}]}
    found = measure_model(without_face(box(60, 50, 15)), lying, normal=UP)
    assert found.values["watertight"] is False


def test_measurements_join():
    both = Measurements({"a": 1}, {"b": "x"}) | Measurements({"a": 2, "c": 3}, {}, {"d": "y"})
    assert both.values == {"a": 2, "c": 3}
    assert (both.reasons, both.gaps) == ({"b": "x"}, {"d": "y"})


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_renaming_vertices_changes_no_figure(seed):
    mesh = joined(torus(8, 6), box(2, 3, 4, at=(30, 0, 0)))
    name = np.random.default_rng(seed).permutation(mesh.vertex_count)
    vertices = np.empty_like(mesh.vertices)
    vertices[name] = mesh.vertices
    renamed = TriangleMesh(vertices, name[mesh.faces].astype(np.int32))
    before, after = measure_solid(mesh), measure_solid(renamed)
    assert after.pop("volume_mm3") == pytest.approx(before.pop("volume_mm3"))
    assert after == before
