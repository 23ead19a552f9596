"""Read what a use of a tool holds: numbers, vertices, faces and places, or one line why not."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Vertices
from stsbench.errors import InputError
from stsbench.repair.ranges import slots_of
from stsbench.repair.working_mesh import WorkingMesh

__all__ = ["edge_of", "face_of", "faces_of", "number_of", "place_of_use", "places_of"]


def number_of(use: Mapping[str, object], key: str, *, low: float, high: float) -> float:
    """Return a number of a use.

    Parameters
    ----------
    use : mapping
    key : str
    low, high : float
        Limits, both allowed.

    Raises
    ------
    InputError
    """
    value = use[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{key} is no number.", f"Give a number from {low:g} to {high:g}.")
    if not low <= value <= high:
        raise InputError(f"{key} is {value:g}.", f"Give a number from {low:g} to {high:g}.")
    return float(value)


def edge_of(use: Mapping[str, object], working: WorkingMesh) -> tuple[int, int]:
    """Return the two vertices of an edge.

    Raises
    ------
    InputError
    """
    edge = use["edge"]
    if not isinstance(edge, list | tuple) or len(edge) != 2 or not all(map(_is_index, edge)):
        raise InputError("The edge is no pair of vertices.", "Pick an open edge.")
    first, second = edge
    if max(first, second) >= working.vertex_count or min(first, second) < 0 or first == second:
        raise InputError(
            f"The edge {first}-{second} does not exist.", "Pick an open edge on the screen."
        )
    return int(first), int(second)


def face_of(use: Mapping[str, object], working: WorkingMesh) -> int:
    """Return a face slot that is alive.

    Raises
    ------
    InputError
    """
    face = use["face"]
    if not _is_index(face) or not isinstance(face, int) or not 0 <= face < working.face_count:
        raise InputError("The face does not exist.", "Pick a face on the screen.")
    if not working.alive[face]:
        raise InputError(f"Face {face} is gone already.", "Pick a face on the screen.")
    return int(face)


def faces_of(use: Mapping[str, object], working: WorkingMesh) -> NDArray[np.int32]:
    """Return the selected slots that are alive, ascending.

    Raises
    ------
    InputError
    """
    return slots_of(use["faces"], working.alive)


def place_of_use(use: Mapping[str, object], key: str) -> NDArray[np.float64]:
    """Return three finite numbers, (3,) float64.

    Raises
    ------
    InputError
    """
    place: NDArray[np.float64] = _triples([use[key]], key)[0]
    return place


def places_of(use: Mapping[str, object], key: str, *, least: int, most: int) -> Vertices:
    """Return a list of places, (N, 3) float64 mm.

    Raises
    ------
    InputError
    """
    rows = use[key]
    if not isinstance(rows, list | tuple) or not least <= len(rows) <= most:
        raise InputError(f"{key} is no list of {least} to {most} places.", "Draw it again.")
    return _triples(rows, key)


def _triples(rows: object, key: str) -> Vertices:
    remedy = "Give x, y and z in mm."
    try:
        places = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{key} holds something else than numbers.", remedy) from None
    if places.ndim != 2 or places.shape[1] != 3 or not np.isfinite(places).all():
        raise InputError(f"{key} holds something else than places.", remedy)
    return places


def _is_index(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
