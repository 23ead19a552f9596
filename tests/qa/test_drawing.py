import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

from stsbench.qa.drawing import (
    _blur,
    blend,
    darken_creases,
    depth_of_three,
    draw_ring,
    encode_png,
    fill_box,
    two_of_three,
)
from tests.qa.pixels import chunks, decode_png


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 9), width=st.integers(1, 9))
def test_a_png_gives_its_pixels_back(seed, height, width):
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, size=(height, width, 3), dtype=np.uint8)
    assert (decode_png(encode_png(picture)) == picture).all()


def test_a_png_reads_in_another_program():
    image = pytest.importorskip("PIL.Image")
    picture = np.random.default_rng(1).integers(0, 256, size=(40, 60, 3), dtype=np.uint8)
    with image.open(io.BytesIO(encode_png(picture))) as opened:
        assert (np.asarray(opened.convert("RGB")) == picture).all()
        assert not opened.info


def test_a_png_holds_pixels_and_nothing_else():
    picture = np.zeros((4, 4, 3), np.uint8)
    assert [kind for kind, _ in chunks(encode_png(picture))] == [b"IHDR", b"IDAT", b"IEND"]
    assert encode_png(picture) == encode_png(picture.copy())


def test_three_samples_make_two_pixels_of_the_same_mean():
    flat = np.full((6, 9, 3), 77, np.uint8)
    assert two_of_three(flat).shape == (4, 6, 3)
    assert (two_of_three(flat) == 77).all()
    image = np.random.default_rng(2).integers(0, 256, size=(12, 15, 3), dtype=np.uint8)
    assert two_of_three(image).mean() == pytest.approx(image.mean(), rel=1e-5)
    step = np.zeros((3, 3, 1), np.uint8)
    step[:, 1:] = 90
    assert two_of_three(step)[0, :, 0].tolist() == pytest.approx([30.0, 90.0])


def test_where_the_surface_steps_the_deepest_sample_is_kept():
    depth = np.ones((6, 6), np.float32)
    depth[0, 1] = 5.0  # in the middle of a block: seen by both pixels beside it
    kept = depth_of_three(depth, step=0.5)
    assert kept.shape == (4, 4)
    assert np.argwhere(kept == 5.0).tolist() == [[0, 0], [0, 1]]


def test_a_slope_stays_a_slope():
    depth = np.tile(0.1 * np.arange(12, dtype=np.float32), (12, 1))
    kept = depth_of_three(depth, step=0.5)
    assert np.diff(kept[0]) == pytest.approx(np.full(7, 0.15), abs=0.017)


def test_a_steep_slope_has_no_pattern():
    image = np.full((300, 300, 3), 200.0, np.float32)
    slope = np.tile(np.arange(300, dtype=np.float32), (300, 1)) * 0.3 + 20.0
    dark = darken_creases(image, slope, mm_per_pixel=0.1)
    assert dark[140:160, 140:160] == pytest.approx(200.0, abs=0.5)


def test_a_flat_surface_has_no_creases():
    image = np.full((40, 40, 3), 200.0, np.float32)
    flat = np.full((40, 40), 10.0, np.float32)
    assert darken_creases(image, flat, mm_per_pixel=0.1) == pytest.approx(200.0)
    nothing = np.full((40, 40), np.nan, np.float32)
    assert darken_creases(image, nothing, mm_per_pixel=0.1) is image


def test_a_groove_is_darker_than_its_banks_and_a_ridge_is_not():
    image = np.full((80, 80, 3), 200.0, np.float32)
    depth = np.full((80, 80), 10.0, np.float32)
    depth[:, 38:42] += 0.5  # farther from the viewer
    dark = darken_creases(image, depth, mm_per_pixel=0.1)
    assert dark[40, 40, 0] < 0.75 * dark[40, 5, 0]
    depth[:, 38:42] -= 1.0
    assert darken_creases(image, depth, mm_per_pixel=0.1)[40, 40, 0] == pytest.approx(200.0)


def test_the_background_stays_as_it_is():
    image = np.full((40, 40, 3), 255.0, np.float32)
    depth = np.full((40, 40), np.nan, np.float32)
    depth[10:30, 10:30] = 10.0
    dark = darken_creases(image, depth, mm_per_pixel=0.1)
    assert (dark[np.isnan(depth)] == 255.0).all()


@pytest.mark.parametrize("place", [(-3, -3), (0, 0), (8, 8), (20, 20), (-30, 4)])
def test_drawing_over_the_edge_is_cut_off(place):
    canvas = np.full((10, 10, 3), 255, np.uint8)
    fill_box(canvas, (0, 0, 0), left=place[0], top=place[1], width=4, height=4)
    drawn = (canvas == 0).all(axis=2)
    columns, rows = (np.clip([start, start + 4], 0, 10) for start in place)
    assert drawn.sum() == (rows[1] - rows[0]) * (columns[1] - columns[0])


def test_blending_mixes():
    canvas = np.zeros((2, 2, 3), np.uint8)
    blend(canvas, np.full((2, 2), 0.5), (100, 200, 50), left=0, top=0)
    assert canvas[0, 0].tolist() == [50, 100, 25]


def test_a_ring_is_round_open_inside_and_dashed_when_hidden():
    canvas = np.full((101, 101, 3), 200, np.uint8)
    draw_ring(canvas, x=50, y=50, radius=30, line=2.0, colour=(0, 0, 0))
    dark = (canvas < 60).all(axis=2)
    rows, columns = np.nonzero(dark)
    assert np.hypot(rows - 50, columns - 50) == pytest.approx(30, abs=1.5)
    assert (canvas[40:60, 40:60] == 200).all()
    hidden = np.full((101, 101, 3), 200, np.uint8)
    draw_ring(hidden, x=50, y=50, radius=30, line=2.0, colour=(0, 0, 0), faint=True)
    assert 0.3 < (hidden < 60).all(axis=2).sum() / dark.sum() < 0.7


@pytest.mark.parametrize("size", [3, 5, 31, 61])
def test_surroundings_are_averaged_twice_each_way_and_go_on_beyond_the_edge(size):
    values = np.random.default_rng(7).random((40, 26), dtype=np.float32) * np.float32(90.0)
    once = uniform_filter(values.astype(np.float64), size, mode="nearest")
    twice = uniform_filter(once, size, mode="nearest")
    assert _blur(values, size) == pytest.approx(twice, abs=2e-5)
