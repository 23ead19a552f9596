"""Get this machine ready: compile the kernels, see whether pictures can be drawn."""

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from stsbench.domain.dentition import Arch
from stsbench.domain.mesh import TriangleMesh
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.errors import RenderError
from stsbench.geometry.kernel_folders import prune_old_caches

__all__ = ["check_pictures", "compile_filling", "compile_kernels"]

# numba compiles on one core: a second process takes the part that searching does not need.
_SECOND = "from stsbench.workflow.machine import compile_filling; compile_filling()"


def compile_kernels(*, progress: Progress = NO_PROGRESS) -> float:
    """Compile every kernel of repair, tools and model; return the seconds it took.

    Kernels are compiled by using them: a small damaged scan goes through the whole chain, so
    nothing has to list them. On a machine where this ran before it only loads the cache.
    Filling is compiled by a second process meanwhile; what that one leaves, this one compiles.
    """
    started = time.perf_counter()
    prune_old_caches()
    mesh = _damaged_dome()
    steps: tuple[tuple[str, Callable[[TriangleMesh], None]], ...] = (
        ("files", _through_files),
        ("search", _through_search),
        ("repair", _through_repair),
        ("tools", _through_tools),
        ("model", _through_model),
    )
    command = [sys.executable, "-c", _SECOND]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as second:  # noqa: S603 our own
        for number, (name, step) in enumerate(steps):
            progress.step(name, number / len(steps))
            if name == "repair":
                second.wait()
            step(mesh)
    progress.step("done", 1.0)
    return time.perf_counter() - started


def compile_filling() -> None:
    """Compile the kernels that fill holes."""
    from stsbench.geometry.boundary import boundary_loops  # noqa: PLC0415
    from stsbench.geometry.hole_filling import fill_loops  # noqa: PLC0415
    from stsbench.geometry.topology import half_edge_twins  # noqa: PLC0415

    dome = _damaged_dome(sound=True)
    twin = half_edge_twins(dome.faces, dome.vertex_count)
    loops = boundary_loops(dome.faces, twin)
    longest = int(np.argmax(np.diff(loops.offsets)))
    holes = loops.take(np.delete(np.arange(len(loops)), longest))
    fill_loops(dome.vertices, dome.faces, twin, holes.vertices, holes.offsets)


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
    for place in ((4.0, 3.0), (-5.0, -2.0)):
        faces = faces[np.hypot(centres[:, 0] - place[0], centres[:, 1] - place[1]) > 1.1]
        centres = vertices[faces].mean(axis=1)
    if sound:
        return TriangleMesh(vertices.astype(np.float32), faces.astype(np.int32))
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


def _through_search(mesh: TriangleMesh) -> None:
    from stsbench.repair.inspection import inspect_scan  # noqa: PLC0415

    inspect_scan(mesh)


def _through_repair(mesh: TriangleMesh) -> None:
    from stsbench.repair.pipeline import repair_scan  # noqa: PLC0415
    from stsbench.repair.profiles import load_profile  # noqa: PLC0415

    repair_scan(mesh, profile=load_profile("study"))


def _through_tools(mesh: TriangleMesh) -> None:
    """Use the tools of the bench once: the first click must not wait for the compiler."""
    from stsbench.repair.pipeline import repair_scan  # noqa: PLC0415
    from stsbench.repair.profiles import load_profile  # noqa: PLC0415
    from stsbench.repair.replay import replay_uses  # noqa: PLC0415

    repaired = repair_scan(mesh, profile=load_profile("study")).mesh
    centre = repaired.vertices[repaired.faces].mean(axis=1)
    first = int(np.flatnonzero(np.hypot(centre[:, 0], centre[:, 1]) < 3.0)[0])
    radius = repaired.extents_mm[0] / 4
    turn = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
    ring = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)
    gaps = np.linalg.norm(repaired.vertices[:, None, :2] - ring, axis=2)
    line = repaired.vertices[gaps.argmin(axis=0)]
    replay_uses(
        repaired,
        [
            {"tool": "refill", "faces": [[first, first + 1]]},
            {"tool": "smooth", "faces": [[0, 400]], "cap_mm": 0.05, "passes": 1},
            {"tool": "trim_curve", "points": line.tolist(), "goes": [0.0, 0.0, 8.0]},
        ],
    )


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
