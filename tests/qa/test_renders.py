import os
import signal
import sys

import numpy as np
import pytest

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.occlusion import OcclusalFrame
from stsbench.errors import RenderError
from stsbench.qa.cameras import ARCH_VIEWS, Anatomy, camera_on
from stsbench.qa.pictures import Marker, Panel, Picture, Surface
from stsbench.qa.renders import (
    APT_LINE,
    MissingGraphicsError,
    draw_pictures,
    plan_views,
    render_views,
)
from tests.qa.bodies import box, dome, joined
from tests.qa.pixels import chunks, decode_png, inked

FRAME = OcclusalFrame(
    np.array([0.0, 0, 1]), np.array([0.0, -1, 0]), np.zeros(3), True, True, "given"
)
ANATOMY = Anatomy(np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0]))


def a_job(name="one"):
    surface = Surface.of(dome(12))
    camera = camera_on(ANATOMY.view("right"), [surface.vertices])
    return [surface], [Picture(name, 100, 104, (Panel(camera, (0,), 0, 0, 100, 60),))]


def child(code):
    return [sys.executable, "-c", code]


ANSWER = """
import io, sys, numpy as np
sys.stdin.buffer.read()
stream = io.BytesIO()
np.savez(stream, one=np.frombuffer(b"picture", np.uint8))
sys.stdout.buffer.write(stream.getvalue())
"""


def test_no_pictures_need_no_process():
    assert draw_pictures([], [], command=["/nonexistent"]) == {}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to die by")
@pytest.mark.parametrize("death", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_child_that_dies_is_one_error_with_the_line_to_type(death):
    with pytest.raises(MissingGraphicsError) as caught:
        draw_pictures(*a_job(), command=child(f"import os; os.kill(os.getpid(), {int(death)})"))
    assert APT_LINE in caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to die by")
def test_a_second_attempt_draws_with_the_software_window():
    code = f"""
import os
if os.environ.get("VTK_DEFAULT_OPENGL_WINDOW") != "vtkOSOpenGLRenderWindow":
    os.kill(os.getpid(), {int(signal.SIGSEGV)})
{ANSWER}"""
    assert draw_pictures(*a_job(), command=child(code)) == {"one": b"picture"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nothing said", "pass"),
        ("nonsense", "print('no archive')"),
        ("half an archive", ANSWER.replace("stream.getvalue()", "stream.getvalue()[:40]")),
        ("an error", "raise MemoryError('at /home/somebody')"),
        ("an answer and an error code", ANSWER + "\nsys.exit(3)"),
        ("another picture", ANSWER.replace("one=", "two=")),
    ],
)
def test_a_child_that_answers_nonsense_is_one_error(name, code):
    with pytest.raises(RenderError) as caught:
        draw_pictures(*a_job(), command=child(code))
    assert not isinstance(caught.value, MissingGraphicsError)
    assert caught.value.remedy
    assert "/home" not in str(caught.value)


def test_a_child_that_hangs_is_stopped():
    with pytest.raises(RenderError, match="no answer within"):
        draw_pictures(*a_job(), command=child("import time; time.sleep(60)"), timeout_s=1.0)


def test_a_child_that_cannot_be_started_is_one_error(tmp_path):
    with pytest.raises(RenderError, match="did not start"):
        draw_pictures(*a_job(), command=[str(tmp_path / "missing")])


def test_the_screen_of_whoever_is_logged_in_is_not_used(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":77")
    code = "import os, sys; assert 'DISPLAY' not in os.environ\n" + ANSWER
    assert draw_pictures(*a_job(), command=child(code)) == {"one": b"picture"}


def drawn(surfaces, pictures):
    try:
        return draw_pictures(surfaces, pictures)
    except MissingGraphicsError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def record_views():
    try:
        return render_views(dome(), frame=FRAME, size=(320, 400))
    except MissingGraphicsError as error:
        pytest.skip(str(error))


@pytest.mark.render
def test_five_record_views_are_drawn_and_keep_their_margin(record_views):
    assert tuple(record_views) == ARCH_VIEWS
    for name, png in record_views.items():
        picture = decode_png(png)
        assert picture.shape[1] == 320, name
        drawn_part = inked(picture[26:-44])  # between caption and foot
        assert 0.2 < drawn_part.mean() < 0.95, name
        assert not drawn_part[:, :2].any(), name
        assert not drawn_part[:, -2:].any(), name


@pytest.mark.render
def test_pictures_hold_no_text_chunk(record_views):
    for png in record_views.values():
        assert [kind for kind, _ in chunks(png)] == [b"IHDR", b"IDAT", b"IEND"]


# A block with a beam to the patient's left (+x below, as the front is at -y) and one to the front.
POINTER = joined(
    box(50, 40, 15, at=(-25, -20, 0)),
    box(20, 8, 8, at=(25, -4, 3)),
    box(8, 30, 4, at=(-4, -50, 3)),
)


@pytest.mark.render
@pytest.mark.parametrize("arch", list(Arch))
def test_what_is_at_the_patients_left_is_where_it_belongs(arch):
    # The same patient either way: only the biting surface of an upper faces down.
    normal = np.array([0.0, 0, 1 if arch is Arch.MANDIBULAR else -1])
    frame = OcclusalFrame(normal, np.array([0.0, -1, 0]), np.zeros(3), True, True, "given")
    try:
        views = render_views(POINTER, arch=arch, frame=frame, size=(320, 400))
    except MissingGraphicsError as error:
        pytest.skip(str(error))
    upper = arch is Arch.MAXILLARY
    beams = {  # side of the picture on which the thin beam stands out
        "front": "right",
        "occlusal": "right",
        "lingual": "left",
        "right": "right",
        "left": "left",
    }
    for name, side in beams.items():
        shape = inked(decode_png(views[name])[26:-44, 30:-30])
        tall = np.flatnonzero(shape.sum(axis=0) > 0.6 * shape.sum(axis=0).max())
        spare = {"left": tall[0], "right": shape.shape[1] - 1 - tall[-1]}
        other = "left" if side == "right" else "right"
        assert spare[side] > spare[other] + 20, name
    rows = np.flatnonzero(inked(decode_png(views["occlusal"])[26:-44])[:, 30:-30].sum(axis=1) > 120)
    above, below = rows[0], decode_png(views["occlusal"]).shape[0] - 70 - rows[-1]
    assert (
        bool(above > below + 20) is upper
    )  # the front beam points up in an upper, down in a lower


@pytest.mark.render
def test_the_same_scan_gives_the_same_bytes(record_views):
    again = render_views(dome(), frame=FRAME, size=(320, 400))
    assert again == record_views


@pytest.mark.render
def test_without_a_sure_midline_no_side_is_named(record_views):
    unsure = OcclusalFrame(FRAME.normal, FRAME.midline, FRAME.origin, True, False, "given")
    try:
        views = render_views(dome(), frame=unsure, views=ARCH_VIEWS, size=(320, 400))
    except MissingGraphicsError as error:
        pytest.skip(str(error))
    for name, png in views.items():
        picture, sure = decode_png(png), decode_png(record_views[name])
        rows = np.flatnonzero((picture != sure).any(axis=(1, 2)))
        assert len(rows), name  # letters, or a caption that says "not sure"
        assert rows.max() < 26, name  # above the panel, never on it
        ends = np.r_[0:24, 296:320]
        lettered = name in {"front", "occlusal", "lingual"}
        assert bool(inked(sure[:26, ends], below=160).any()) is lettered, name
        assert not inked(picture[:26, ends], below=160).any(), name


@pytest.mark.render
def test_colours_shapes_and_markers_arrive():
    near, far = box(10, 10, 1, at=(-5, -5, 2)), box(40, 40, 1, at=(-20, -20, -3))
    red = np.tile(np.array([200, 0, 0], np.uint8), (far.vertex_count, 1))
    blue = np.tile(np.array([0, 0, 200], np.uint8), (near.face_count, 1))
    surfaces = [Surface.of(far, vertex_colours=red), Surface.of(near, face_colours=blue)]
    camera = camera_on(ANATOMY.view("lower_occlusal"), [far.vertices], margin_mm=5.0)
    markers = (Marker((12.0, 0.0, -2.0), "", 3.0), Marker((0.0, 12.0, -20.0), "", 3.0))
    panel = Panel(camera, (0, 1), 0, 0, 300, 300, "", markers)
    only_far = Panel(camera, (0,), 300, 0, 300, 300)
    picture = decode_png(drawn(surfaces, [Picture("p", 600, 344, (panel, only_far))])["p"]).astype(
        int
    )
    redder = picture[:300, :300, 0] - picture[:300, :300, 2]
    assert redder[150, 150] < -50  # the near box is blue
    assert redder[150, 60] > 50  # the far one red
    assert (picture[:300, 300:, 0] - picture[:300, 300:, 2])[150, 150] > 50
    scale = panel.mm_per_pixel
    assert (picture[150, 2:8] > 250).all()  # margin
    ring = picture[:300, :300].max(axis=2) < 90

    def around(x, y):
        rows, columns = np.nonzero(ring)
        gap = np.hypot(columns - (150 + x / scale), rows - (150 - y / scale))
        return int((np.abs(gap - 3.0 / scale) < 2).sum())

    # A lower occlusal view has the back of the mouth at the top.
    assert around(12.0, 0.0) > 60
    assert 0.25 < around(0.0, 12.0) / around(12.0, 0.0) < 0.75  # hidden below: dashed


@pytest.mark.render
def test_a_close_up_cuts_away_what_stands_in_front():
    far, near = box(20, 20, 1, at=(-10, -10, 0)), box(20, 20, 1, at=(-10, -10, 30))
    red, blue = (np.tile(np.array(c, np.uint8), (12, 1)) for c in ((200, 0, 0), (0, 0, 200)))
    surfaces = [Surface.of(far, face_colours=red), Surface.of(near, face_colours=blue)]
    whole = camera_on(ANATOMY.view("lower_occlusal"), [far.vertices])
    cut = camera_on(ANATOMY.view("lower_occlusal"), [far.vertices])
    object.__setattr__(cut, "near_mm", 10.0)
    panels = tuple(
        Panel(camera, (0, 1), 100 * k, 0, 100, 100) for k, camera in enumerate((whole, cut))
    )
    picture = decode_png(drawn(surfaces, [Picture("p", 200, 144, panels)])["p"]).astype(int)
    assert picture[50, 50, 2] > picture[50, 50, 0] + 50
    assert picture[50, 150, 0] > picture[50, 150, 2] + 50


@pytest.mark.render
def test_a_broken_surface_is_an_error_and_not_a_crash():
    bad = Surface(np.zeros((3, 3), np.float32), np.array([[0, 1, 9]], np.int32))
    _, pictures = a_job()
    with pytest.raises(RenderError):
        drawn([bad], pictures)


@pytest.mark.render
def test_an_empty_surface_is_an_empty_picture():
    empty = Surface(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    _, pictures = a_job()
    picture = decode_png(drawn([empty], pictures)["one"])
    assert not inked(picture[:60]).any()


@pytest.mark.render
def test_two_meshes_drawn_by_one_process_are_as_each_alone():
    small = TriangleMesh(dome().vertices * 0.5, dome().faces)
    surfaces, pictures = [], []
    for number, mesh in enumerate((dome(), small)):
        surface, planned = plan_views(
            mesh,
            number,
            names=[f"{number} front"],
            views=("front",),
            arch=Arch.MANDIBULAR,
            frame=FRAME,
            size=(320, 400),
        )
        surfaces.append(surface)
        pictures += planned
    both = draw_pictures(surfaces, pictures)
    for number, mesh in enumerate((dome(), small)):
        alone = render_views(mesh, frame=FRAME, views=("front",), size=(320, 400))
        assert both[f"{number} front"] == alone["front"]
