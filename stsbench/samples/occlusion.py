"""Occlusion: bringing the lower arch up until its teeth touch the upper ones.

Rules owned here:
- Arches stand in class I by construction of their lines; here only heights are settled: the whole
  arch by the median, each tooth by its own rest.
- Prepared teeth stay as they are.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import TriangleMesh
from stsbench.samples.adjacency import take_faces
from stsbench.samples.arch_model import ArchModel, build_arch
from stsbench.samples.arch_plan import ArchPlan
from stsbench.samples.field_sampling import evaluate, fractal_noise
from stsbench.samples.polygonising import polygonise
from stsbench.samples.trimming import largest_clean_piece

__all__ = ["bite_patch", "settle"]

_PILOT_MM = 0.6
_TO_CONTACT_MM = 4.0
_APART_MM = 15.0  # of ridge margins, when there is not a tooth


def _room_above(upper: ArchModel, places: NDArray[np.float64], gap_mm: float) -> float:
    """Return how far places of the lower arch may rise before one comes within the gap."""
    low, high = -_TO_CONTACT_MM, _TO_CONTACT_MM
    for _ in range(14):
        middle = (low + high) / 2
        above = (places + np.array([0.0, 0.0, middle])) * [1, 1, -1]
        clear = float(np.round(evaluate(upper, above).surface.min(), 6)) > gap_mm
        low, high = (middle, high) if clear else (low, middle)
    return low


def settle(upper: ArchPlan, lower: ArchPlan, *, gap_mm: float = 0.02) -> ArchPlan:
    """Return the lower plan placed under the upper one, every tooth raised until it just touches.

    Parameters
    ----------
    upper, lower : ArchPlan
        In the common frame the upper arch stands where it is.
    gap_mm : float
        Left between the surfaces.
    """
    above, below = build_arch(upper), build_arch(lower)
    if not len(below.fdi) or not len(above.fdi):
        return replace(lower, offset_mm=(0.0, 0.0, -_APART_MM))
    pilot = polygonise(below, _PILOT_MM).vertices
    fields = evaluate(below, pilot)
    on_tooth = fields.crown < fields.gingiva
    rooms = {}
    for i, fdi in enumerate(below.fdi.tolist()):
        places = pilot[on_tooth & (fields.nearest == i)]
        if len(places) and fdi not in lower.preparations:
            high = places[places[:, 2] > places[:, 2].max() - 4.5]
            rooms[fdi] = _room_above(above, high, gap_mm)
    met = {fdi: room for fdi, room in rooms.items() if room < _TO_CONTACT_MM - 0.1}
    level = float(np.median([room for fdi, room in met.items() if fdi % 10 >= 4] or [0.0]))
    lift = {
        fdi: float(np.clip(room - level, -1.2, 1.2 if fdi % 10 > 3 else 0.3))
        for fdi, room in met.items()
    }
    return replace(lower, lift_mm=lift, offset_mm=(0.0, 0.0, level))


def bite_patch(
    upper: TriangleMesh, lower: TriangleMesh, *, left: bool, seed: int = 1
) -> TriangleMesh:
    """Return a buccal bite scan: the outer faces of both arches on one side, two pieces.

    Parameters
    ----------
    upper, lower : TriangleMesh
        In occlusion, in the common frame (z up, y posterior).
    left : bool
        The patient's left side.
    """
    side = 1.0 if left else -1.0
    parts = []
    for mesh in (upper, lower):
        a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
        middle, normal = (a + b + c) / 3, np.cross(b - a, c - a)
        normal /= np.maximum(np.sqrt((normal**2).sum(axis=1, keepdims=True)), 1e-12)
        ragged = 0.9 * fractal_noise(middle, scale_mm=1.6, octaves=4, seed=seed)
        y = middle[:, 1] - 2 * ragged
        outer = normal[:, 0] * side * 0.95 - 0.3 * normal[:, 1] > 0.05
        inside = (middle[:, 0] * side > 8) & (y > 14) & (y < 38)
        inside &= np.abs(middle[:, 2]) < 6.5 + ragged
        parts.append(largest_clean_piece(take_faces(mesh, inside & outer)))
    return joined(parts[0], parts[1])


def joined(first: TriangleMesh, second: TriangleMesh) -> TriangleMesh:
    """Return two meshes in one; colours stay when both have them."""
    colours = None
    if first.colours is not None and second.colours is not None:
        colours = np.concatenate([first.colours, second.colours])
    shared = [name for name in first.attributes if name in second.attributes]
    return TriangleMesh(
        np.concatenate([first.vertices, second.vertices]),
        np.concatenate([first.faces, second.faces + first.vertex_count]).astype(np.int32),
        colours,
        {
            name: np.concatenate([first.attributes[name], second.attributes[name]])
            for name in shared
        },
    )
