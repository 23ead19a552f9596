import numpy as np
import pytest

from stsbench.qa.cameras import Anatomy, camera_on
from stsbench.qa.layouts import grid_picture, record_pictures
from stsbench.qa.pictures import ColourBar, Marker, Panel, Picture, Surface, pack, unpack
from tests.qa.bodies import dome

ANATOMY = Anatomy(np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0]))


def a_picture():
    camera = camera_on(ANATOMY.view("front"), [dome().vertices])
    marker = Marker((1.5, -2.25, 3.0), "1", 2.0)
    panel = Panel(camera, (0, 1), 0, 26, 200, 100, "front", (marker,))
    bar = ColourBar("title", ((0, 0, 255), (255, 0, 0)), ((0.0, "low"), (1.0, "high")))
    return Picture("p", 200, 170, (panel,), (((1, 2, 3), "one"),), bar, 5.0, 1.5)


def test_a_job_travels_unchanged():
    mesh = dome(8)
    colours = np.arange(3 * mesh.vertex_count, dtype=np.uint8).reshape(-1, 3)
    surfaces = [
        Surface.of(mesh, vertex_colours=colours),
        Surface.of(mesh, face_colours=np.zeros((mesh.face_count, 3), np.uint8), colour=(9, 8, 7)),
    ]
    job = unpack(pack(surfaces, [a_picture()]))
    assert job.pictures == (a_picture(),)
    assert (job.surfaces[0].vertices == mesh.vertices.astype(np.float32)).all()
    assert (job.surfaces[0].vertex_colours == colours).all()
    assert job.surfaces[0].face_colours is None
    assert job.surfaces[1].colour == (9, 8, 7)
    assert job.surfaces[1].face_colours.shape == (mesh.face_count, 3)


def test_the_same_job_is_the_same_bytes():
    surface = Surface.of(dome(8))
    assert pack([surface], [a_picture()]) == pack([surface], [a_picture()])


def test_a_place_on_screen():
    camera = camera_on(ANATOMY.view("front"), [np.array([[-10.0, 0, 0], [10, 0, 8]])])
    assert camera.on_screen((10.0, -3.0, 8.0)) == pytest.approx((10.0, 4.0, 3.0))


@pytest.mark.parametrize("size", [(400, 2000), (400, 200), (401, 333)])
def test_record_pictures_share_one_scale_and_fit(size):
    names = ("right", "front", "left", "upper_occlusal", "lower_occlusal")
    views = [ANATOMY.view(name) for name in names]
    vertices = dome().vertices
    pictures = record_pictures(views, [[vertices]] * 5, names=names, size=size, surfaces=[(0,)] * 5)
    panels = [picture.panels[0] for picture in pictures]
    scale = panels[0].mm_per_pixel
    for picture, panel in zip(pictures, panels, strict=True):
        assert picture.name in names
        assert panel.mm_per_pixel == pytest.approx(scale)
        assert panel.width == picture.width
        assert panel.width % 2 == panel.height % 2 == 0
        assert picture.height <= size[1] + 1
        assert panel.top + panel.height + picture.foot == picture.height
        shown = np.array([panel.camera.on_screen(tuple(place)) for place in vertices[::50]])
        assert np.abs(shown[:, 0]).max() <= panel.camera.width_mm / 2
        assert np.abs(shown[:, 1]).max() <= panel.camera.height_mm / 2


def test_a_grid_keeps_its_panels_apart_and_on_the_canvas():
    front, top = ANATOMY.view("front"), ANATOMY.view("lower_occlusal")
    cells = [[(top, (0,), "a"), (top, (1,), "b")], [(front, (0,), "c")]]
    picture = grid_picture("g", cells, [dome().vertices], width=600)
    scales = {round(panel.mm_per_pixel, 9) for panel in picture.panels}
    assert len(scales) == 1
    covered = np.zeros((picture.height, picture.width), int)
    for panel in picture.panels:
        rows = slice(panel.top, panel.top + panel.height)
        covered[rows, panel.left : panel.left + panel.width] += 1
        assert panel.width % 2 == panel.height % 2 == 0
    assert covered.max() == 1
    assert covered.sum() == sum(panel.width * panel.height for panel in picture.panels)
    assert covered[-picture.foot :].max() == 0


def test_a_grid_takes_its_scale_from_the_widest_view_of_any_row():
    tall = np.array([[0.0, 0, 0], [5.0, 60, 10]])  # narrow from the front, wide from the side
    cells = [[(ANATOMY.view("front"), (0,), "")], [(ANATOMY.view("left"), (0,), "")]]
    picture = grid_picture("g", cells, [tall], width=400)
    for panel in picture.panels:
        for place in tall:
            right, up, _ = panel.camera.on_screen(tuple(place))
            assert abs(right) < panel.camera.width_mm / 2
            assert abs(up) < panel.camera.height_mm / 2
