"""A heap of edge collapses, the cheapest first, for use inside kernels.

Rules owned here:
- Equal costs go by vertex, so the order is the same everywhere.
- An entry carries the stamps its vertices had; the caller drops it when they have changed since.

Source: T. Cormen et al., *Introduction to Algorithms*, MIT Press, ch. 6 (binary heaps).
"""

from stsbench.geometry.compiled import kernel

__all__ = ["pop", "push"]


@kernel
def push(heap, stamps, size, cost, u, v, stamp_u, stamp_v):
    """Put a collapse on the heap.

    Parameters
    ----------
    heap : (N, 1) float64
        Costs.
    stamps : (N, 4) int32
        Vertex that goes, vertex it goes to, and how often each had changed.
    size : int
        Entries so far; the caller counts one more.
    cost : float
    u, v, stamp_u, stamp_v : int
    """
    at = size
    while at > 0:
        up = (at - 1) // 2
        if not _before(cost, u, v, heap[up, 0], stamps[up, 0], stamps[up, 1]):
            break
        heap[at, 0] = heap[up, 0]
        stamps[at] = stamps[up]
        at = up
    heap[at, 0] = cost
    stamps[at, 0] = u
    stamps[at, 1] = v
    stamps[at, 2] = stamp_u
    stamps[at, 3] = stamp_v


@kernel
def _before(cost, u, v, other_cost, other_u, other_v):
    if cost != other_cost:
        return cost < other_cost
    return u < other_u or (u == other_u and v < other_v)


@kernel
def pop(heap, stamps, size):
    """Take the first off the heap: it lies at the end afterwards, and the caller counts one less.

    Parameters
    ----------
    heap : (N, 1) float64
    stamps : (N, 4) int32
    size : int
        At least 1.
    """
    last = size - 1
    cost = heap[last, 0]
    entry = stamps[last].copy()
    heap[last, 0] = heap[0, 0]
    stamps[last] = stamps[0]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= last:
            break
        other = child + 1
        if other < last and _before(
            heap[other, 0], stamps[other, 0], stamps[other, 1],
            heap[child, 0], stamps[child, 0], stamps[child, 1],
        ):  # fmt: skip
            child = other
        if not _before(
            heap[child, 0], stamps[child, 0], stamps[child, 1], cost, entry[0], entry[1]
        ):
            break
        heap[at, 0] = heap[child, 0]
        stamps[at] = stamps[child]
        at = child
    if last > 0:
        heap[at, 0] = cost
        stamps[at] = entry
