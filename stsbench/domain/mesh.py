"""The triangle mesh and the names of the arrays that cross module borders.

Lengths are millimetres everywhere. Vertex indices start at 0. Faces run counter-clockwise seen
from outside. "Model" means the dental model and nothing else, so the type is a TriangleMesh.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stsbench.errors import MeshError

__all__ = ["Colours", "Edges", "Faces", "Loop", "Mask", "TriangleMesh", "Vertices"]

Vertices = NDArray[np.float64]  # (V, 3) mm
Faces = NDArray[np.int32]  # (F, 3) vertex indices, counter-clockwise seen from outside
Edges = NDArray[np.int32]  # (E, 2) vertex indices
Loop = NDArray[np.int32]  # (L,) vertex indices, first not repeated
Colours = NDArray[np.uint8]  # (V, 3) red, green, blue
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class TriangleMesh:
    """Indexed triangles with optional colours and per-vertex attributes.

    The constructor checks shape, type, finiteness and index range once; kernels trust it.
    Arrays are not copied: treat them as read-only, as every function of the package does.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
    faces : (F, 3) int32
    colours : (V, 3) uint8, optional
    attributes : mapping of str to (V, ...) array, optional
        Further values per vertex, such as tooth labels. They survive every step in memory and
        are never written to a file.

    Attributes
    ----------
    welded : bool
        Who made the mesh knows that its coordinates are float32 numbers and no two vertices lie in
        one place; see `of_welded`. False where nobody has looked.

    Raises
    ------
    MeshError
        A wrong shape, a coordinate that is not finite or a vertex index out of range.
    """

    vertices: Vertices
    faces: Faces
    colours: Colours | None = None
    attributes: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    welded: bool = field(default=False, init=False)  # so a changed copy starts as False again

    @classmethod
    def of_welded(cls, vertices: Vertices, faces: Faces) -> "TriangleMesh":
        """Return a mesh of vertices that come out of an exact weld of float32 numbers.

        Parameters
        ----------
        vertices : (V, 3) float64, mm
        faces : (F, 3) int32
        """
        mesh = cls(vertices, faces)
        object.__setattr__(mesh, "welded", True)
        return mesh

    def __post_init__(self) -> None:
        vertices = np.ascontiguousarray(self.vertices, dtype=np.float64)
        faces = np.asarray(self.faces)
        if vertices.ndim != 2 or vertices.shape[1] != 3:
            raise MeshError(
                f"Vertices have shape {vertices.shape}, not (V, 3).", "Pass x, y, z per vertex."
            )
        if faces.ndim != 2 or faces.shape[1] != 3:
            raise MeshError(
                f"Faces have shape {faces.shape}, not (F, 3).", "Split larger polygons first."
            )
        if not np.isfinite(vertices).all():
            bad = int(np.count_nonzero(~np.isfinite(vertices).all(axis=1)))
            raise MeshError(f"{bad} vertices are not finite numbers.", "Export the scan again.")
        if len(faces) and (int(faces.min()) < 0 or int(faces.max()) >= len(vertices)):
            raise MeshError(
                f"Faces name vertices {int(faces.min())} to {int(faces.max())}, "
                f"but there are {len(vertices)}.",
                "Export the scan again.",
            )
        object.__setattr__(self, "vertices", vertices)
        object.__setattr__(self, "faces", np.ascontiguousarray(faces, dtype=np.int32))
        self._check_colours(len(vertices))

    def _check_colours(self, vertex_count: int) -> None:
        if self.colours is not None:
            colours = np.ascontiguousarray(self.colours, dtype=np.uint8)
            if colours.shape != (vertex_count, 3):
                raise MeshError(
                    f"Colours have shape {colours.shape} for {vertex_count} vertices.",
                    "Pass red, green, blue per vertex.",
                )
            object.__setattr__(self, "colours", colours)
        for name, values in self.attributes.items():
            if len(values) != vertex_count:
                raise MeshError(
                    f"Attribute {name!r} has {len(values)} values for {vertex_count} vertices.",
                    "Pass one value per vertex.",
                )

    @property
    def vertex_count(self) -> int:
        """Number of vertices."""
        return len(self.vertices)

    @property
    def face_count(self) -> int:
        """Number of faces."""
        return len(self.faces)

    @property
    def extents_mm(self) -> NDArray[np.float64]:
        """Side lengths of the axis-aligned box, (3,) mm; zeros for an empty mesh."""
        if not len(self.vertices):
            return np.zeros(3)
        size: NDArray[np.float64] = np.ptp(self.vertices, axis=0)
        return size
