"""Exact welding: closed-form cases, the promise on order, and no slow input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stsbench.errors import MeshError
from stsbench.geometry.welding import ExactWelder, weld_exact, weld_vertices
from tests.shapes import sheet, sphere, tetrahedron

SMALLEST = np.float32(1e-45)  # one bit away from zero
LARGEST = np.finfo(np.float32).max
NEXT_TO_ONE = np.nextafter(np.float32(1), np.float32(2))


def by_dictionary(corners):
    """The definition, in three lines of Python."""
    places = {}
    vertex = [places.setdefault(tuple(row + np.float32(0)), len(places)) for row in corners]
    return np.array(list(places), np.float64).reshape(-1, 3), np.array(vertex, np.int32)


def welded_in_parts(corners, step, **options):
    welder = ExactWelder(len(corners), **options)
    for start in range(0, len(corners), step):
        welder.add(np.ascontiguousarray(corners[start : start + step]))
    assert welder.finite
    return welder.welded()


CASES = {
    "nothing": ([], []),
    "one corner": ([(1, 2, 3)], [0]),
    "all the same": ([(1, 2, 3)] * 4, [0, 0, 0, 0]),
    "all different": ([(1, 2, 3), (1, 3, 2), (2, 1, 3), (3, 2, 1)], [0, 1, 2, 3]),
    "first occurrence counts": ([(9, 9, 9), (1, 1, 1), (9, 9, 9), (0, 0, 0)], [0, 1, 0, 2]),
    "minus zero is zero": ([(0, -0.0, 0), (-0.0, 0, -0.0), (0, 0, 0)], [0, 0, 0]),
    "one bit apart stays apart": ([(0, 0, 0), (SMALLEST, 0, 0), (-SMALLEST, 0, 0)], [0, 1, 2]),
    "one ulp apart stays apart": ([(1, 1, 1), (NEXT_TO_ONE, 1, 1)], [0, 1]),
    "largest float32": ([(LARGEST, 0, 0), (LARGEST, 0, 0), (-LARGEST, 0, 0)], [0, 0, 1]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_known_cases(name):
    corners, expected = CASES[name]
    corners = np.array(corners, np.float32).reshape(-1, 3)
    vertices, corner_vertex = weld_exact(corners)
    assert corner_vertex.tolist() == expected
    assert vertices.dtype == np.float64
    assert corner_vertex.dtype == np.int32
    assert np.array_equal(vertices[corner_vertex].astype(np.float32), corners)
    assert not np.signbit(vertices[vertices == 0]).any()


@pytest.mark.parametrize(
    ("mesh", "vertex_count"),
    [
        (tetrahedron(), 4),
        (sheet(20, 30), 21 * 31),
        (sphere(3), 2 + 10 * 4**3),  # Euler: V = 2 + F/2
    ],
    ids=["tetrahedron", "sheet", "sphere"],
)
def test_a_soup_gets_its_vertices_back(mesh, vertex_count):
    corners = mesh.vertices[mesh.faces].reshape(-1, 3).astype(np.float32)
    vertices, corner_vertex = weld_exact(corners)
    assert len(vertices) == vertex_count
    assert np.array_equal(vertices[corner_vertex], corners)


FEW_VALUES = st.sampled_from([0.0, -0.0, 1.0, 1.5, -1.0, 1e-45, -1e-45, 1e30])


@settings(deadline=None, max_examples=40)
@given(hnp.arrays(np.float32, st.tuples(st.integers(0, 60), st.just(3)), elements=FEW_VALUES))
def test_agrees_with_a_dictionary_hashed_or_sorted(corners):
    expected_vertices, expected_vertex = by_dictionary(corners)
    for found in (
        weld_exact(corners),
        welded_in_parts(corners, 7),
        welded_in_parts(corners, 7, probes_per_corner=0),
    ):
        assert np.array_equal(found[0], expected_vertices)
        assert np.array_equal(found[1], expected_vertex)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 1000, 5000])
@pytest.mark.parametrize("probes_per_corner", [0, 1, 32])
def test_a_soup_of_loose_corners_grows_the_table(count, probes_per_corner):
    corners = np.random.default_rng(count).normal(size=(count, 3)).astype(np.float32)
    twice = np.concatenate([corners, corners[::-1]])
    vertices, corner_vertex = welded_in_parts(twice, 301, probes_per_corner=probes_per_corner)
    assert np.array_equal(vertices, corners)
    assert np.array_equal(corner_vertex, [*range(count), *range(count - 1, -1, -1)])


def colliding(count):
    """Positions whose hash agrees in its low bits: found by running the hash of `_insert`."""
    rng = np.random.default_rng(3)
    found = []
    while sum(map(len, found)) < count:
        bits = rng.integers(0, 0x3F800000, size=(2_000_000, 3), dtype=np.uint32)
        with np.errstate(over="ignore"):
            a, b, c = bits.astype(np.uint64).T
            h = a * np.uint64(0x9E3779B97F4A7C15)
            h ^= b * np.uint64(0xC2B2AE3D27D4EB4F)
            h ^= c * np.uint64(0x165667B19E3779F9)
            h ^= h >> np.uint64(29)
            h *= np.uint64(0xBF58476D1CE4E5B9)
            h ^= h >> np.uint64(32)
        found.append(bits[(h & np.uint64(0x3FFF)) == 0])
    return np.concatenate(found)[:count].view(np.float32)


def test_positions_made_to_collide_are_sorted_instead():
    corners = colliding(600)
    twice = np.concatenate([corners, corners])
    welder = ExactWelder(len(twice))
    welder.add(twice)
    assert welder._to_sort is not None  # the probe budget did run out
    vertices, corner_vertex = welder.welded()
    assert np.array_equal(vertices, corners)
    assert np.array_equal(corner_vertex, [*range(600), *range(600)])


@settings(deadline=None, max_examples=60)
@given(
    hnp.arrays(np.float32, st.tuples(st.integers(0, 60), st.just(3)), elements=FEW_VALUES),
    st.integers(0, 60),
    st.sampled_from([(32, 32), (0, 32), (32, 0), (0, 0)]),
)
def test_two_halves_joined_are_the_whole(corners, at, probes):
    """Whichever of them had to be sorted."""
    parts = corners[:at], corners[at:]
    first, second = (
        ExactWelder(count, probes_per_corner=each)
        for count, each in zip((len(corners), len(parts[1])), probes, strict=True)
    )
    for welder, part in zip((first, second), parts, strict=True):
        welder.add(np.ascontiguousarray(part))
    first.join(second)
    assert first.finite
    for found, expected in zip(first.welded(), by_dictionary(corners), strict=True):
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("probes", [(32, 32), (1, 32), (32, 1), (1, 1)])
def test_halves_that_collide_join_as_well(probes):
    corners = colliding(600)
    parts = corners[:400], np.concatenate([corners[200:], corners[:10], corners[590:]])
    first, second = (
        ExactWelder(1200, probes_per_corner=probes[0]),
        ExactWelder(600, probes_per_corner=probes[1]),
    )
    first.add(parts[0])
    second.add(parts[1])
    first.join(second)
    for found, expected in zip(first.welded(), by_dictionary(np.concatenate(parts)), strict=True):
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("half", [0, 1])
def test_joined_halves_are_finite_only_together(half):
    welders = ExactWelder(8), ExactWelder(4)
    for place, welder in enumerate(welders):
        welder.add(np.full((4, 3), np.nan if place == half else 1.0, np.float32))
    welders[0].join(welders[1])
    assert not welders[0].finite


@pytest.mark.parametrize("place", [599, 700])
def test_what_is_not_finite_is_seen_while_sorting(place):
    """The budget runs out near the 300th corner, so both come later: in that part and the next."""
    corners = colliding(800)
    corners[place, 1] = np.inf
    welder = ExactWelder(800, probes_per_corner=1)
    welder.add(corners[:600])
    assert welder._to_sort is not None
    welder.add(corners[600:])
    assert not welder.finite


@pytest.mark.parametrize("step", [2.0**-20, 2.0**-10, 0.5, 1.0, 64.0, 0.1])
def test_regular_grids_do_not_collide(step):
    """Lattices are the inputs that trip weak hashes; a good one needs about one probe."""
    x, y, z = np.mgrid[0:40, 0:40, 0:40].reshape(3, -1) * step
    corners = np.stack([x, y, z], axis=-1).astype(np.float32)
    welder = ExactWelder(len(corners), probes_per_corner=4)
    welder.add(corners)
    assert welder._to_sort is None
    assert len(welder.welded()[0]) == 40**3


@pytest.mark.parametrize("position", [0, 5, 11])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("probes_per_corner", [0, 32])
def test_what_is_not_finite_is_seen(position, value, probes_per_corner):
    corners = np.ones((4, 3), np.float32)
    corners[1:] += np.arange(3, dtype=np.float32)[:, None]
    corners.flat[position] = value
    welder = ExactWelder(4, probes_per_corner=probes_per_corner)
    for corner in corners:
        welder.add(corner.reshape(1, 3))
    assert not welder.finite
    with pytest.raises(MeshError, match="finite"):
        weld_exact(corners)


@pytest.mark.parametrize(
    ("corners", "problem"),
    [
        (np.zeros((2, 2), np.float32), "shape"),
        (np.zeros(3, np.float32), "shape"),
        (np.array([[1e39, 0, 0]]), "finite"),
        (np.array([[0, np.nan, 0]]), "finite"),
    ],
)
def test_refusals(corners, problem):
    with pytest.raises(MeshError, match=problem) as caught:
        weld_vertices(corners)
    assert caught.value.remedy


def test_too_many_corners_are_refused_before_memory_is_asked_for():
    with pytest.raises(MeshError, match="too many"):
        ExactWelder(2**31)


def test_weld_vertices_finds_what_a_file_cannot_tell_apart():
    vertices = np.array([(1, 0, 0), (2, 0, 0), (1 + 1e-12, -0.0, 0), (1 + 1e-6, 0, 0), (2, 0, 0)])
    unique, inverse = weld_vertices(vertices)
    assert unique.tolist() == [0, 1, 3]
    assert inverse.tolist() == [0, 1, 0, 2, 1]


def test_arguments_are_not_changed():
    corners = np.array([(-0.0, 1, 2)], np.float32)
    before = corners.tobytes()
    weld_exact(corners)
    assert corners.tobytes() == before
    assert corners.flags.writeable


@pytest.mark.parametrize("collide", [False, True])
def test_corners_in_records_are_the_same_corners(collide):
    rng = np.random.default_rng(5)
    places = colliding(600) if collide else rng.normal(size=(600, 3)).astype(np.float32)
    corners = np.concatenate([places, places[300:0:-1]])
    records = np.full((300, 11), 7, np.float32)  # three corners from the second number on
    records[:, 1:10] = corners.reshape(300, 9)
    expected = weld_exact(corners)
    welder = ExactWelder(900, room=8)
    words = records.view(np.uint16)
    for part in (slice(0, 1), slice(1, 150), slice(150, None)):
        welder.add_records(words[part], first=2, each=3)
    assert (welder._to_sort is not None) == collide
    for one, other in zip(welder.welded(), expected, strict=True):
        assert np.array_equal(one, other)


def test_a_record_with_no_number_is_noticed():
    records = np.zeros((2, 11), np.float32)
    welder = ExactWelder(6)
    records[1, 10] = np.nan  # beside the corners
    welder.add_records(records.view(np.uint16), first=2, each=3)
    assert welder.finite
    records[1, 9] = np.inf
    welder.add_records(records[1:].view(np.uint16), first=2, each=3)
    assert not welder.finite
