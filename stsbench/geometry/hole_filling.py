"""Fill holes: triangulate, refine, fair and check every given loop in one go.

Rules owned here:
- Nothing outside moves. A patch keeps its rim, vertex for vertex, and adds faces inside it.
- New vertices are representable as float32, so that writing and reading a file changes nothing.
- Every patch checks itself. One that folds over after fairing goes back to a membrane, and is
  reported as failed when that folds too or when no valid triangulation exists.
- Values on vertices, such as colours, continue harmonically from the rim into the patch.

Source: the chain of P. Liepa, *Filling holes in meshes*, SGP 2003.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.geometry.compiled import kernel
from stsbench.geometry.fairing import fair_patches
from stsbench.geometry.hole_refinement import refine_patches
from stsbench.geometry.hole_rims import gather_rims
from stsbench.geometry.hole_triangulation import IMPOSSIBLE, triangulate_rims
from stsbench.geometry.patch_graph import build_patch_graph
from stsbench.geometry.patch_solver import solve_membranes

__all__ = ["Patches", "fill_loops"]


@dataclass(frozen=True, eq=False, slots=True)
class Patches:
    """What fills the holes: new vertices and faces, with the loop each belongs to.

    Parameters
    ----------
    vertices : (N, 3) float64, mm
        New vertices only.
    faces : (M, 3) int32
        Indices into the old vertices with the new ones after them.
    hole_of_face : (M,) int32
        Index of the loop; ascending.
    hole_of_vertex : (N,) int32
        Index of the loop; ascending.
    values : (N, K) float64
        Interpolated values of the new vertices.
    area_mm2 : (L,) float64
    failed : (L,) bool
        No valid patch was found; the loop has no faces here.
    """

    vertices: Vertices
    faces: Faces
    hole_of_face: NDArray[np.int32]
    hole_of_vertex: NDArray[np.int32]
    values: NDArray[np.float64]
    area_mm2: NDArray[np.float64]
    failed: NDArray[np.bool_]


@kernel
def _patch_areas(
    vertices: NDArray[np.float64],
    new_vertices: NDArray[np.float64],
    new_faces: NDArray[np.int32],
    face_offsets: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return area and number of faces without area of each patch."""
    loops = face_offsets.shape[0] - 1
    old = vertices.shape[0]
    area = np.zeros(loops)
    flat = np.zeros(loops, np.int64)
    corner = np.empty((3, 3))
    for loop in range(loops):
        for f in range(face_offsets[loop], face_offsets[loop + 1]):
            for j in range(3):
                v = new_faces[f, j]
                for k in range(3):
                    corner[j, k] = vertices[v, k] if v < old else new_vertices[v - old, k]
            for k in range(3):
                corner[1, k] -= corner[0, k]
                corner[2, k] -= corner[0, k]
            x = corner[1, 1] * corner[2, 2] - corner[1, 2] * corner[2, 1]
            y = corner[1, 2] * corner[2, 0] - corner[1, 0] * corner[2, 2]
            z = corner[1, 0] * corner[2, 1] - corner[1, 1] * corner[2, 0]
            twice = np.sqrt(x * x + y * y + z * z)
            area[loop] += 0.5 * twice
            if twice == 0.0:
                flat[loop] += 1
    return area, flat


def fill_loops(
    vertices: Vertices,
    faces: Faces,
    twin: NDArray[np.int32],
    loop_vertices: NDArray[np.int32],
    loop_offsets: NDArray[np.int64],
    *,
    values: NDArray[np.float64] | None = None,
    target_edge_mm: float | None = None,
    fair: bool = True,
    progress: Progress = NO_PROGRESS,
) -> Patches:
    """Fill the given boundary loops.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    twin : (3F,) int32
        Opposite half-edge, negative at a boundary.
    loop_vertices : (B,) int32
        Loops one after the other, each running with the faces that own its edges.
    loop_offsets : (L+1,) int64
    values : (V, K) float64, optional
        To be interpolated onto the new vertices.
    target_edge_mm : float, optional
        Edge length of the patches; that of the surroundings by default.
    fair : bool
        False leaves the patches as membranes.
    progress : Progress

    Returns
    -------
    Patches
    """
    vertices = np.ascontiguousarray(vertices, dtype=np.float64)
    faces = np.ascontiguousarray(faces, dtype=np.int32)
    twin = np.ascontiguousarray(twin, dtype=np.int32)
    loops = np.ascontiguousarray(loop_vertices, dtype=np.int32)
    offsets = np.ascontiguousarray(loop_offsets, dtype=np.int64)
    field = np.zeros((len(vertices), 0)) if values is None else np.ascontiguousarray(values, float)

    progress.step("triangulating holes", 0.0)
    rims = gather_rims(vertices, faces, twin, loops, offsets)
    triangulation = triangulate_rims(vertices, rims)
    progress.step("refining patches", 0.3)
    spacing = None if target_edge_mm is None else np.full(len(rims.vertex), float(target_edge_mm))
    patches = refine_patches(vertices, rims, triangulation, spacing_mm=spacing)
    new, new_faces, vertex_offsets, face_offsets = patches
    progress.step("fairing patches", 0.6)
    new_values = np.zeros((len(new), field.shape[1]))
    if len(new):
        graph = build_patch_graph(faces, twin, rims, new_faces, len(vertices), len(new))
        parts = (vertex_offsets, offsets, graph)
        new, _ = solve_membranes(*parts, vertices, new)
        if field.shape[1]:
            new_values, _ = solve_membranes(*parts, field, new_values)
        if fair:
            new = fair_patches(*parts, vertices, new)
        new = new.astype(np.float32).astype(np.float64)
    area, _ = _patch_areas(vertices, new, new_faces, face_offsets)
    progress.step("fairing patches", 1.0)
    numbers = np.arange(len(offsets) - 1, dtype=np.int32)
    return Patches(
        vertices=new,
        faces=new_faces,
        hole_of_face=np.repeat(numbers, np.diff(face_offsets)),
        hole_of_vertex=np.repeat(numbers, np.diff(vertex_offsets)),
        values=new_values,
        area_mm2=area,
        failed=triangulation.method == IMPOSSIBLE,
    )
