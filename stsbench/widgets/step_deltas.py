"""What crosses the wire for a step of the repair bench, done or taken back.

Rules owned here:
- Places are sent as float32, as the mesh was; a step taken back sends where its vertices came from
  and cuts off what it added, so no face crosses the wire again.
"""

import numpy as np

from stsbench.repair.working_mesh import Step, WorkingMesh
from stsbench.widgets.wire import Change

__all__ = ["backward_delta", "forward_delta"]


def forward_delta(step: Step) -> Change:
    """Return what `Viewer.apply_delta` takes to do a step.

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


def backward_delta(step: Step, working: WorkingMesh) -> Change:
    """Return what `Viewer.apply_delta` takes to take a step back.

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
