import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from stsbench.geometry.components import distance_to_main, measure_pieces
from stsbench.geometry.face_measures import measure_faces
from tests.shapes import sheet


def scene(*parts):
    """Vertices, faces and piece of squares given as (cells, pitch, x shift)."""
    meshes = [(sheet(c, c, pitch_mm=p), shift) for c, p, shift in parts]
    first = np.cumsum([0] + [m.vertex_count for m, _ in meshes])
    vertices = np.concatenate([m.vertices + np.array([shift, 0, 0]) for m, shift in meshes])
    faces = np.concatenate([m.faces + k for (m, _), k in zip(meshes, first, strict=False)])
    piece = np.repeat(np.arange(len(meshes)), [m.face_count for m, _ in meshes])
    return vertices, faces.astype(np.int32), piece.astype(np.int32)


def measured(vertices, faces, piece):
    return measure_pieces(vertices, faces, piece)


@pytest.mark.parametrize(
    ("parts", "main"),
    [
        ([(2, 1.0, 0)], 0),
        ([(2, 1.0, 0), (3, 1.0, 10)], 1),
        ([(4, 0.5, 0), (2, 1.0, 10)], 0),  # one area: more faces
        ([(2, 1.0, 10), (2, 1.0, 0)], 1),  # one area, as many faces: lower x
    ],
    ids=["one", "larger", "finer", "lower"],
)
def test_the_main_piece(parts, main):
    assert measured(*scene(*parts)).main == main


def test_measures_of_two_squares():
    pieces = measured(*scene((2, 1.0, 0), (4, 1.0, 10)))
    assert pieces.area_mm2 == pytest.approx([4, 16])
    assert pieces.faces_count.tolist() == [8, 32]
    assert pieces.centre_mm == pytest.approx(np.array([[1, 1, 0], [12, 2, 0]]))
    assert len(pieces) == 2


def test_nothing_has_no_main_piece():
    pieces = measured(np.zeros((0, 3)), np.zeros((0, 3), np.int32), np.zeros(0, np.int32))
    assert (pieces.main, len(pieces)) == (-1, 0)


def test_a_piece_without_area_has_a_centre():
    vertices = np.array([[1, 0, 0], [2, 0, 0], [3, 0, 0.0]])
    pieces = measured(vertices, np.array([[0, 1, 2]], np.int32), np.zeros(1, np.int32))
    assert pieces.centre_mm == pytest.approx(np.array([[2, 0, 0]]))


def test_distances_are_those_between_vertices():
    vertices, faces, piece = scene((4, 1.0, 0), (1, 1.0, 7), (1, 1.0, 20))
    pieces = measured(vertices, faces, piece)
    chosen = np.array([True, True, False])
    assert distance_to_main(vertices, faces, piece, pieces, chosen).tolist() == [0, 3, np.inf]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_distances_agree_with_brute_force(seed):
    rng = np.random.default_rng(seed)
    vertices, faces, piece = scene((4, 1.0, 0), (1, 1.0, 7), (2, 0.7, -5), (1, 0.2, 5))
    vertices = vertices + rng.normal(0, 0.8, vertices.shape)
    pieces = measured(vertices, faces, piece)
    found = distance_to_main(vertices, faces, piece, pieces, np.ones(4, dtype=bool))
    main = vertices[np.unique(faces[piece == pieces.main])]
    for n in range(4):
        own = vertices[np.unique(faces[piece == n])]
        assert found[n] == pytest.approx(0 if n == pieces.main else cdist(own, main).min())


@pytest.mark.parametrize("seed", range(3))
def test_boxes_about_runs_of_vertices_exclude_no_nearest_one(seed):
    rng = np.random.default_rng(seed)
    vertices, faces, piece = scene((24, 1.0, 0), (10, 0.5, 26), (9, 0.5, -9), (1, 0.2, 5))
    vertices = vertices + rng.normal(0, 0.5, vertices.shape) + 2.0 * (piece_of(faces, piece) == 3)
    order = rng.permutation(len(vertices)).astype(np.int32)
    vertices[order], faces = vertices.copy(), order[faces]
    pieces = measured(vertices, faces, piece)
    found = distance_to_main(vertices, faces, piece, pieces, np.ones(4, dtype=bool))
    main = vertices[np.unique(faces[piece == pieces.main])]
    for n in (1, 2, 3):
        own = vertices[np.unique(faces[piece == n])]
        assert found[n] == pytest.approx(cdist(own, main).min(), rel=1e-12)


def piece_of(faces, piece):
    """The piece of each vertex, as a column."""
    own = np.zeros(faces.max() + 1, dtype=np.int32)
    own[faces.ravel()] = np.repeat(piece, 3)
    return own[:, None]


def test_known_areas_spare_the_main_piece_alone():
    vertices, faces, piece = scene((2, 1.0, 0), (4, 1.0, 10), (1, 1.0, 20))
    area_mm2 = measure_faces(vertices, faces).area_mm2
    whole = measured(vertices, faces, piece)
    known = measure_pieces(vertices, faces, piece, area_mm2=area_mm2)
    assert known.main == whole.main == 1
    assert np.isnan(known.centre_mm[1]).all()
    assert np.array_equal(known.centre_mm[[0, 2]], whole.centre_mm[[0, 2]])
    assert np.array_equal(known.area_mm2, whole.area_mm2)
    assert np.array_equal(known.faces_count, whole.faces_count)


def test_faces_that_are_gone_belong_to_no_piece():
    vertices, faces, piece = scene((2, 1.0, 0), (2, 1.0, 10), (1, 1.0, 20))
    whole = measured(vertices, faces, piece)
    # One face more, between the pieces: it would bring them together.
    faces = np.vstack([faces, [[0, 9, 18]]]).astype(np.int32)
    piece = np.append(piece, -1).astype(np.int32)
    area_mm2 = np.append(measure_faces(vertices, faces[:-1]).area_mm2, 0.0)
    tied = measure_pieces(vertices, faces, piece, area_mm2=area_mm2)
    assert np.array_equal(tied.centre_mm, whole.centre_mm)  # two are as large: all are measured
    assert np.array_equal(tied.faces_count, whole.faces_count)
    distance = distance_to_main(vertices, faces, piece, tied, np.ones(3, dtype=bool))
    assert distance.tolist() == [0, 8, 18]
    none = measure_pieces(vertices, faces[-1:], piece[-1:], area_mm2=area_mm2[-1:])
    assert (none.main, len(none)) == (-1, 0)
