"""Real scans, and a synthetic twin for a machine without them: read as trimesh reads them."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import trimesh

from stsbench.domain.mesh import TriangleMesh
from stsbench.files.scans import decode_scan, encode_obj, encode_ply, encode_stl, read_scan
from tests.files.mesh_files import obj, ply_mesh, stl_ascii, stl_binary
from tests.shapes import sheet

SCANS = Path(os.environ.get("STSBENCH_SCANS", Path(__file__).parents[3] / "shared" / "scans"))
REAL = {
    # file: vertices, faces (README of the folder)
    "cast_lower_open.ply": (40128, 79582),
    "cast_lower_closed.ply": (59091, 118178),
    "cast_lower_defects.stl": (None, 79509),
    "crowns_upper.obj": (42644, 85232),
    "hps_ca_part.ply": (7755, 15510),
    "scanbodies_ios.stl": (None, 30432),
}


def peer(path_or_data, kind=None):
    """What trimesh makes of the same bytes, joining nothing."""
    if kind is None:
        kind = path_or_data.suffix[1:]
        path_or_data = path_or_data.read_bytes()
    return trimesh.load(
        io.BytesIO(path_or_data), file_type=kind, process=False, maintain_order=True
    )


def soup(vertices, faces):
    return np.asarray(vertices)[np.asarray(faces)].astype(np.float32)


@pytest.mark.scans
@pytest.mark.parametrize("name", REAL)
def test_real_scans_are_read_as_trimesh_reads_them(name):
    path = SCANS / name
    if not path.exists():
        pytest.skip("the real scans are not on this machine")
    mesh, other = read_scan(path), peer(path)
    vertex_count, face_count = REAL[name]
    assert mesh.face_count == face_count
    assert vertex_count is None or mesh.vertex_count == vertex_count
    assert np.array_equal(soup(mesh.vertices, mesh.faces), soup(other.vertices, other.faces))
    if vertex_count is None:  # a soup, welded: every corner where it was, no position twice
        positions = mesh.vertices.astype(np.float32)
        assert len(np.unique(positions, axis=0)) == mesh.vertex_count
    for encode in (encode_ply, encode_stl):
        again = decode_scan(encode(mesh))
        assert np.array_equal(soup(again.vertices, again.faces), soup(mesh.vertices, mesh.faces))


def wave(x, y):
    return np.sin(x) * np.cos(y)


TWIN = sheet(60, 70, height=wave)
TWIN32 = TWIN.vertices.astype(np.float32)
SYNTHETIC = {
    "stl": (stl_binary(TWIN32[TWIN.faces]), "stl"),
    "stl ascii": (stl_ascii(TWIN32[TWIN.faces]), "stl"),
    "ply": (ply_mesh(TWIN32, TWIN.faces), "ply"),
    "ply big endian": (ply_mesh(TWIN32, TWIN.faces, order=">"), "ply"),
    "ply ascii": (ply_mesh(TWIN32, TWIN.faces, order=""), "ply"),
    "obj": (obj(TWIN32, TWIN.faces + 1), "obj"),
}


@pytest.mark.parametrize("name", SYNTHETIC)
def test_synthetic_scans_are_read_as_trimesh_reads_them(name):
    data, kind = SYNTHETIC[name]
    mesh, other = decode_scan(data), peer(data, kind)
    expected = TWIN32[TWIN.faces]
    assert np.array_equal(soup(mesh.vertices, mesh.faces), expected)
    assert np.array_equal(soup(other.vertices, other.faces), expected)
    assert mesh.vertex_count == TWIN.vertex_count


@pytest.mark.parametrize(
    ("encode", "kind"), [(encode_ply, "ply"), (encode_stl, "stl"), (encode_obj, "obj")]
)
def test_trimesh_reads_what_is_written(encode, kind):
    colours = (np.arange(3 * TWIN.vertex_count) % 251).astype(np.uint8).reshape(-1, 3)
    mesh = TriangleMesh(TWIN.vertices, TWIN.faces, colours)
    other = peer(encode(mesh), kind)
    assert np.array_equal(soup(other.vertices, other.faces), TWIN32[TWIN.faces])
    if kind != "stl":
        assert np.array_equal(other.visual.vertex_colors[:, :3], colours)


def test_trimesh_writes_what_is_read():
    colours = (np.arange(3 * TWIN.vertex_count) % 251).astype(np.uint8).reshape(-1, 3)
    other = trimesh.Trimesh(TWIN32, TWIN.faces, vertex_colors=colours, process=False)
    for kind in ("ply", "stl", "stl_ascii", "obj"):
        data = other.export(file_type=kind)
        mesh = decode_scan(data if isinstance(data, bytes) else data.encode())
        found = soup(mesh.vertices, mesh.faces)
        assert np.abs(found - TWIN32[TWIN.faces]).max() <= (1e-8 if kind == "obj" else 0)
        if kind in ("ply", "obj"):
            assert np.array_equal(mesh.colours, colours)
