from dataclasses import replace

import numpy as np
import pytest

from stsbench.domain.dentition import Arch
from stsbench.domain.edits import EditReason
from stsbench.qa.cameras import Anatomy
from stsbench.qa.maps import (
    close_up,
    deviation_bar,
    deviation_face_colours,
    edit_entries,
    edit_face_colours,
    map_picture,
    marker_of,
    removed_face_colours,
)
from stsbench.qa.palette import (
    DEVIATION_LIMIT_MM,
    EDIT_COLOURS,
    MADE_BY_REPAIR,
    PALE_STONE,
    deviation_colours,
    reason_words,
)
from tests.qa.bodies import box, dome, filled_hole

UP = np.array([0.0, 0.0, 1.0])


def lightness(colour):
    return float(np.asarray(colour, float) @ (0.2126, 0.7152, 0.0722))


def test_every_reason_has_a_colour_and_a_word():
    reasons = set(EditReason) - {EditReason.NONE}
    assert set(EDIT_COLOURS) == reasons
    assert len({reason_words(reason) for reason in reasons}) == len(reasons)


def test_meanings_can_be_told_apart_in_pairs():
    colours = [*EDIT_COLOURS.values(), PALE_STONE]
    apart = [
        np.linalg.norm(np.subtract(one, other))
        for k, one in enumerate(colours)
        for other in colours[:k]
    ]
    assert min(apart) > 30
    scale = deviation_colours(np.linspace(-0.05, 0.05, 101)).astype(float)
    assert np.linalg.norm(scale - MADE_BY_REPAIR, axis=1).min() > 30


def test_no_deviation_is_stone_and_both_ends_are_dark():
    low, middle, high = deviation_colours(np.array([-1.0, 0.0, 1.0]) * DEVIATION_LIMIT_MM)
    assert tuple(middle) == PALE_STONE
    assert low[2] > low[0]  # blue: taken away
    assert high[0] > high[2]  # red: added
    assert max(lightness(low), lightness(high)) < 0.6 * lightness(middle)


def test_the_scale_gets_darker_to_both_sides_and_stops_at_its_ends():
    places = np.linspace(0, DEVIATION_LIMIT_MM, 11)
    for side in (1, -1):
        shades = [lightness(colour) for colour in deviation_colours(side * places)]
        assert (np.diff(shades) < 0).all()
    assert (deviation_colours(np.array([5.0])) == deviation_colours(np.array([0.05]))).all()


def test_the_legend_bar_shows_the_colours_of_the_map():
    bar = deviation_bar()
    assert bar.colours[50] == PALE_STONE
    assert np.asarray(bar.colours[0]) == pytest.approx(deviation_colours(np.array([-0.05]))[0])
    assert [text for _, text in bar.ticks] == ["≤ \u221250", "\u221225", "0", "+25", "≥ +50 µm"]


def test_made_faces_and_endless_deviation_have_colours():
    mesh = box(1, 1, 1)
    deviation = np.zeros(8)
    deviation[0] = -np.inf
    made = np.zeros(mesh.face_count, bool)
    made[-1] = True
    colours = deviation_face_colours(mesh, deviation, made)
    assert tuple(colours[-1]) == MADE_BY_REPAIR
    at_corner = (mesh.faces == 0).any(axis=1) & ~made
    end = tuple(deviation_colours(np.array([-1.0]))[0])
    assert {tuple(colour) for colour in colours[at_corner]} == {end}
    assert {tuple(colour) for colour in colours[~at_corner & ~made]} == {PALE_STONE}


def test_edits_are_coloured_by_reason_on_the_right_mesh():
    mesh = dome()
    original, edits = filled_hole(mesh, mesh.vertices[1200], 1.5)
    made = edit_face_colours(edits)
    assert (made[edits.edited_faces] == EDIT_COLOURS[EditReason.HOLE_FILL]).all()
    assert (made[~edits.edited_faces] == PALE_STONE).all()
    assert (removed_face_colours(original.face_count, edits) == PALE_STONE).all()
    assert edit_entries(edits) == ((EDIT_COLOURS[EditReason.HOLE_FILL], "hole filled"),)


def test_what_was_removed_is_coloured_on_the_scan_as_received():
    mesh = dome(8)
    _, edits = filled_hole(mesh, (99.0, 0.0, 0.0), 1.0)
    edits = replace(
        edits,
        removed_face=np.array([3, 5], np.int32),
        removed_reason=np.array([EditReason.SPIKE, EditReason.ISLAND], np.uint8),
    )
    colours = removed_face_colours(mesh.face_count + 2, edits)
    assert tuple(colours[3]) == EDIT_COLOURS[EditReason.SPIKE]
    assert tuple(colours[5]) == EDIT_COLOURS[EditReason.ISLAND]
    assert (np.delete(colours, [3, 5], axis=0) == PALE_STONE).all()
    assert [words for _, words in edit_entries(edits)] == ["spike", "loose piece"]
    assert edit_entries(edits, removed=False) == ()


@pytest.mark.parametrize(
    ("kind", "size", "radius"),
    [("hole", 2 * np.pi, 1.6), ("spike", 2.0, 1.6), ("spike", 0.0, 0.9), ("fold", 99.0, 4.5)],
)
def test_a_ring_is_as_wide_as_what_it_marks(kind, size, radius):
    finding = {"kind": kind, "size_mm": size, "place_mm": [1, 2, 3]}
    marker = marker_of(finding, "7")
    assert marker.radius_mm == pytest.approx(radius)
    assert (marker.place_mm, marker.word) == ((1.0, 2.0, 3.0), "7")


@pytest.mark.parametrize(
    ("place", "toward"),
    [
        ((0.0, 0.0, 15.0), (0, 0, 1)),  # on top, where `up` leaves no way up in the picture
        ((30.0, 0.0, 7.0), (1, 0, 0)),
        ((0.0, -25.0, 7.0), (0, -1, 0)),
    ],
)
def test_a_close_up_looks_at_the_outside(place, toward):
    mesh = box(60, 50, 15, at=(-30, -25, 0))
    marker = marker_of({"kind": "spike", "size_mm": 1.0, "place_mm": place}, "1")
    camera = close_up("c", marker, mesh, 0, UP).panels[0].camera
    assert np.asarray(camera.toward_viewer) @ toward > 0.85
    axes = np.array([camera.right, camera.up, camera.toward_viewer])
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-9)
    assert camera.focus == place
    assert camera.near_mm < 10  # the other side of the arch is cut away


def test_a_map_shows_both_meshes_from_the_same_cameras():
    mesh = dome()
    original, edits = filled_hole(mesh, mesh.vertices[1200], 1.5)
    picture = map_picture(
        "m",
        Anatomy(UP, np.array([0.0, 1.0, 0.0])),
        Arch.MANDIBULAR,
        (original, mesh),
        (3, 4),
        captions=("before", "after"),
        width=600,
        entries=edit_entries(edits),
    )
    pairs = list(zip(picture.panels[0::2], picture.panels[1::2], strict=True))
    assert len(pairs) == 3
    for before, after in pairs:
        assert before.camera == after.camera
        assert (before.surfaces, after.surfaces) == ((3,), (4,))
    assert [panel.caption for panel in picture.panels[:2]] == ["before", "after"]
