"""From a scan as read to the draft that a repair works on.

Rules owned here:
- Coordinates are rounded to float32 and vertices welded exactly, as any file would. A mesh whose
  maker has done both (`TriangleMesh.of_welded`) is taken as it is, without a copy.
- The mesh is never changed: a draft replaces arrays it shares with it.
"""

import numpy as np

from stsbench.domain.mesh import TriangleMesh
from stsbench.geometry.welding import weld_vertices
from stsbench.repair.draft import Draft

__all__ = ["start_draft"]


def start_draft(mesh: TriangleMesh) -> Draft:
    """Weld a scan exactly and start a draft of it.

    Coordinates are rounded to float32 first, as any file would; the half-edges come later, because
    faces that name a vertex twice must go before.

    Parameters
    ----------
    mesh : TriangleMesh

    Raises
    ------
    MeshError
        A coordinate beyond float32.
    """
    if mesh.welded:
        unique = np.arange(mesh.vertex_count, dtype=np.int32)
        vertices, faces = mesh.vertices, mesh.faces
    else:
        unique, inverse = weld_vertices(mesh.vertices)
        vertices = mesh.vertices.astype(np.float32).astype(np.float64)
        faces = mesh.faces
        if len(unique) < mesh.vertex_count:
            vertices, faces = vertices[unique], inverse[faces]
    # Kernels are compiled for arrays that may be written to; one from a file's bytes may not.
    vertices, faces = np.require(vertices, requirements="W"), np.require(faces, requirements="W")
    count = len(faces)
    return Draft(
        vertices,
        faces,
        np.zeros(0, dtype=np.int32),
        unique,
        np.arange(count, dtype=np.int32),
        np.zeros(count, dtype=np.uint8),
        np.full(count, -1, dtype=np.int32),
        np.full(count, -1, dtype=np.int32),
        np.zeros(len(vertices), dtype=np.uint8),
    )
