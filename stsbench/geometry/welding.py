"""Welding: corners at bit-identical float32 positions become one vertex.

Rules owned here:
- Only exact duplicates are joined, compared as float32 bits; -0 equals +0. A tolerance would close
  real gaps and make non-manifold edges, so there is none.
- Vertices come in the order in which their first corner comes: the answer depends on the input
  alone, never on the hash.
- No input is slow: positions made to collide in the hash exhaust a budget of probes, and then the
  corners are sorted instead, with the same answer.

Source: open addressing with linear probing, Knuth, *The Art of Computer Programming* vol. 3, 6.4.
"""

import numpy as np
from numpy.typing import NDArray

from stsbench.domain.mesh import Vertices
from stsbench.errors import MeshError
from stsbench.geometry.compiled import kernel

__all__ = ["ExactWelder", "weld_exact", "weld_vertices"]

_PROBES_PER_CORNER = 32
_MAX_CORNERS = 2**31 - 1
_CORNERS_PER_VERTEX = 6  # of a large surface; a soup of loose triangles has 1 and grows the table
_DONE, _FULL, _SLOW = 0, 1, 2

Corners = NDArray[np.float32] | NDArray[np.float64]
Bits = NDArray[np.uint32]
Words = NDArray[np.uint16]
Indices = NDArray[np.int32]


@kernel
def _insert(
    words: Words,
    first: int,
    each: int,
    start: int,
    vertex_count: int,
    slots: Indices,
    keys: Bits,
    corner_vertex: Indices,
    probe_budget: int,
) -> tuple[int, int, bool, int, int]:
    """Look up the corners from `start` on in the table, adding what is new.

    `each` corners stand in a row, of three times two words each, from word `first` on. Returns the
    corner it stopped at, the number of vertices, whether all new ones are finite, the probes left
    and an outcome.
    """
    # Unsigned: numba need not ask whether an index counts from the end.
    mask = np.uint64(slots.shape[0] - 1)
    room = keys.shape[0]
    exponent = np.uint32(0x7F800000)
    minus_zero = np.uint32(0x80000000)
    half = np.uint32(16)
    finite = True
    corner_count = words.shape[0] * each
    row = np.uintp(start // each)
    k = start % each
    for corner in range(start, corner_count):
        at = np.uintp(first + 6 * k)
        a = np.uint32(words[row, at]) | (np.uint32(words[row, at + np.uintp(1)]) << half)
        b = np.uint32(words[row, at + np.uintp(2)]) | (
            np.uint32(words[row, at + np.uintp(3)]) << half
        )
        c = np.uint32(words[row, at + np.uintp(4)]) | (
            np.uint32(words[row, at + np.uintp(5)]) << half
        )
        k += 1
        if k == each:
            k = 0
            row += np.uintp(1)
        if a == minus_zero:
            a = np.uint32(0)
        if b == minus_zero:
            b = np.uint32(0)
        if c == minus_zero:
            c = np.uint32(0)
        h = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15)
        h ^= np.uint64(b) * np.uint64(0xC2B2AE3D27D4EB4F)
        h ^= np.uint64(c) * np.uint64(0x165667B19E3779F9)
        h ^= h >> np.uint64(29)
        h *= np.uint64(0xBF58476D1CE4E5B9)
        h ^= h >> np.uint64(32)
        slot = h & mask
        while True:
            vertex = slots[slot]
            if vertex < 0:
                if vertex_count == room:
                    return corner, vertex_count, finite, probe_budget, _FULL
                if (
                    (a & exponent) == exponent
                    or (b & exponent) == exponent
                    or (c & exponent) == exponent
                ):
                    finite = False
                vertex = np.int32(vertex_count)
                slots[slot] = vertex
                keys[vertex, 0] = a
                keys[vertex, 1] = b
                keys[vertex, 2] = c
                vertex_count += 1
                break
            known = np.uintp(vertex)
            # One branch for all three: which of them differs nobody can predict.
            if ((keys[known, 0] ^ a) | (keys[known, 1] ^ b) | (keys[known, 2] ^ c)) == 0:
                break
            slot = (slot + np.uint64(1)) & mask
            probe_budget -= 1
            if probe_budget < 0:
                return corner, vertex_count, finite, probe_budget, _SLOW
        corner_vertex[corner] = vertex
    return corner_count, vertex_count, finite, probe_budget, _DONE


class ExactWelder:
    """Welds corners as they come, so that a reader never holds a file twice.

    Parameters
    ----------
    corner_count : int
        How many corners will come in all.
    probes_per_corner : int
        How many collisions are borne, on average, before the corners are sorted instead.
    room : int, optional
        How many vertices to expect; the table grows where there are more.

    Raises
    ------
    MeshError
        More corners than an int32 can count.
    """

    def __init__(
        self,
        corner_count: int,
        *,
        probes_per_corner: int = _PROBES_PER_CORNER,
        room: int | None = None,
    ) -> None:
        if corner_count > _MAX_CORNERS:
            raise MeshError(f"{corner_count} corners are too many.", "Split or decimate the scan.")
        self._corner_vertex = np.empty(corner_count, np.int32)
        self._corner_count = 0
        self._vertex_count = 0
        self._finite = True
        self._probe_budget = probes_per_corner * corner_count
        self._to_sort: list[Bits] | None = None  # every corner, once hashing turned out slow
        expected = corner_count // _CORNERS_PER_VERTEX * 5 // 4 if room is None else room
        self._slots, self._keys = _table(max(64, expected))

    @property
    def finite(self) -> bool:
        """False once a corner came with a coordinate that is not a finite number."""
        return self._finite

    def add(self, corners: NDArray[np.float32]) -> None:
        """Weld the next corners.

        Parameters
        ----------
        corners : (N, 3) float32, mm
            C-contiguous; neither changed nor kept.
        """
        self.add_records(corners.view(np.uint16), first=0, each=1)

    def add_records(self, words: Words, *, first: int, each: int) -> None:
        """Weld the corners of the next faces as a file holds them.

        Parameters
        ----------
        words : (N, W) uint16
            One row per face, C-contiguous; neither changed nor kept.
        first : int
            The word where the corners of a row begin: x, y, z as float32, one corner after the other.
        each : int
            Corners of a row.
        """
        words = words.view()
        words.flags.writeable = False  # one type for every caller: one compiled kernel
        start = self._corner_count
        self._corner_count += each * len(words)
        if self._to_sort is not None:
            self._keep_for_sorting(_corners_of(words, first, each))
            return
        corner_vertex = self._corner_vertex[start : self._corner_count]
        at, outcome = 0, _FULL
        while outcome == _FULL:
            at, self._vertex_count, finite, self._probe_budget, outcome = _insert(
                words,
                first,
                each,
                at,
                self._vertex_count,
                self._slots,
                self._keys,
                corner_vertex,
                self._probe_budget,
            )
            self._finite &= finite
            if outcome == _FULL:
                outcome = self._grow()
        if outcome == _SLOW:
            self._to_sort = [self._keys[self._corner_vertex[: start + at]]]
            self._keep_for_sorting(_corners_of(words, first, each)[at:])

    def _keep_for_sorting(self, bits: Bits) -> None:
        assert self._to_sort is not None  # noqa: S101 - for the type checker
        self._to_sort.append(bits.copy())
        self._finite &= bool(np.isfinite(bits.view(np.float32)).all())

    def _grow(self) -> int:
        """Move the known vertices to a table with twice the room; say whether that went well."""
        known = self._keys
        self._slots, self._keys = _table(2 * len(known))
        words = known.view(np.uint16)
        words.flags.writeable = False
        *_, self._probe_budget, outcome = _insert(
            words,
            0,
            1,
            0,
            0,
            self._slots,
            self._keys,
            np.empty(len(known), np.int32),
            self._probe_budget,
        )
        if outcome == _SLOW:
            self._keys = known
        return _FULL if outcome == _DONE else _SLOW

    def join(self, other: "ExactWelder") -> None:
        """Weld the corners of another welder as if they had been added here now.

        So that two halves may be welded side by side and still give the answer of one: vertices
        of the other that are new here follow in its order, which is that of their first corners.
        """
        if other._to_sort is not None:
            self.add(np.concatenate(other._to_sort).view(np.float32))
            return
        start, count = self._corner_count, other._corner_count
        end = start + other._vertex_count
        theirs = other._corner_vertex[:count]
        self.add(other._keys[: other._vertex_count].view(np.float32))
        if self._to_sort is None:
            place = self._corner_vertex[start : start + count]
            self._corner_vertex[start:end].copy().take(theirs, out=place, mode="clip")
        else:
            bits = np.concatenate(self._to_sort)
            self._to_sort = [bits[:start], bits[start:][theirs]]
        self._corner_count = start + count
        self._finite &= other._finite

    def welded(self) -> tuple[Vertices, Indices]:
        """Return the vertices (V, 3) float64, mm, and the vertex of each corner (N,) int32."""
        if self._to_sort is not None:
            return _weld_by_sorting(np.concatenate(self._to_sort))
        vertices = self._keys[: self._vertex_count].view(np.float32).astype(np.float64)
        return vertices, self._corner_vertex[: self._corner_count]


def _corners_of(words: Words, first: int, each: int) -> Bits:
    """Return the corners of records, (each * N, 3) uint32."""
    return np.ascontiguousarray(words[:, first : first + 6 * each]).view(np.uint32).reshape(-1, 3)


def _table(room: int) -> tuple[Indices, Bits]:
    """Return empty slots, at most half of them to be used, and keys for `room` vertices."""
    capacity = 1 << (2 * room - 1).bit_length()
    return np.full(capacity, -1, np.int32), np.empty((room, 3), np.uint32)


def _weld_by_sorting(bits: Bits) -> tuple[Vertices, Indices]:
    """Weld in O(N log N) whatever the positions are."""
    bits[bits == 0x80000000] = 0
    order = np.lexsort(bits.T)
    new = np.ones(len(bits), np.bool_)
    new[1:] = (bits[order[1:]] != bits[order[:-1]]).any(axis=1)
    first = order[new]  # lexsort is stable: the first of each run is the first corner there
    by_first = np.argsort(first, kind="stable")
    rank = np.empty(len(first), np.int32)
    rank[by_first] = np.arange(len(first), dtype=np.int32)
    corner_vertex = np.empty(len(bits), np.int32)
    corner_vertex[order] = rank[np.cumsum(new) - 1]
    return bits[first[by_first]].view(np.float32).astype(np.float64), corner_vertex


def weld_exact(corners: Corners) -> tuple[Vertices, Indices]:
    """Weld corners that are bit-identical as float32.

    Parameters
    ----------
    corners : (N, 3) float32, mm
        Not changed.

    Returns
    -------
    vertices : (V, 3) float64, mm
        Distinct positions in the order of their first corner; -0 becomes +0.
    corner_vertex : (N,) int32
        Vertex of each corner.

    Raises
    ------
    MeshError
        A wrong shape, or a coordinate that is not a finite float32.
    """
    return _welder_of(corners).welded()


def _welder_of(corners: Corners, room: int | None = None) -> ExactWelder:
    with np.errstate(over="ignore"):  # beyond float32 becomes infinite, and is refused below
        rounded = np.ascontiguousarray(corners, dtype=np.float32)
    if rounded.ndim != 2 or rounded.shape[1] != 3:
        raise MeshError(f"Corners have shape {rounded.shape}, not (N, 3).", "Pass x, y, z each.")
    welder = ExactWelder(len(rounded), room=room)
    welder.add(rounded)
    if not welder.finite:
        raise MeshError("Some coordinates are not finite numbers.", "Export the scan again.")
    return welder


def weld_vertices(vertices: Vertices) -> tuple[Indices, Indices]:
    """Find the vertices of an indexed mesh that a file could not tell apart.

    Parameters
    ----------
    vertices : (V, 3) float64, mm
        Compared as float32, the precision of every file that is written.

    Returns
    -------
    unique : (U,) int32
        First vertex at each distinct position, ascending.
    inverse : (V,) int32
        Index into `unique` for each vertex.

    Raises
    ------
    MeshError
        A wrong shape, or a coordinate that is not a finite float32.
    """
    _, inverse = _welder_of(vertices, len(vertices)).welded()
    # Numbers are given in order of first occurrence, so a vertex is new where the maximum rises.
    highest = np.maximum.accumulate(inverse)
    unique = np.flatnonzero(np.diff(highest, prepend=-1)).astype(np.int32)
    return unique, inverse
