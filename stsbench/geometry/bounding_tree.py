"""A linear bounding tree over faces: boxes over boxes along a space-filling curve.

Rules owned here:
- Faces are sorted by the Morton code of their box centre, ties by face index, and put `LEAF` by
  `LEAF` under the leaves of a complete binary tree. Node 1 is the root, node n has children 2n and
  2n + 1; a walk needs no stack.
- Boxes are float32 and exact, because coordinates are float32 numbers; an empty box (low > high)
  overlaps nothing.
- A leaf holds its faces' boxes side by side, low x of all, low y of all and so on: so one box is
  compared with all of a leaf in a few vector instructions.

Source: Lauterbach et al., Fast BVH Construction on GPUs, Eurographics 2009 (Morton order).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Faces, Vertices
from stsbench.geometry.compiled import in_threads, kernel
from stsbench.geometry.face_measures import box_of

__all__ = ["LEAF", "BoundingTree", "build_tree"]

LEAF = 16
_CELLS = 1023.0
_FEW = 20_000  # faces below which a second thread costs more than it brings


@dataclass(frozen=True, eq=False, slots=True)
class BoundingTree:
    """Boxes over the faces of a mesh.

    Parameters
    ----------
    order : (F,) int32
        Face of each sorted place.
    faces : (F, 3) int32
        Vertices of the face at each sorted place.
    boxes : (P, 6, LEAF) float32
        Low and high corner of the faces under each leaf; empty beyond the last.
    nodes : (2P, 6) float32
        Boxes of the tree; leaf ``n`` (node ``P + n``) covers places ``LEAF * n`` and on.
    """

    order: NDArray[np.int32]
    faces: Faces
    boxes: NDArray[np.float32]
    nodes: NDArray[np.float32]

    @property
    def leaf_count(self) -> int:
        """Number of leaves that hold faces."""
        return -(-len(self.order) // LEAF)


@kernel
def _spread_bits(x):
    x = (x | (x << 16)) & 0x030000FF
    x = (x | (x << 8)) & 0x0300F00F
    x = (x | (x << 4)) & 0x030C30C3
    return (x | (x << 2)) & 0x09249249


@kernel
def _codes(vertices, faces, low, scale, start, end, codes):
    for f in range(start, end):
        code = 0
        for k in range(3):
            a = vertices[faces[f, 0], k]
            b = vertices[faces[f, 1], k]
            c = vertices[faces[f, 2], k]
            middle = (min(a, min(b, c)) + max(a, max(b, c))) / 2
            code |= _spread_bits(np.int64((middle - low[k]) * scale)) << k
        codes[f] = np.int32(code)


@kernel
def _sorted_places(codes):
    """Stable radix sort of 30-bit codes: three passes of ten bits, each code with its place."""
    count = len(codes)
    start = np.zeros((3, 1025), np.int32)
    for f in range(count):
        for turn in range(3):
            start[turn, ((codes[f] >> (10 * turn)) & 1023) + 1] += 1
    for turn in range(3):
        for x in range(1024):
            start[turn, x + 1] += start[turn, x]
    this = np.empty(count, np.uint64)
    other = np.empty(count, np.uint64)
    for f in range(count):
        code = np.uint32(codes[f])
        bucket = code & np.uint32(1023)
        this[np.uint32(start[0, bucket])] = (np.uint64(code) << np.uint64(32)) | np.uint64(f)
        start[0, bucket] += 1
    for x in range(count):
        bucket = (this[x] >> np.uint64(42)) & np.uint64(1023)
        other[np.uint32(start[1, bucket])] = this[x]
        start[1, bucket] += 1
    order = np.empty(count, np.int32)
    for x in range(count):
        bucket = (other[x] >> np.uint64(52)) & np.uint64(1023)
        order[np.uint32(start[2, bucket])] = np.int32(np.uint32(other[x]))
        start[2, bucket] += 1
    return order


@kernel
def _fill_leaves(vertices, faces, order, first, last, sorted_faces, boxes, nodes):
    first_node = len(nodes) // 2
    for leaf in range(first, last):
        node = first_node + leaf
        for k in range(3):
            nodes[node, k] = np.inf
            nodes[node, k + 3] = -np.inf
        for lane in range(LEAF):
            x = LEAF * leaf + lane
            if x >= len(order):
                for k in range(3):
                    boxes[leaf, k, lane] = np.inf
                    boxes[leaf, k + 3, lane] = -np.inf
                continue
            f = order[x]
            for k in range(3):
                sorted_faces[x, k] = faces[f, k]
                a = np.float32(vertices[faces[f, 0], k])
                b = np.float32(vertices[faces[f, 1], k])
                c = np.float32(vertices[faces[f, 2], k])
                low = min(a, min(b, c))
                high = max(a, max(b, c))
                boxes[leaf, k, lane] = low
                boxes[leaf, k + 3, lane] = high
                nodes[node, k] = min(nodes[node, k], low)
                nodes[node, k + 3] = max(nodes[node, k + 3], high)


@kernel
def _join_nodes(nodes):
    for n in range(len(nodes) // 2 - 1, 0, -1):
        for k in range(3):
            nodes[n, k] = min(nodes[2 * n, k], nodes[2 * n + 1, k])
            nodes[n, k + 3] = max(nodes[2 * n, k + 3], nodes[2 * n + 1, k + 3])


def build_tree(vertices: Vertices, faces: Faces) -> BoundingTree:
    """Build the tree.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
        float32 numbers; boxes of others would not be exact.
    faces : (F, 3) int32

    Returns
    -------
    BoundingTree
    """
    count = len(faces)
    used = vertices[faces.ravel()] if count < len(vertices) // 3 else vertices
    low, high = box_of(used)
    extent = float((high - low).max())
    scale = _CELLS / extent if extent > 0 else 0.0
    codes = np.empty(count, dtype=np.int32)
    leaves = -(-count // LEAF)
    # Chunks are whole leaves, so no two threads write one box.
    cuts = [leaves * part // 4 for part in range(5)]
    chunks = list(zip(cuts[:-1], cuts[1:], strict=True)) if count > _FEW else [(0, leaves)]
    in_threads(
        lambda c: _codes(vertices, faces, low, scale, LEAF * c[0], min(LEAF * c[1], count), codes),
        chunks,
    )
    order = _sorted_places(codes)
    width = 1
    while width < leaves:
        width *= 2
    nodes = np.empty((2 * width, 6), dtype=np.float32)
    nodes[width + leaves :, :3] = np.inf
    nodes[width + leaves :, 3:] = -np.inf
    sorted_faces = np.empty((count, 3), dtype=np.int32)
    boxes = np.empty((leaves, 6, LEAF), dtype=np.float32)
    in_threads(
        lambda c: _fill_leaves(vertices, faces, order, c[0], c[1], sorted_faces, boxes, nodes),
        chunks,
    )
    _join_nodes(nodes)
    return BoundingTree(order, sorted_faces, boxes, nodes)
