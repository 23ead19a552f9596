"""Orientation: known poses found, little evidence refused, a given direction obeyed."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.progress import CancellableProgress
from stsbench.errors import CancelledError, InputError
from stsbench.modelling.orientation import estimate_frame, given_frame
from tests.modelling.ragged import quadrant
from tests.shapes import sheet, sphere, toothed_arch

SCANS = Path(os.environ.get("STSBENCH_SCANS", Path(__file__).parents[3] / "shared" / "scans"))
ARCH = toothed_arch(0.8)
LOWER, UPPER = Arch.MANDIBULAR, Arch.MAXILLARY


def _turned(seed):
    q = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    return q * np.sign(np.linalg.det(q))


def _posed(mesh, seed):
    turn = _turned(seed)
    shift = np.random.default_rng(seed).uniform(-80, 80, 3)
    moved = (mesh.vertices @ turn.T + shift).astype(np.float32).astype(np.float64)
    return TriangleMesh(moved, mesh.faces), turn, shift


def _angle(a, b):
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))


@pytest.mark.parametrize("seed", range(2))
def test_an_arch_in_any_pose_is_found_and_sure(seed):
    posed, turn, shift = _posed(ARCH, seed)
    frame = estimate_frame(posed, arch=LOWER)
    assert frame.sure
    assert frame.midline_sure
    assert frame.reasons == ()
    assert frame.source == "automatic"
    assert frame.confidence > 0.5
    assert _angle(frame.normal, turn[:, 2]) < 3.0
    assert _angle(frame.midline, turn[:, 1]) < 5.0
    assert (turn.T @ (frame.origin - shift))[2] == pytest.approx(10.5, abs=0.6)


def test_a_second_run_gives_the_same_numbers_and_winding_does_not_matter():
    inside_out = TriangleMesh(ARCH.vertices, np.ascontiguousarray(ARCH.faces[:, ::-1]))
    first, second, third = (estimate_frame(m, arch=LOWER) for m in (ARCH, ARCH, inside_out))
    for name in ("normal", "midline", "origin"):
        assert (getattr(first, name) == getattr(second, name)).all()
        # Sums run in another order, so the last digits may differ.
        assert getattr(third, name) == pytest.approx(getattr(first, name), abs=1e-9)


def test_an_upper_arch_looks_down_in_the_mouth_and_up_in_its_frame():
    upper = TriangleMesh(ARCH.vertices * [1, -1, -1], ARCH.faces)
    frame = estimate_frame(upper, arch=UPPER)
    assert frame.sure
    assert _angle(frame.normal, np.array([0, 0, -1.0])) < 3.0
    moved = frame.model_from_scanner @ np.array([0, 0, -1.0, 0])
    assert moved[2] > 0.99


UNSURE = {
    "a quadrant": quadrant(ARCH),
    "a ridge without teeth": TriangleMesh(np.minimum(ARCH.vertices, [99, 99, 4.0]), ARCH.faces),
    "a flat sheet": sheet(60, 60),
    "a ball without border": sphere(4, radius_mm=20.0),
    "a crumb": sheet(3, 3),
}


@pytest.mark.parametrize("mesh", UNSURE.values(), ids=UNSURE.keys())
def test_little_evidence_is_unsure_and_says_why(mesh):
    frame = estimate_frame(mesh, arch=LOWER)
    assert not frame.sure
    assert not frame.midline_sure
    assert frame.reasons
    assert np.linalg.norm(frame.normal) == pytest.approx(1)


@pytest.mark.parametrize("seed", [0, 3])
def test_a_given_direction_is_obeyed(seed):
    posed, turn, _ = _posed(ARCH, seed)
    frame = given_frame(posed, 7.5 * turn[:, 2], arch=LOWER)
    assert (frame.sure, frame.midline_sure, frame.source) == (True, True, "given")
    assert frame.normal == pytest.approx(turn[:, 2])
    assert _angle(frame.midline, turn[:, 1]) < 5.0


def test_a_given_direction_serves_a_ridge_without_teeth():
    ridge = UNSURE["a ridge without teeth"]
    frame = given_frame(ridge, np.array([0, 0, 1.0]), arch=LOWER)
    assert frame.normal == pytest.approx([0, 0, 1])
    assert frame.origin[2] == pytest.approx(4.0, abs=0.5)


def test_an_upside_down_direction_is_doubted():
    frame = given_frame(ARCH, np.array([0, 0, -1.0]), arch=LOWER)
    assert frame.source == "given"
    assert any("border" in reason for reason in frame.reasons)


REFUSED = {
    "no faces": (lambda: estimate_frame(TriangleMesh(ARCH.vertices, ARCH.faces[:0]), arch=LOWER)),
    "no length": (lambda: given_frame(ARCH, np.zeros(3), arch=LOWER)),
    "two numbers": (lambda: given_frame(ARCH, np.ones(2), arch=LOWER)),
    "no number": (lambda: given_frame(ARCH, np.array([0, 0, np.nan]), arch=LOWER)),
    "given, no faces": (
        lambda: given_frame(TriangleMesh(ARCH.vertices, ARCH.faces[:0]), np.ones(3), arch=LOWER)
    ),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(call):
    with pytest.raises(InputError) as refusal:
        call()
    assert refusal.value.remedy


def test_the_search_can_be_cancelled():
    seen = []
    progress = CancellableProgress(lambda name, done: seen.append((name, done)))
    estimate_frame(ARCH, arch=LOWER, progress=progress)
    assert seen[-1][1] == 1.0
    assert all(a[1] <= b[1] for a, b in pairwise(seen))
    progress.cancel()
    with pytest.raises(CancelledError):
        estimate_frame(ARCH, arch=LOWER, progress=progress)


@pytest.mark.scans
@pytest.mark.skipif(not SCANS.is_dir(), reason="the folder of real scans is absent")
@pytest.mark.parametrize("seed", [None, 1])
def test_the_real_cast_is_right_or_unsure(seed):
    from stsbench.files.scans import read_scan

    cast = read_scan(SCANS / "cast_lower_open.ply")
    turn = np.eye(3)
    if seed is not None:
        cast, turn, _ = _posed(cast, seed)
    frame = estimate_frame(cast, arch=LOWER)
    assert _angle(frame.normal, turn[:, 2]) < 5.0 or not frame.sure
    # Few teeth stand on this cast: the estimate holds, and the self-check asks all the same.
    assert _angle(frame.normal, turn[:, 2]) < 5.0
    assert not frame.sure
