import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.domain.dentition import Arch
from stsbench.domain.occlusion import OcclusalFrame
from stsbench.qa.cameras import ARCH_VIEWS, PAIR_VIEWS, Anatomy, camera_on, fallback_anatomy

# A patient in the axes left, posterior, superior.
LEFT, BACK, UP = np.eye(3)


def frame(arch, **more):
    normal = UP if arch is Arch.MANDIBULAR else -UP
    return OcclusalFrame(normal, -BACK, np.zeros(3), more.pop("sure", True), True, "given", **more)


def patient(arch=Arch.MANDIBULAR):
    return Anatomy.of(frame(arch), arch)


@pytest.mark.parametrize("arch", list(Arch))
def test_a_frame_of_either_arch_gives_the_same_patient(arch):
    found = patient(arch)
    assert found.superior == pytest.approx(UP)
    assert found.posterior == pytest.approx(BACK)
    assert found.left == pytest.approx(LEFT)


@pytest.mark.parametrize(
    ("name", "arch", "toward", "picture_right", "picture_up"),
    [
        ("front", Arch.MANDIBULAR, -BACK, LEFT, UP),
        ("front", Arch.MAXILLARY, -BACK, LEFT, UP),
        ("right", Arch.MANDIBULAR, -LEFT, -BACK, UP),  # the right side: front teeth to the right
        ("left", Arch.MAXILLARY, LEFT, BACK, UP),
        ("occlusal", Arch.MANDIBULAR, UP, LEFT, BACK),  # lower front teeth point down
        ("occlusal", Arch.MAXILLARY, -UP, LEFT, -BACK),  # upper ones up
        ("upper_occlusal", None, -UP, LEFT, -BACK),
        ("lower_occlusal", None, UP, LEFT, BACK),
    ],
)
def test_where_each_view_looks_from(name, arch, toward, picture_right, picture_up):
    anatomy = patient(arch or Arch.MANDIBULAR)
    camera = camera_on(anatomy.view(name, arch), [np.eye(3)])
    assert camera.toward_viewer == pytest.approx(toward)
    assert camera.right == pytest.approx(picture_right)
    assert camera.up == pytest.approx(picture_up)


@pytest.mark.parametrize("arch", list(Arch))
def test_the_lingual_view_looks_from_behind_over_the_biting_surface(arch):
    view = patient(arch).view("lingual", arch)
    toward = np.asarray(view.toward_viewer)
    assert toward @ BACK > 0.5
    assert bool(toward @ UP > 0.3) is (arch is Arch.MANDIBULAR)
    assert (view.left_word, view.right_word) == ("L", "R")


@pytest.mark.parametrize(
    ("sure", "midline_sure", "confirmed", "named"),
    [
        (True, True, False, True),
        (False, True, False, False),
        (False, True, True, True),
        (True, False, True, False),
    ],
)
def test_sides_are_named_only_when_the_midline_is_sure(sure, midline_sure, confirmed, named):
    unsure = OcclusalFrame(UP, -BACK, np.zeros(3), sure, midline_sure, "automatic")
    anatomy = Anatomy.of(unsure, Arch.MANDIBULAR, confirmed=confirmed)
    words = {anatomy.view(name, Arch.MANDIBULAR).left_word for name in ("front", "occlusal")}
    assert words == ({"R"} if named else {""})
    assert ("not sure" in anatomy.view("front", Arch.MANDIBULAR).caption) is not named
    assert "not sure" not in anatomy.view("occlusal", Arch.MANDIBULAR).caption


@pytest.mark.parametrize("name", sorted({*ARCH_VIEWS, *PAIR_VIEWS}))
def test_everything_fits_with_even_margins(name):
    rng = np.random.default_rng(7)
    places = rng.normal(size=(500, 3)) * (30, 20, 8) + (100, -40, 7)
    camera = camera_on(patient().view(name, Arch.MANDIBULAR), [places], margin_mm=2.0)
    shown = np.array([camera.on_screen(tuple(place)) for place in places])
    for axis, span in ((0, camera.width_mm), (1, camera.height_mm)):
        assert shown[:, axis].max() == pytest.approx(span / 2 - 2.0)
        assert shown[:, axis].min() == pytest.approx(2.0 - span / 2)


def test_nothing_to_see_gives_a_camera_all_the_same():
    camera = camera_on(patient().view("front"), [np.zeros((0, 3))])
    assert camera.width_mm > 0


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_turning_patient_and_scan_together_changes_no_picture(seed):
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    places = rng.normal(size=(40, 3)) * (30, 20, 8)
    for name in ARCH_VIEWS:
        here = camera_on(patient().view(name, Arch.MANDIBULAR), [places])
        there_anatomy = Anatomy(turn @ UP, turn @ BACK)
        there = camera_on(there_anatomy.view(name, Arch.MANDIBULAR), [places @ turn.T])
        assert (there.width_mm, there.height_mm) == pytest.approx((here.width_mm, here.height_mm))
        first, second = here.on_screen(tuple(places[0])), there.on_screen(tuple(turn @ places[0]))
        assert second == pytest.approx(first, abs=1e-6)


@pytest.mark.parametrize("arch", list(Arch))
def test_a_scan_nobody_oriented_is_shown_flat_and_names_no_side(arch):
    rng = np.random.default_rng(3)
    places = rng.normal(size=(400, 3)) * (30, 20, 4)
    anatomy = fallback_anatomy(places, arch)
    out = anatomy.superior if arch is Arch.MANDIBULAR else -anatomy.superior
    assert abs(out @ UP) > 0.99
    assert anatomy.superior @ anatomy.posterior == pytest.approx(0.0, abs=1e-9)
    assert not anatomy.sides_sure
    assert fallback_anatomy(np.zeros((0, 3)), arch).superior.shape == (3,)
