"""Colours and tooth labels of a sample scan, from the fields that made it."""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Colours, TriangleMesh
from stsbench.samples.arch_model import ALONG_COUNT, ArchModel
from stsbench.samples.field_sampling import evaluate, fractal_noise

__all__ = ["FDI_ATTRIBUTE", "paint"]

FDI_ATTRIBUTE = "fdi"  # int16 per vertex: the tooth, 0 on gingiva

_IVORY = np.array([[222, 198, 158], [232, 222, 200]], dtype=np.float64)  # cervical, incisal
_PINK = np.array([[212, 136, 128], [190, 98, 96]], dtype=np.float64)  # attached, mobile
_STUMP = np.array([0.97, 0.90, 0.78])


def _mix(
    first: NDArray[np.float64], second: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    return (1 - share[:, None]) * first + share[:, None] * second


def paint(model: ArchModel, mesh: TriangleMesh, *, seed: int) -> TriangleMesh:
    """Return the mesh with colours and the attribute `fdi` (int16, 0 on gingiva)."""
    places = mesh.vertices
    fields = evaluate(model, places)
    broad = fractal_noise(places, scale_mm=2.5, octaves=3, seed=seed)[:, None]
    fine = fractal_noise(places, scale_mm=0.7, octaves=2, seed=seed + 9)[:, None]
    deep = np.clip((model.along[ALONG_COUNT // 2, 3] - places[:, 2]) / 9, 0, 1)
    margin = np.clip(1 - np.abs(fields.gingiva - fields.crown) / 1.3, 0, 1)[:, None]
    gum = (
        _mix(_PINK[0], _PINK[1], deep)
        + margin * [2, -16, -12]
        + broad * [8, 10, 9]
        + fine * [4, 5, 5]
    )
    label = np.zeros(len(places), dtype=np.int16)
    colour = gum
    if len(model.fdi):
        own = fields.nearest
        on_tooth = (fields.crown < fields.gingiva) & (own >= 0)
        label = np.where(on_tooth, model.fdi[own], 0).astype(np.int16)
        rise = ((places - model.origins[own]) * model.axes[own, 2]).sum(axis=1)
        height = np.clip(rise / model.shapes[own, 0], 0, 1)
        ivory = _mix(_IVORY[0], _IVORY[1], height) + broad * [4, 5, 7] + fine * 2
        ivory += np.clip(height - 0.82, 0, 1)[:, None] * [-120, -90, -40]
        ivory = np.where((model.prepared[own] > 0)[:, None], ivory * _STUMP, ivory)
        share = np.clip((fields.gingiva - fields.crown) / 0.25 + 0.5, 0, 1)
        colour = _mix(gum, ivory, share)
    # Rounded before it is cut to whole steps: the last bits decide no colour.
    colours: Colours = np.clip(np.round(colour, 6), 0, 255).astype(np.uint8)
    return TriangleMesh(
        mesh.vertices, mesh.faces, colours, {**mesh.attributes, FDI_ATTRIBUTE: label}
    )
