"""Colours and attributes of the vertices a step adds.

Rules owned here:
- In a filled hole numbers that can be averaged (floats, colours) continue harmonically from the rim;
  labels take the value of the nearest vertex of the rim.
- On a cut edge they are those of the two ends by distance; labels take the nearer end's.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from stsbench.domain.mesh import Colours, Vertices
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["NewValues", "fields_of", "values_from_fields", "values_on_edges"]

Values = NDArray[np.generic]


class NewValues(NamedTuple):
    """What a step carries for its new vertices.

    Parameters
    ----------
    colours : (N, 3) uint8, optional
    attributes : mapping of str to (N, ...) array
    """

    colours: Colours | None
    attributes: Mapping[str, Values]


def _is_averaged(values: Values) -> bool:
    return values.dtype.kind == "f"


def fields_of(working: WorkingMesh, vertex: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return what can be averaged as columns, (N, K) float64: colours, then float attributes."""
    columns = [np.zeros((len(vertex), 0))]
    if working.colours is not None:
        columns.append(working.colours[vertex].astype(np.float64))
    for values in working.attributes.values():
        if _is_averaged(values):
            width = int(np.prod(values.shape[1:]))
            columns.append(values[vertex].astype(np.float64).reshape(len(vertex), width))
    return np.ascontiguousarray(np.concatenate(columns, axis=1))


def values_from_fields(
    working: WorkingMesh,
    fields: NDArray[np.float64],
    places: Vertices,
    rim: NDArray[np.integer],
) -> NewValues:
    """Turn interpolated columns back into values, and give labels by the nearest rim vertex.

    Parameters
    ----------
    working : WorkingMesh
    fields : (N, K) float64
        Columns of the new vertices in the order of `fields_of`.
    places : (N, 3) float64, mm
        The new vertices.
    rim : (R,) int
        Vertices that labels may come from.
    """
    colours = None
    at = 0
    if working.colours is not None:
        colours, at = _as_colours(fields[:, :3]), 3
    nearest: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
    attributes: dict[str, Values] = {}
    for name, values in working.attributes.items():
        if _is_averaged(values):
            width = int(np.prod(values.shape[1:]))
            part = fields[:, at : at + width].reshape(len(places), *values.shape[1:])
            attributes[name] = part.astype(values.dtype)
            at += width
        else:
            if len(nearest) != len(places):
                nearest = np.asarray(cKDTree(working.vertices[rim]).query(places)[1])
            attributes[name] = values[rim[nearest]]
    return NewValues(colours, attributes)


def values_on_edges(
    working: WorkingMesh,
    start: NDArray[np.integer],
    end: NDArray[np.integer],
    share: NDArray[np.float64],
) -> NewValues:
    """Return the values of vertices that lie on edges.

    Parameters
    ----------
    working : WorkingMesh
    start, end : (N,) int
        Old vertices.
    share : (N,) float64
        How far each lies on the way from start to end, 0 to 1.
    """
    near = np.where(share <= 0.5, start, end)
    weight = share[:, None]
    fields = fields_of(working, start) * (1 - weight) + fields_of(working, end) * weight
    values = values_from_fields(working, fields, working.vertices[near], near)
    labels = {
        name: whole[near] for name, whole in working.attributes.items() if not _is_averaged(whole)
    }
    return NewValues(values.colours, {**values.attributes, **labels})


def _as_colours(columns: NDArray[np.float64]) -> Colours:
    return np.clip(np.rint(columns), 0, 255).astype(np.uint8)
