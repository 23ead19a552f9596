"""The base: clean rims untouched, ragged ones survived, and everything it cost listed."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.occlusion import OcclusalFrame
from stsbench.domain.progress import CancellableProgress
from stsbench.errors import CancelledError, InputError
from stsbench.geometry.self_intersection import self_meetings
from stsbench.geometry.solid import measure_solid
from stsbench.modelling.base_heights import choose_heights
from stsbench.modelling.open_scan import prepare_scan
from stsbench.modelling.profiles import load_profile
from stsbench.modelling.solid_base import build_solid, wound_upright
from tests.modelling.ragged import folded, frayed, jittered, quadrant
from tests.shapes import sheet, toothed_arch

FRAME = OcclusalFrame(
    np.array([0, 0, 1.0]), np.array([0, 1.0, 0]), np.array([0, 0, 10.5]), True, True, "given"
)
LOWER = toothed_arch(0.8, flare_mm=2.0)  # undercut gum
UPPER = TriangleMesh(LOWER.vertices * [1, -1, -1], LOWER.faces)
UPPER_FRAME = OcclusalFrame(
    np.array([0, 0, -1.0]), np.array([0, -1.0, 0]), np.array([0, 0, -10.5]), True, True, "given"
)


def _built(mesh, frame=FRAME, **options):
    scan, _ = wound_upright(prepare_scan(mesh), frame)
    heights = choose_heights(scan.vertices, frame, load_profile("study"))
    return scan, build_solid(scan, frame, heights, **options)


def _is_printable(body):
    assert len(self_meetings(body.vertices, body.faces).pairs) == 0
    solid = measure_solid(body.vertices, body.faces)
    assert (solid.watertight, solid.genus, solid.shells) == (True, 0, 1)
    assert solid.volume_mm3 > 0


CLEAN = {
    "a lower arch": (LOWER, FRAME),
    "an upper arch": (UPPER, UPPER_FRAME),
    "a hill": (sheet(30, 30, height=lambda x, y: 3 * np.sin(x / 3) * np.cos(y / 4)), FRAME),
}


@pytest.mark.parametrize(("mesh", "frame"), CLEAN.values(), ids=CLEAN.keys())
def test_a_clean_rim_keeps_every_face(mesh, frame):
    scan, body = _built(mesh, frame)
    assert body.valid
    assert not body.reworked
    _is_printable(body)
    assert (body.vertices[: len(scan.vertices)] == scan.vertices).all()
    assert (body.faces[: len(scan.faces)] == scan.faces).all()
    assert body.from_scan.sum() == mesh.face_count


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**16), st.floats(0.05, 0.5))
def test_jitter_is_survived(seed, jitter_mm):
    scan, body = _built(jittered(LOWER, jitter_mm, seed))
    # A rim shaken through the scan's own faces is the repair's business, not the base's.
    assume(len(self_meetings(scan.vertices, scan.faces).pairs) == 0)
    assert body.valid
    _is_printable(body)
    assert body.trimmed_mm <= 0.4
    if not body.reworked:
        assert (body.faces[: len(scan.faces)] == scan.faces).all()


RAGGED = {
    "three folded flaps": folded(LOWER, 3, seed=1),
    "a frayed rim": frayed(LOWER, 0.4, seed=2),
    "jitter on an upper arch": TriangleMesh(
        jittered(LOWER, 0.3, 4).vertices * [1, -1, -1], LOWER.faces
    ),
    "a quadrant cut through a tooth": quadrant(LOWER),
}


@pytest.mark.parametrize("mesh", RAGGED.values(), ids=RAGGED.keys())
def test_ragged_rims_make_printable_bodies(mesh):
    upside_down = mesh.vertices[:, 2].mean() < 0
    scan, body = _built(mesh, UPPER_FRAME if upside_down else FRAME)
    assert body.valid
    _is_printable(body)
    # What the base took over from the scan is the scan, bit by bit where it was not cut.
    known = set(map(tuple, scan.vertices.tolist()))
    taken = np.unique(body.faces[body.from_scan])
    kept = sum(tuple(v) in known for v in body.vertices[taken].tolist())
    assert kept > 0.7 * len(scan.vertices)


def test_every_dab_is_listed_with_its_place():
    _, body = _built(folded(LOWER, 3, seed=1))
    assert body.reworked
    assert len(body.dabs) == len(body.dab_on_scan)
    assert (body.dab_mm > 0) == (len(body.dabs) > 0)


def test_an_inside_out_scan_is_turned_and_an_upright_one_is_not():
    inside_out = TriangleMesh(LOWER.vertices, np.ascontiguousarray(LOWER.faces[:, ::-1]))
    scan, turned = wound_upright(prepare_scan(inside_out), FRAME)
    assert turned
    assert (scan.faces == LOWER.faces).all()
    assert not wound_upright(scan, FRAME)[1]


def test_a_twisted_strip_has_no_outline():
    flat = sheet(12, 40)
    x, y = flat.vertices[:, 0], flat.vertices[:, 1] - 3
    turn = np.pi * x / x.max()
    twisted = np.stack([x, y * np.cos(turn), y * np.sin(turn)], axis=1)
    with pytest.raises(InputError, match="No clean outline"):
        _built(TriangleMesh(twisted, flat.faces))


def test_building_can_be_cancelled():
    progress = CancellableProgress()
    progress.cancel()
    with pytest.raises(CancelledError):
        _built(LOWER, progress=progress)
