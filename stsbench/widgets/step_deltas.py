"""What crosses the wire for a step of the repair bench, done or taken back.

Rules owned here:
- Places are sent as float32, as the mesh was; a step taken back sends where its vertices came from
  and cuts off what it added, so no face crosses the wire again.
"""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Colours
from stsbench.repair.working_mesh import Step, WorkingMesh

__all__ = ["Backward", "Forward", "backward_delta", "forward_delta"]


class Forward(TypedDict):
    """What `Viewer.apply_delta` takes to do a step."""

    removed: NDArray[np.int32]
    vertices: NDArray[np.float32]
    faces: NDArray[np.uint32]
    colours: Colours | None
    moved: NDArray[np.int32]
    moved_to: NDArray[np.float32]


class Backward(TypedDict):
    """What `Viewer.apply_delta` takes to undo a step."""

    vertex_count: int
    face_count: int
    revived: NDArray[np.int32]
    moved: NDArray[np.int32]
    moved_to: NDArray[np.float32]


def forward_delta(step: Step) -> Forward:
    """Return the change that does a step.

    Parameters
    ----------
    step : Step
    """
    return {
        "removed": step.removed,
        "vertices": step.vertices.astype(np.float32),
        "faces": step.faces.astype(np.uint32),
        "colours": step.values,
        "moved": step.moved,
        "moved_to": step.moved_to.astype(np.float32),
    }


def backward_delta(step: Step, working: WorkingMesh) -> Backward:
    """Return the change that takes a step back.

    Parameters
    ----------
    step : Step
    working : WorkingMesh
        Without the step already.
    """
    return {
        "vertex_count": working.vertex_count,
        "face_count": working.face_count,
        "revived": step.removed,
        "moved": step.moved,
        "moved_to": step.moved_from.astype(np.float32),
    }
