"""Give a scan edges of one length, within a distance. Off by default: nobody asks, it is not done.

Rules owned here:
- The bound is kept by measurement, both ways: vertices, middles of faces and middles of edges of
  either surface against the other. Where that fails, and where faces would meet, the scan is held
  as it is about that place and the whole done again; what still fails then leaves it unchanged.
- Borders stay vertex for vertex. Colours and float attributes are those of the old surface at each
  new vertex, labels those of its nearest old corner.

Source: Hausdorff distance by samples: N. Aspert et al., *MESH: measuring errors between surfaces
using the Hausdorff distance*, ICME 2002.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.edits import EditReason
from stsbench.domain.findings import Action
from stsbench.domain.mesh import Faces, Mask, TriangleMesh, Vertices
from stsbench.domain.progress import NO_PROGRESS, Progress
from stsbench.errors import InputError
from stsbench.geometry.distance import SurfaceTree, build_tree, closest_on_tree
from stsbench.geometry.even_edges import make_edges_even
from stsbench.geometry.face_measures import measure_faces, thin_height_mm
from stsbench.geometry.self_intersection import self_meetings
from stsbench.geometry.topology import BRANCHING, half_edge_twins, next_half_edge
from stsbench.repair.reshaped import with_other_mesh
from stsbench.repair.result import RepairResult

__all__ = [
    "BOUND_MM",
    "LENGTHS_MM",
    "MOST_MM",
    "Remeshed",
    "check_lengths",
    "remesh_result",
    "remesh_scan",
]

BOUND_MM = 0.02  # choice: what a scanner repeats to
MOST_MM = 1.0  # choice: beyond it the result says little about the scan
LENGTHS_MM = (0.02, 5.0)  # choice: least and most that anybody works with
_MOST_FACES = 4_000_000
_ROUNDS = 5
_HELD_LENGTHS = (
    2.0  # choice: how far about a place that failed the scan is held, a length more each
)


@dataclass(frozen=True, eq=False, slots=True)
class Remeshed:
    """A scan with even edges.

    Parameters
    ----------
    mesh : TriangleMesh
    vertex_source : (V,) int32
        Index in the scan of vertices that are in their old place, -1 for the others.
    face_source : (F,) int32
        Index in the scan of faces that are the same, -1 for the others.
    deviation_mm : float
        Farthest distance measured between the two surfaces, both ways.
    even_share : float
        Part of the edges between 4/5 and 4/3 of the length wanted.
    is_changed : bool
        False when no remeshing within the bound was found.
    """

    mesh: TriangleMesh
    vertex_source: NDArray[np.int32]
    face_source: NDArray[np.int32]
    deviation_mm: float
    even_share: float
    is_changed: bool


def remesh_scan(
    mesh: TriangleMesh,
    *,
    edge_mm: float,
    bound_mm: float = BOUND_MM,
    progress: Progress = NO_PROGRESS,
) -> Remeshed:
    """Make the edges of a scan one length where its shape lets them be.

    Parameters
    ----------
    mesh : TriangleMesh
        Repaired.
    edge_mm : float
        Length wanted.
    bound_mm : float
        Farthest the surfaces may lie apart.
    progress : Progress

    Raises
    ------
    InputError
        A length or bound that is none, more faces than can be handled, or a scan that is not
        repaired.
    """
    faces, named = _checked(mesh, edge_mm, bound_mm)
    vertices = mesh.vertices[named].astype(np.float32).astype(np.float64)
    held = np.zeros(len(vertices), dtype=bool)
    tree = build_tree(vertices, faces)
    for turn in range(_ROUNDS):
        progress.step("remeshing", turn / _ROUNDS)
        places, new = make_edges_even(
            vertices, faces, held, edge_mm=edge_mm, bound_mm=bound_mm, progress=progress
        )
        places = places.astype(np.float32).astype(np.float64)
        progress.step("measuring", (turn + 0.5) / _ROUNDS)
        apart, wrong = _measured(vertices, faces, tree, places, new, bound_mm)
        if not len(wrong):
            done = _remeshed(mesh, faces, named, tree, places, new, apart, edge_mm)
            if done.mesh.face_count != mesh.face_count or (done.face_source < 0).any():
                return done
            break
        reach = (_HELD_LENGTHS + turn) * edge_mm
        held |= _near(vertices, faces, wrong, reach)
    share = _even_share(vertices, faces, edge_mm)
    same = np.arange(len(mesh.faces), dtype=np.int32)
    return Remeshed(mesh, np.arange(mesh.vertex_count, dtype=np.int32), same, 0.0, share, False)


def remesh_result(
    result: RepairResult,
    *,
    edge_mm: float,
    bound_mm: float = BOUND_MM,
    progress: Progress = NO_PROGRESS,
) -> RepairResult:
    """Remesh a repaired scan and keep its edit record true.

    Parameters
    ----------
    result : RepairResult
    edge_mm, bound_mm : float
    progress : Progress

    Raises
    ------
    InputError
        As `remesh_scan`.
    """
    before = result.mesh
    done = remesh_scan(before, edge_mm=edge_mm, bound_mm=bound_mm, progress=progress)
    if done.is_changed:
        words = (
            f"Remeshed from {before.face_count} to {done.mesh.face_count} faces with edges of "
            f"{edge_mm:g} mm, {100 * done.even_share:.0f} % of them between 4/5 and 4/3 of that; "
            f"the surfaces lie at most {done.deviation_mm:.4f} mm apart where measured "
            f"(bound {bound_mm:g} mm)."
        )
    else:
        words = f"Not remeshed: no remeshing was found within {bound_mm:g} mm."
    return with_other_mesh(
        result,
        done.mesh,
        vertex_source=done.vertex_source,
        face_source=done.face_source,
        reason=EditReason.REMESHED,
        action=Action.REPAIRED if done.is_changed else Action.UNSOLVED,
        detail=words,
    )


def check_lengths(edge_mm: float, bound_mm: float) -> None:
    """Refuse lengths that are no use, before any work is done.

    Parameters
    ----------
    edge_mm, bound_mm : float

    Raises
    ------
    InputError
    """
    least, most = LENGTHS_MM
    if not least <= edge_mm <= most:
        raise InputError(
            f"An edge length of {edge_mm:g} mm is no use.", f"Give {least:g} to {most:g} mm."
        )
    if not 0.0 < bound_mm <= MOST_MM:
        raise InputError(
            f"A bound of {bound_mm:g} mm is no use.", f"Give more than 0, at most {MOST_MM:g} mm."
        )


def _checked(
    mesh: TriangleMesh, edge_mm: float, bound_mm: float
) -> tuple[Faces, NDArray[np.int64]]:
    """Refuse what the steps cannot take; return faces over the vertices in use, and those."""
    check_lengths(edge_mm, bound_mm)
    if not mesh.face_count:
        raise InputError("The scan has no faces.", "Open a scan that holds a surface.")
    if (mesh.faces == np.roll(mesh.faces, -1, axis=1)).any():
        raise InputError("A face names a vertex twice.", "Repair the scan first.")
    twin = half_edge_twins(mesh.faces, mesh.vertex_count)
    if (twin == BRANCHING).any():
        raise InputError("The scan has edges that branch.", "Repair the scan first.")
    inner = np.flatnonzero(twin >= 0)
    corners = mesh.faces.ravel()
    if (corners[inner] != corners[next_half_edge(twin[inner])]).any():
        raise InputError("The scan has no one side that faces out.", "Leave remeshing out.")
    area = float(measure_faces(mesh.vertices, mesh.faces).area_mm2.sum())
    expected = area / (np.sqrt(3.0) / 4 * edge_mm**2)
    if expected > _MOST_FACES:
        raise InputError(
            f"Edges of {edge_mm:g} mm would make about {expected / 1e6:.0f} million faces.",
            f"Give at least {np.sqrt(expected / _MOST_FACES) * edge_mm:.2f} mm.",
        )
    used = np.zeros(mesh.vertex_count, dtype=bool)
    used[mesh.faces] = True
    name = (np.cumsum(used) - 1).astype(np.int32)
    return np.ascontiguousarray(name[mesh.faces]), np.flatnonzero(used)


def _samples(vertices: Vertices, faces: Faces) -> Vertices:
    """Vertices, middles of faces and middles of edges, (V + 4F, 3)."""
    a, b, c = (vertices[faces[:, j]] for j in range(3))
    return np.concatenate([vertices, (a + b + c) / 3, (a + b) / 2, (b + c) / 2, (c + a) / 2])


def _measured(
    vertices: Vertices,
    faces: Faces,
    tree: SurfaceTree,
    places: Vertices,
    new: Faces,
    bound_mm: float,
) -> tuple[float, Vertices]:
    """Measure both ways; return the farthest, and the places where the new surface will not do."""
    there = _samples(places, new)
    away, _, _ = closest_on_tree(there, tree)
    here = _samples(vertices, faces)
    back, _, _ = closest_on_tree(here, build_tree(places, new))
    bad = measure_faces(places, new, thin_mm=thin_height_mm(vertices)).thin
    bad[self_meetings(places, new).faces] = True
    wrong = np.concatenate(
        [there[away > bound_mm], here[back > bound_mm], places[new[bad]].reshape(-1, 3)]
    )
    return float(max(away.max(), back.max())), wrong


def _near(vertices: Vertices, faces: Faces, places: Vertices, reach_mm: float) -> Mask:
    """Mark the vertices within reach of some places, and those of the faces nearest to these."""
    spots = np.stack([np.arange(len(places), dtype=np.int32)] * 3, axis=-1)
    gap, _, _ = closest_on_tree(vertices, build_tree(places, spots), limit_mm=reach_mm)
    near: Mask = gap <= reach_mm
    _, under, _ = closest_on_tree(places, build_tree(vertices, faces))
    near[faces[under]] = True
    return near


def _even_share(vertices: Vertices, faces: Faces, edge_mm: float) -> float:
    sides = vertices[faces] - vertices[np.roll(faces, -1, axis=1)]
    length = np.sqrt(sides[..., 0] ** 2 + sides[..., 1] ** 2 + sides[..., 2] ** 2)
    return float(np.mean((length >= 0.8 * edge_mm) & (length <= 4 / 3 * edge_mm)))


def _remeshed(
    mesh: TriangleMesh,
    faces: Faces,
    named: NDArray[np.int64],
    tree: SurfaceTree,
    places: Vertices,
    new: Faces,
    apart: float,
    edge_mm: float,
) -> Remeshed:
    old = mesh.vertices[named].astype(np.float32).astype(np.float64)
    _, under, at = closest_on_tree(places, tree)
    corners = old[faces[under]]
    # A vertex in an old place keeps what that one had.
    nearest = ((corners - places[:, None]) ** 2).sum(axis=2).argmin(axis=1)
    corner = faces[under, nearest]
    source = np.where((old[corner] == places).all(axis=1), named[corner], -1).astype(np.int32)
    weights = _weights(corners, at)
    names = named[faces[under]]
    colours, attributes = None, {}
    if mesh.colours is not None:
        mixed = np.rint(_mixed(mesh.colours, names, weights))
        colours = np.clip(mixed, 0, 255).astype(np.uint8)
        colours[source >= 0] = mesh.colours[source[source >= 0]]
    for name, values in mesh.attributes.items():
        if values.dtype.kind == "f":
            carried = _mixed(values, names, weights).astype(values.dtype)
        else:
            carried = values[named[corner]]
        carried[source >= 0] = values[source[source >= 0]]
        attributes[name] = carried
    result = TriangleMesh(places, new, colours, attributes)
    return Remeshed(
        result,
        source,
        _same_faces(mesh.faces, source[new], mesh.vertex_count),
        apart,
        _even_share(places, new, edge_mm),
        True,
    )


def _weights(corners: Vertices, at: Vertices) -> NDArray[np.float64]:
    """Weights of the corners of faces (N, 3, 3) at places in them, (N, 3); they sum to 1."""
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    w = at - corners[:, 0]
    uu, uv, vv = (u * u).sum(axis=1), (u * v).sum(axis=1), (v * v).sum(axis=1)
    wu, wv = (w * u).sum(axis=1), (w * v).sum(axis=1)
    area = np.maximum(uu * vv - uv * uv, 1e-300)
    second = np.clip((vv * wu - uv * wv) / area, 0.0, 1.0)
    third = np.clip((uu * wv - uv * wu) / area, 0.0, 1.0 - second)
    return np.stack([1.0 - second - third, second, third], axis=-1)


def _mixed(
    values: NDArray[np.generic], names: NDArray[np.integer], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    flat = values.reshape(len(values), -1).astype(np.float64)
    mixed: NDArray[np.float64] = (flat[names] * weights[:, :, None]).sum(axis=1)
    return mixed.reshape(len(names), *values.shape[1:])


def _same_faces(old: Faces, new: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Which old face each of some faces over old vertices is, -1 for none, whatever corner leads."""

    def keys(faces: NDArray[np.int32]) -> NDArray[np.int64]:
        turned = np.take_along_axis(
            faces, (faces.argmin(axis=1)[:, None] + np.arange(3)) % 3, axis=1
        ).astype(np.int64)
        pairs: NDArray[np.int64] = turned[:, 1] * count + turned[:, 2]
        return np.stack([turned[:, 0], pairs], axis=-1)

    found = np.full(len(new), -1, dtype=np.int32)
    asked = np.flatnonzero((new >= 0).all(axis=1))
    both = np.concatenate([keys(old), keys(new[asked])])
    order = np.lexsort((np.arange(len(both)), both[:, 1], both[:, 0]))
    same = (np.diff(both[order], axis=0) == 0).all(axis=1)
    first, second = order[:-1][same], order[1:][same]
    pairs = (first < len(old)) & (second >= len(old))
    found[asked[second[pairs] - len(old)]] = first[pairs]
    return found
