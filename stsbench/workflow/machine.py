"""Get this machine ready: compile the kernels, see whether pictures can be drawn."""

import subprocess
import sys
import time
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import Faces, TriangleMesh, Vertices
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.errors import RenderError
from stsbench.geometry.kernel_folders import prune_old_caches

__all__ = ["Compiled", "check_pictures", "compile_beside", "compile_kernels"]

# numba compiles on one core: a second process takes half of the work. Which half was measured.
_BESIDE = "from stsbench.workflow.machine import compile_beside; compile_beside()"
_READY = "repair"


class Compiled(NamedTuple):
    """What compiling took.

    Parameters
    ----------
    repair_seconds : float
        Until a repair was ready.
    seconds : float
        Until everything was.
    remark : str
        Why the second process ended early, "" where it did not. The first has done its part.
    """

    repair_seconds: float
    seconds: float
    remark: str


def compile_kernels(*, progress: Progress = NO_PROGRESS) -> Compiled:
    """Compile every kernel of repair, tools and model.

    Kernels are compiled by using them: a small damaged scan goes through the whole chain, so
    nothing has to list them. On a machine where this ran before it only loads the cache.
    A second process looks for spikes, fills and trims meanwhile; what it leaves, this one compiles,
    and the rims before it comes to them.
    What a repair needs comes first.
    """
    started = time.perf_counter()
    repair_seconds = 0.0
    prune_old_caches()
    mesh = _damaged_dome()
    command = [sys.executable, "-c", _BESIDE]
    with (
        TemporaryFile() as words,
        subprocess.Popen(  # noqa: S603 our own
            command, stdout=subprocess.PIPE, stderr=words, text=True
        ) as second,
    ):
        steps: tuple[tuple[str, Callable[[TriangleMesh], object]], ...] = (
            ("files", _through_files),
            ("rims", lambda _: _through_rims(_damaged_dome(sound=True))),
            ("tidy", _through_tidying),
            ("search", _through_meetings),
            ("inspect", _through_inspection),
            ("fill", lambda _: _wait_for_line(second)),
            ("repair", _through_repair),
            ("tools", lambda _: _through_tools("refill", "smooth")),
            ("trim", lambda _: second.wait()),
            ("tools", lambda _: _through_tools("trim_curve")),
            ("model", _through_model),
        )
        for number, (name, step) in enumerate(steps):
            progress.step(name, number / len(steps))
            step(mesh)
            if name == "repair":
                repair_seconds = time.perf_counter() - started
        remark = _remark_on(second.wait(), words)
    progress.step("done", 1.0)
    return Compiled(repair_seconds, time.perf_counter() - started, remark)


def _remark_on(code: int, words: IO[bytes]) -> str:
    """Return one line about a process that failed: the last it said."""
    if code == 0:
        return ""
    words.seek(0)
    said = words.read().decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(said) if line.strip()), "it said nothing")
    return f"The second process ended early (code {code}): {last}"


def compile_beside() -> None:
    """Compile the second process's half, and say on stdout when what a repair needs is there."""
    _through_spikes(_damaged_dome(sound=True))  # first: the other process meets them next
    _through_filling(_damaged_dome(sound=True))
    sys.stdout.write(f"{_READY}\n")
    sys.stdout.flush()
    _through_tools("trim_curve")


def _wait_for_line(process: subprocess.Popen[str]) -> None:
    """Wait until the second process is done with its half of a repair, or has ended."""
    if process.stdout is not None:
        process.stdout.readline()


def check_pictures() -> str:
    """Draw one small picture; return "" or one line about what is missing."""
    from stsbench.qa.renders import render_views  # noqa: PLC0415

    try:
        render_views(_damaged_dome(), size=(64, 48))
    except RenderError as error:
        return str(error)
    return ""


def _damaged_dome(*, sound: bool = False) -> TriangleMesh:
    """Make a dome with holes, a spike, a fin and a fold: something for every kernel.

    A sound one has holes alone.
    """
    count = 72
    y, x = np.mgrid[0:count, 0:count] * 0.5 - count / 4
    z = 8.0 - (x**2 + y**2) / 40.0 + 0.6 * np.cos(x * 1.1) * np.cos(y * 1.3)
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    index = np.arange(count * count).reshape(count, count)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3)
    radius = np.hypot(x, y).ravel()
    faces = faces[(radius[faces] < count / 4).all(axis=1)]
    centres = vertices[faces].mean(axis=1)
    # One of them is wide enough for what only wide patches go through.
    for x0, y0, reach in ((4.0, 3.0, 1.1), (-5.0, -2.0, 1.1), (2.0, -9.0, 3.6 if sound else 0.0)):
        faces = faces[np.hypot(centres[:, 0] - x0, centres[:, 1] - y0) > reach]
        centres = vertices[faces].mean(axis=1)
    if sound:
        colours = np.full((len(vertices), 3), 200, dtype=np.uint8)
        return TriangleMesh(vertices, faces.astype(np.int32), colours=colours)
    vertices[index[40, 40]] += (0.0, 0.0, 2.5)  # spike
    vertices[index[30, 44]] += (1.4, 0.0, -0.4)  # fold: pushed over its neighbours
    fin = [[index[20, 30], index[20, 31], len(vertices)]]
    vertices = np.vstack([vertices, vertices[index[20, 30]] + (0.2, 0.2, 1.0)])
    faces = np.vstack([faces, fin, faces[:2], faces[100:101, ::-1]])
    colours = np.full((len(vertices), 3), 200, dtype=np.uint8)
    return TriangleMesh(vertices, faces.astype(np.int32), colours=colours)


def _through_files(mesh: TriangleMesh) -> None:
    from stsbench.files.scans import decode_scan, encode_ply, encode_stl  # noqa: PLC0415

    for encode in (encode_ply, encode_stl):
        decode_scan(encode(mesh))


def _through_tidying(mesh: TriangleMesh) -> None:
    from stsbench.repair.profiles import load_profile  # noqa: PLC0415
    from stsbench.repair.tidying import tidy_scan  # noqa: PLC0415

    tidy_scan(mesh, profile=load_profile("study"), progress=NO_PROGRESS)


def _through_meetings(mesh: TriangleMesh) -> None:
    from stsbench.geometry.bounding_tree import build_tree  # noqa: PLC0415
    from stsbench.geometry.self_intersection import flat_stars, self_meetings  # noqa: PLC0415
    from stsbench.geometry.topology import half_edge_twins, open_vertices  # noqa: PLC0415
    from stsbench.geometry.wide_normals import overturned_faces, sum_normals  # noqa: PLC0415

    vertices, faces = mesh.vertices, mesh.faces
    rim = open_vertices(faces, half_edge_twins(faces, mesh.vertex_count))
    normals = sum_normals(vertices, faces)
    overturned_faces(vertices, faces, normals.wide)
    flat = flat_stars(vertices, faces, normals.near, rim)
    self_meetings(vertices, faces, tree=build_tree(vertices, faces), flat=flat)


def _through_rims(mesh: TriangleMesh) -> None:
    from stsbench.geometry.hole_rims import gather_rims  # noqa: PLC0415
    from stsbench.geometry.hole_triangulation import triangulate_rims  # noqa: PLC0415

    given = _holes_of(mesh)
    triangulate_rims(mesh.vertices, gather_rims(*given))


def _through_filling(mesh: TriangleMesh) -> None:
    from stsbench.geometry.hole_filling import fill_loops  # noqa: PLC0415

    fill_loops(*_holes_of(mesh))


def _holes_of(
    mesh: TriangleMesh,
) -> tuple[Vertices, Faces, NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Return what filling takes: the mesh, its twins and all loops but the border's."""
    from stsbench.geometry.boundary import boundary_loops  # noqa: PLC0415
    from stsbench.geometry.topology import half_edge_twins  # noqa: PLC0415

    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    loops = boundary_loops(mesh.faces, twin)
    longest = int(np.argmax(np.diff(loops.offsets)))
    holes = loops.take(np.delete(np.arange(len(loops)), longest))
    return mesh.vertices, mesh.faces, twin, holes.vertices, holes.offsets


def _through_spikes(mesh: TriangleMesh) -> None:
    from stsbench.geometry.spikes import UNITY, spike_vertices  # noqa: PLC0415
    from stsbench.geometry.vertex_rings import vertex_neighbours  # noqa: PLC0415
    from stsbench.geometry.wide_normals import sum_normals  # noqa: PLC0415

    vertices = mesh.vertices.copy()
    vertices[mesh.faces[len(mesh.faces) // 2, 0]] += (0.0, 0.0, 2.5)
    normals = sum_normals(vertices, mesh.faces)
    border = np.zeros(len(vertices), dtype=bool)
    rings = vertex_neighbours(mesh.faces, border)
    spike_vertices(vertices, rings, border, normals.near, normals.unity < UNITY)


def _through_inspection(mesh: TriangleMesh) -> None:
    from stsbench.repair.inspection import inspect_scan  # noqa: PLC0415

    inspect_scan(mesh)


def _through_repair(mesh: TriangleMesh) -> None:
    from stsbench.repair.pipeline import repair_scan  # noqa: PLC0415
    from stsbench.repair.profiles import load_profile  # noqa: PLC0415

    repair_scan(mesh, profile=load_profile("study"))


def _through_tools(*chosen: str) -> None:
    """Use tools of the bench once: the first click must not wait for the compiler."""
    from stsbench.repair.replay import replay_uses  # noqa: PLC0415

    mesh = _damaged_dome(sound=True)
    centre = mesh.vertices[mesh.faces].mean(axis=1)
    first = int(np.flatnonzero(np.hypot(centre[:, 0], centre[:, 1]) < 3.0)[0])
    radius = 2.0
    turn = np.linspace(0.0, 2.0 * np.pi, 72, endpoint=False)
    ring = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)
    gaps = np.linalg.norm(mesh.vertices[:, None, :2] - ring, axis=2)
    line = mesh.vertices[gaps.argmin(axis=0)]
    uses = (
        {"tool": "refill", "faces": [[first, first + 1]]},
        {"tool": "smooth", "faces": [[0, 400]], "cap_mm": 0.05, "passes": 1},
        {"tool": "trim_curve", "points": line.tolist(), "goes": [0.0, 0.0, 8.0]},
    )
    replay_uses(mesh, [use for use in uses if use["tool"] in chosen])


def _through_model(mesh: TriangleMesh) -> None:
    from stsbench.modelling.orientation import estimate_frame, given_frame  # noqa: PLC0415
    from stsbench.modelling.pipeline import make_model  # noqa: PLC0415
    from stsbench.modelling.profiles import load_profile  # noqa: PLC0415
    from stsbench.repair.pipeline import repair_scan  # noqa: PLC0415
    from stsbench.repair.profiles import load_profile as load_limits  # noqa: PLC0415

    repaired = repair_scan(mesh, profile=load_limits("denture")).mesh
    estimate_frame(repaired, arch=Arch.MANDIBULAR)
    frame = given_frame(repaired, np.array([0.0, 0.0, 1.0]), arch=Arch.MANDIBULAR)
    make_model(repaired, arch=Arch.MANDIBULAR, profile=load_profile("study"), frame=frame)
