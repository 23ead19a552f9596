import numpy as np
import pytest

from stsbench.domain.mesh import TriangleMesh
from stsbench.errors import InputError
from stsbench.samples.adjacency import (
    border_edges,
    edge_table,
    face_components,
    pinched_vertices,
)
from stsbench.samples.crossings import crossing_pairs
from stsbench.samples.damage import DEFECTS, EVERY_DEFECT, damage_scan
from stsbench.samples.defects.truth import DefectTruth


def one(scan, kind, **options):
    mesh, truth = damage_scan(scan.mesh, 5, [(kind, options)])
    return mesh, truth.of(kind)


@pytest.fixture(scope="module")
def everything(lower):
    return damage_scan(lower.mesh, 11, EVERY_DEFECT)


def test_masks_and_sources_have_the_size_of_the_damaged_scan(everything):
    mesh, truth = everything
    assert len(truth.face_source) == mesh.face_count
    assert len(truth.vertex_source) == mesh.vertex_count
    assert [t.kind for t in truth.defects] == [name for name, _ in EVERY_DEFECT]
    for defect in truth.defects:
        assert defect.faces.shape == (mesh.face_count,)
        assert defect.vertices.shape == (mesh.vertex_count,)
        assert defect.count >= 1


def test_what_no_defect_touched_is_the_clean_scan(everything, lower):
    mesh, truth = everything
    kept = truth.vertex_source >= 0
    clean = lower.mesh.vertices[truth.vertex_source]
    assert np.array_equal((clean + truth.moved_mm)[kept], mesh.vertices[kept])
    still = kept & (truth.moved_mm == 0).all(axis=1)
    assert np.array_equal(mesh.colours[still], lower.mesh.colours[truth.vertex_source[still]])
    quiet = ~truth.touched_faces
    corners = truth.vertex_source[mesh.faces[quiet]]
    assert np.array_equal(corners, lower.mesh.faces[truth.face_source[quiet]])
    assert quiet.sum() > 0.7 * lower.mesh.face_count


def test_local_defects_keep_apart(everything):
    mesh, truth = everything
    local = [t for t in truth.defects if t.kind not in {"stitching_step", "unreferenced_vertices"}]
    touched = np.zeros(mesh.vertex_count, dtype=bool)
    for defect in local:
        if touched.any():
            away = defect.places_mm[:, None] - mesh.vertices[touched][None]
            assert np.linalg.norm(away, axis=2).min() > 0.9, defect.kind
        touched |= defect.vertices
        touched[mesh.faces[defect.faces]] = True


def test_a_truth_is_carried_without_spilling_onto_what_is_new():
    """The last entries are marked: index -1 must not find them."""
    shift = np.array([[0.0, 0, 0], [0, 0, 2.0]])
    ends = np.array([False, True])
    truth = DefectTruth("spikes", faces=ends, vertices=ends, moved_mm=shift)
    later = truth.carried(np.array([1, -1]), np.array([-1, 1, 0]))
    assert later.faces.tolist() == [True, False]
    assert later.vertices.tolist() == [False, True, False]
    assert later.moved_mm[:, 2].tolist() == [0.0, 2.0, 0.0]


def test_the_same_seed_gives_the_same_bytes_and_the_input_stays(everything, lower):
    before = lower.mesh.vertices.tobytes()
    mesh, _ = damage_scan(lower.mesh, 11, EVERY_DEFECT)
    other, _ = damage_scan(lower.mesh, 12, EVERY_DEFECT)
    assert mesh.vertices.tobytes() == everything[0].vertices.tobytes()
    assert mesh.faces.tobytes() == everything[0].faces.tobytes()
    assert other.vertices.tobytes() != mesh.vertices.tobytes()
    assert lower.mesh.vertices.tobytes() == before


@pytest.mark.parametrize("kind", ["interproximal_holes", "occlusal_hole", "pinholes"])
def test_a_hole_is_what_was_removed(kind, lower):
    mesh, truth = one(lower, kind)
    removed = truth.removed
    assert mesh.face_count + removed.face_count == lower.mesh.face_count
    on_border = np.zeros(mesh.vertex_count, dtype=bool)
    on_border[border_edges(mesh.faces)] = True
    assert truth.vertices.sum() >= 3 * truth.count
    assert on_border[truth.vertices].all()
    rim = {tuple(v) for v in mesh.vertices[truth.vertices]}
    assert rim <= {tuple(v) for v in removed.vertices}


def test_an_interproximal_hole_lies_between_teeth(lower):
    _, truth = one(lower, "interproximal_holes")
    labels = truth.removed.attributes["fdi"]
    assert len(np.unique(labels[labels > 0])) >= 2


def test_an_occlusal_hole_lies_on_its_tooth_at_the_top(lower):
    _, truth = one(lower, "occlusal_hole", fdi=36)
    removed = truth.removed
    assert (removed.attributes["fdi"] == 36).all()
    own = lower.mesh.vertices[lower.mesh.attributes["fdi"] == 36]
    assert removed.vertices[:, 2].mean() > np.median(own[:, 2])


def test_a_hole_near_a_line_is_near_it(quadrant):
    line = quadrant.truth.finish_lines[46]
    _, truth = one(quadrant, "hole_near", line=line)
    away = np.linalg.norm(line[None] - truth.places_mm[:, None], axis=2).min()
    assert away < 0.8


def test_islands_and_moebius_bands_are_pieces_of_their_own(lower):
    mesh, truth = one(lower, "islands", count=3)
    pieces = face_components(mesh.faces)
    assert len(np.unique(pieces)) == 4
    assert len(np.unique(pieces[truth.faces])) == 3
    assert (mesh.attributes["fdi"][truth.vertices] == -1).all()
    band, truth = one(lower, "moebius_band")
    faces = band.faces[truth.faces]
    _, edge = edge_table(faces)
    assert np.bincount(edge.ravel()).max() == 2
    directed = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    # However it is wound, a band with a half turn keeps edges that two faces run the same way.
    assert len(np.unique(directed, axis=0)) < len(directed)
    used = len(np.unique(faces))
    assert used - len(np.unique(edge)) + len(faces) == 0
    assert len(np.unique(face_components(band.faces))) == 2


def test_a_double_layer_lies_its_offset_above(lower):
    mesh, truth = one(lower, "double_layer", radius_mm=3.0, offset_mm=0.3)
    assert len(np.unique(face_components(mesh.faces))) == 2
    upper = mesh.vertices[truth.vertices]
    nearest = np.linalg.norm(upper[:, None] - lower.mesh.vertices[None], axis=2).min(axis=1)
    assert 0.15 < np.median(nearest) < 0.4


@pytest.mark.parametrize(
    ("kind", "three_faced", "pinched"), [("fins", 12, 0), ("bow_ties", 0, 6), ("spikes", 0, 0)]
)
def test_broken_topology_is_counted(kind, three_faced, pinched, lower):
    mesh, truth = one(lower, kind)
    _, edge = edge_table(mesh.faces)
    assert (np.bincount(edge.ravel()) > 2).sum() == three_faced
    found = pinched_vertices(mesh.faces)
    assert len(found) == pinched
    if kind == "bow_ties":
        assert np.array_equal(found, np.flatnonzero(truth.vertices))


def test_spikes_and_bubbles_rise_by_their_height(lower):
    _, truth = one(lower, "spikes", height_mm=(1.0, 1.0))
    rise = np.linalg.norm(truth.moved_mm, axis=1)
    assert rise.max() == pytest.approx(1.0, abs=1e-3)
    _, truth = one(lower, "moisture_bubbles")
    assert 0.1 < np.linalg.norm(truth.moved_mm, axis=1).max() < 0.4


def test_folds_cross_where_the_truth_says(lower):
    mesh, truth = one(lower, "folds")
    pairs = crossing_pairs(mesh)
    assert len(pairs) == truth.details["crossing_pairs"] > 0
    assert np.array_equal(np.unique(pairs), np.flatnonzero(truth.faces))


def test_a_stitching_step_is_a_ramp_of_its_height(lower):
    _, truth = one(lower, "stitching_step", step_mm=0.25)
    shift = np.linalg.norm(truth.moved_mm, axis=1)
    assert shift.max() == pytest.approx(0.25, abs=2e-4)
    # Vertices just beyond the ramp either stay or have the whole step.
    flat = ~truth.vertices
    assert np.minimum(shift[flat], np.abs(shift[flat] - 0.25)).max() < 0.002


def test_flips_doubles_and_degenerates(lower):
    mesh, truth = one(lower, "flipped_faces")
    assert np.array_equal(mesh.faces[truth.faces], lower.mesh.faces[truth.faces][:, ::-1])
    assert np.array_equal(mesh.faces[~truth.faces], lower.mesh.faces[~truth.faces])
    mesh, truth = one(lower, "duplicate_faces", count=7)
    keys = np.sort(mesh.faces, axis=1)
    assert len(keys) - len(np.unique(keys, axis=0)) == 7 == truth.faces.sum()
    mesh, truth = one(lower, "degenerate_faces", count=6)
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    assert np.array_equal(np.flatnonzero(area == 0), np.flatnonzero(truth.faces))


def test_a_seam_of_doubled_vertices_welds_away(lower):
    mesh, truth = one(lower, "duplicate_vertices")
    copies = int(truth.details["copies"])
    assert mesh.vertex_count - len(np.unique(mesh.vertices, axis=0)) == copies > 5
    assert truth.vertices.sum() == 2 * copies
    assert len(np.unique(face_components(mesh.faces))) == 2
    _, welded = np.unique(mesh.vertices, axis=0, return_inverse=True)
    assert len(np.unique(face_components(welded.reshape(-1)[mesh.faces]))) == 1


def test_faults_of_the_whole_scan(lower):
    mesh, _ = one(lower, "unit_error", factor=0.001)
    assert np.allclose(mesh.extents_mm * 1000, lower.mesh.extents_mm, atol=1e-4)
    mesh, _ = one(lower, "mirrored")
    assert np.array_equal(mesh.vertices[:, 0], -lower.mesh.vertices[:, 0])
    a, b, c = lower.mesh.vertices[lower.mesh.faces[0]]
    d, e, f = mesh.vertices[mesh.faces[0]]
    before, after = np.cross(b - a, c - a), np.cross(e - d, f - d)
    assert np.allclose(before * [-1, 1, 1], after)  # mirrored, and still outwards
    mesh, truth = one(lower, "noise", sigma_mm=0.02)
    assert np.linalg.norm(truth.moved_mm, axis=1).std() < 0.02
    mesh, truth = one(lower, "unreferenced_vertices", count=9)
    assert np.array_equal(
        np.setdiff1d(np.arange(mesh.vertex_count), mesh.faces), np.flatnonzero(truth.vertices)
    )


def test_every_defect_of_the_registry_is_tested_here():
    tested = {name for name, _ in EVERY_DEFECT} | {"noise", "hole_near", "unit_error", "mirrored"}
    assert tested == set(DEFECTS)


@pytest.mark.parametrize(
    ("name", "kind", "options", "message"),
    [
        ("unknown", "scratches", {}, "no defect"),
        ("no such tooth", "occlusal_hole", {"fdi": 11}, "no such posterior tooth"),
        ("no room", "double_layer", {"radius_mm": 90.0}, None),
    ],
)
def test_refusals(name, kind, options, message, lower):
    if message is None:
        small = TriangleMesh(lower.mesh.vertices * 0.02, lower.mesh.faces)
        with pytest.raises(InputError, match="is free"):
            damage_scan(small, 1, [(kind, options)])
        return
    with pytest.raises(InputError, match=message) as caught:
        damage_scan(lower.mesh, 1, [(kind, options)])
    assert caught.value.remedy


def test_a_truth_that_is_not_there_is_refused(everything):
    with pytest.raises(InputError, match="no noise"):
        everything[1].of("noise")
