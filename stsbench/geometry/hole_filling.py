"""Fill holes: triangulate, refine, fair and check every given loop in one go.

Rules owned here:
- Loops that do not touch go in two parts, one on each core; the parting plays no part in the result.
- Nothing outside moves. A patch keeps its rim, vertex for vertex, and adds faces inside it.
- New vertices are representable as float32, so that writing and reading a file changes nothing.
- Every patch is looked at. Folds are relaxed; a patch that still folds over, blows up or holds a
  face without area goes back from faired to a membrane, then to bare triangles between rim
  vertices. If no kind will do, the loop counts as failed and gets no faces.
- A wide patch is drawn from its plate onto a triharmonic surface, unless that folds it.
- A patch that is graded, has more than `PLATE_UNKNOWNS` vertices, or a fifth as many on its rim,
  stays a membrane: it is wider than any hole that a limit lets a lab fill.
- Values on vertices, such as colours, continue harmonically from the rim into the patch.

Source: the chain of P. Liepa, *Filling holes in meshes*, SGP 2003.
"""

from dataclasses import dataclass
from threading import get_ident
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Mask, Vertices
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.geometry.compiled import in_threads
from stsbench.geometry.fairing import fair_patches, relax_folds
from stsbench.geometry.hole_refinement import Refinement, refine_patches
from stsbench.geometry.hole_rims import Rims, gather_rims
from stsbench.geometry.hole_triangulation import triangulate_rims
from stsbench.geometry.patch_checks import PatchReport, inspect_patches
from stsbench.geometry.patch_choice import PatchKind, choose_patches
from stsbench.geometry.patch_graph import PatchGraph, build_patch_graph
from stsbench.geometry.patch_measures import measure_heights, measure_rims
from stsbench.geometry.patch_solver import PLATE_UNKNOWNS, solve_patches
from stsbench.geometry.patch_weights import membrane_weights, weigh_graph
from stsbench.geometry.rim_parts import part_rims, take_rims
from stsbench.geometry.wide_rims import cover_wide_rims
from stsbench.geometry.zero_sets import draw_onto_zero_sets

__all__ = ["PatchKind", "Patches", "fill_loops"]

_SHARPEST = -0.25  # cosine of a bend, 104 degrees: relaxed; a choice, not a fact
_RELAX_ROUNDS = 4
_RIM_WEIGHT = 5  # what a place of a rim counts for: vertices crowd along a crowded one


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
    area_mm2, rim_mm : (L,) float64
        Of the patch, and the length of its rim.
    height_mm : (L,) float64
        How far the patch rises over the plane of its rim; negative into the surface.
    apart_mm : (L,) float64
        How far the patch goes from the membrane on the same rim: how much it had to guess.
    failed : (L,) bool
        No valid patch was found; the loop has no faces here.
    kind : (L,) uint8
        `PatchKind`.
    """

    vertices: Vertices
    faces: Faces
    hole_of_face: NDArray[np.int32]
    hole_of_vertex: NDArray[np.int32]
    values: NDArray[np.float64]
    area_mm2: NDArray[np.float64]
    rim_mm: NDArray[np.float64]
    height_mm: NDArray[np.float64]
    apart_mm: NDArray[np.float64]
    failed: Mask
    kind: NDArray[np.uint8]


def _doubled_chords(faces: Faces, hole_of_face: NDArray[np.int32], old: int) -> NDArray[np.int32]:
    """Return the holes that join two old vertices which an earlier hole joins the same way."""
    start, end = faces.ravel().astype(np.int64), np.roll(faces, -1, axis=1).ravel()
    chords = np.flatnonzero((start < old) & (end < old))
    keys = start[chords] * old + end[chords]
    order = np.argsort(keys, kind="stable")
    again = order[1:][np.diff(keys[order]) == 0]
    return np.unique(hole_of_face[chords[again] // 3])


def _is_fairable(rims: Rims, refined: Refinement) -> Mask:
    """Whether a plate is laid over a hole: not where it is wider than any limit lets a lab fill."""
    sizes = np.maximum(_RIM_WEIGHT * np.diff(rims.offsets), np.diff(refined.vertex_offsets))
    narrow: Mask = sizes <= PLATE_UNKNOWNS
    return ~refined.graded & narrow


def _untangle(
    vertices: Vertices,
    rims: Rims,
    refined: Refinement,
    graph: PatchGraph,
    position: Vertices,
    faired: Vertices,
) -> tuple[Vertices, PatchReport]:
    """Relax the folds of faired patches, each time a ring farther."""
    report = inspect_patches(vertices, faired, rims, refined)
    hole_of = np.repeat(np.arange(len(report.sharpest)), np.diff(refined.vertex_offsets))
    for rings in range(_RELAX_ROUNDS):
        folded = report.bend < _SHARPEST
        if not folded.any():
            break
        position[: graph.new] = faired
        relaxed = _as_float32(relax_folds(graph, position, len(refined.faces), folded, rings=rings))
        after = inspect_patches(vertices, relaxed, rims, refined)
        worse = after.sharpest < report.sharpest
        faired = np.where(worse[hole_of, None], faired, relaxed)
        report = inspect_patches(vertices, faired, rims, refined) if worse.any() else after
    return faired, report


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
    if target_edge_mm is not None:
        rims = rims._replace(spacing_mm=np.full(len(rims.vertex), float(target_edge_mm)))
    parts = part_rims(rims)
    asking = get_ident()

    def fill(part: NDArray[np.int64]) -> Patches:
        own = rims if len(parts) == 1 else take_rims(rims, part)
        said = progress if get_ident() == asking else NO_PROGRESS
        return _fill_rims(vertices, faces, twin, own, field, fair=fair, progress=said)

    filled = in_threads(fill, parts)
    progress.step("checking patches", 1.0)
    return filled[0] if len(parts) == 1 else _joined(filled, parts, len(vertices))


def _joined(parts: list[Patches], loops: list[NDArray[np.int64]], old: int) -> Patches:
    """Put the patches of some loops each together, in the order of the loops."""
    new = np.cumsum([0, *(len(part.vertices) for part in parts)])
    hole_of_vertex = np.concatenate(
        [own[part.hole_of_vertex] for own, part in zip(loops, parts, strict=True)]
    )
    hole_of_face = np.concatenate(
        [own[part.hole_of_face] for own, part in zip(loops, parts, strict=True)]
    )
    by_vertex = np.argsort(hole_of_vertex, kind="stable")
    by_face = np.argsort(hole_of_face, kind="stable")
    name = np.arange(old + new[-1], dtype=np.int32)
    name[old + by_vertex] = old + np.arange(new[-1], dtype=np.int32)
    faces = [
        np.where(part.faces < old, part.faces, part.faces + np.int32(shift))
        for part, shift in zip(parts, new, strict=False)
    ]
    by_loop = np.argsort(np.concatenate(loops))

    def per_loop(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])[by_loop]

    return Patches(
        vertices=np.concatenate([part.vertices for part in parts])[by_vertex],
        faces=name[np.concatenate(faces)[by_face]],
        hole_of_face=hole_of_face[by_face].astype(np.int32),
        hole_of_vertex=hole_of_vertex[by_vertex].astype(np.int32),
        values=np.concatenate([part.values for part in parts])[by_vertex],
        area_mm2=per_loop("area_mm2"),
        rim_mm=per_loop("rim_mm"),
        height_mm=per_loop("height_mm"),
        apart_mm=per_loop("apart_mm"),
        failed=per_loop("failed"),
        kind=per_loop("kind"),
    )


def _fill_rims(
    vertices: Vertices,
    faces: Faces,
    twin: NDArray[np.int32],
    rims: Rims,
    field: NDArray[np.float64],
    *,
    fair: bool,
    progress: Progress,
) -> Patches:
    """Fill some loops that no others depend on."""
    old, offsets = len(vertices), rims.offsets
    triangulation = cover_wide_rims(vertices, rims, triangulate_rims(vertices, rims))
    progress.step("refining patches", 0.2)
    refined = refine_patches(vertices, rims, triangulation)
    new = len(refined.vertices)
    progress.step("fairing patches", 0.4)
    membrane = refined.vertices
    faired: tuple[Vertices, PatchReport, Mask] | None = None
    new_values = np.zeros((new, field.shape[1]))
    if new:
        graph = build_patch_graph(faces, twin, rims, refined, old)
        parts = (refined.vertex_offsets, offsets, graph)
        position = np.concatenate([membrane, vertices[graph.old_vertex]])
        weights = weigh_graph(position, graph)
        even = membrane_weights(refined, graph, weights)
        known = np.concatenate([new_values, field[graph.old_vertex]])
        both, _ = solve_patches(*parts, even, np.concatenate([position, known], axis=1))
        membrane, new_values = np.ascontiguousarray(both[:, :3]), both[:, 3:]
        plates = _is_fairable(rims, refined)
        if fair and plates.any():
            position[:new] = membrane
            made = len(refined.faces)
            positions = fair_patches(*parts, weights, position, made, chosen=plates)
            position[:new] = positions
            drawn, moved = draw_onto_zero_sets(*parts, position, made, chosen=plates)
            if moved.any():
                report = inspect_patches(vertices, _as_float32(drawn), rims, refined)
                moved &= ~report.is_thin & (report.sharpest >= _SHARPEST)
                own = np.repeat(moved, np.diff(refined.vertex_offsets))
                positions = np.where(own[:, None], drawn, positions)
            positions = _as_float32(positions)
            faired = (*_untangle(vertices, rims, refined, graph, position, positions), plates)
        membrane = _as_float32(membrane)
    progress.step("checking patches", 0.9)
    measures = measure_rims(vertices, rims)
    chosen, kind, bare, report = choose_patches(
        vertices, rims, measures, triangulation, refined, membrane, faired
    )

    numbers = np.arange(len(kind), dtype=np.int32)
    face_hole = np.repeat(numbers, np.diff(refined.face_offsets))
    vertex_hole = np.repeat(numbers, np.diff(refined.vertex_offsets))
    bare_hole = np.repeat(numbers, np.diff(bare.face_offsets))
    keep = kind[bare_hole] == PatchKind.BARE
    all_holes = np.concatenate([face_hole[kind[face_hole] < PatchKind.BARE], bare_hole[keep]])
    all_faces = np.concatenate([refined.faces[kind[face_hole] < PatchKind.BARE], bare.faces[keep]])
    kind[_doubled_chords(all_faces, all_holes, old)] = PatchKind.NONE
    stays = kind[all_holes] != PatchKind.NONE
    order = np.flatnonzero(stays)[np.argsort(all_holes[stays], kind="stable")]
    lives = kind[vertex_hole] < PatchKind.BARE
    renumbered = np.arange(old + new, dtype=np.int32)
    renumbered[old:] = old - 1 + np.cumsum(lives)
    failed = kind == PatchKind.NONE
    return Patches(
        vertices=chosen[lives],
        faces=renumbered[all_faces[order]],
        hole_of_face=all_holes[order],
        hole_of_vertex=vertex_hole[lives],
        values=new_values[lives],
        area_mm2=np.where(failed, 0.0, report.area_mm2),
        rim_mm=measures.length_mm,
        height_mm=measure_heights(measures, chosen[lives], vertex_hole[lives]),
        apart_mm=_apart(chosen[lives] - membrane[lives], vertex_hole[lives], len(kind)),
        failed=failed,
        kind=kind,
    )


def _apart(shift: Vertices, hole_of: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Return the longest of the shifts in each hole, (L,) float64."""
    farthest = np.zeros(count)
    np.maximum.at(farthest, hole_of, np.sqrt(np.einsum("ij,ij->i", shift, shift)))
    return farthest


def _as_float32(positions: Vertices) -> Vertices:
    """Round to what a file can hold."""
    return positions.astype(np.float32).astype(np.float64)
