"""The Merkle tree over the audit log: hashes, appending, proofs and their checks (RFC 6962).

Rules kept here:
- A leaf is hashed with 0x00 in front and a node with 0x01, so no node can pass for an entry.
- Appending needs the frontier only: one hash per complete subtree, at most 64.
- A check returns True or False for any input, however malformed; it never raises.

A tree proves nothing by itself: its root must be signed and kept where the log's owner cannot
change it (`checkpoints`).

References
----------
RFC 6962, "Certificate Transparency", section 2.1; RFC 9162, sections 2.1.3.2 and 2.1.4.2 (the
checks as loops).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from stsbench.errors import InputError

__all__ = [
    "EMPTY_ROOT",
    "AuditTree",
    "Frontier",
    "leaf_hash",
    "node_hash",
    "verify_consistency",
    "verify_inclusion",
]

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry's canonical bytes."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two neighbouring subtrees."""
    return sha256(b"\1" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed to append: the roots of the complete subtrees, largest first.

    Parameters
    ----------
    size : int
        Leaves so far.
    roots : tuple of 32 bytes
        One per set bit of `size`.

    Raises
    ------
    InputError
        The number of roots does not fit the size.
    """

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.roots) != self.size.bit_count():
            raise InputError(
                f"A tree of {self.size} leaves cannot have {len(self.roots)} subtrees.",
                "Rebuild the frontier from the entries.",
            )

    def append(self, *leaves: bytes) -> "Frontier":
        """Return the frontier after these leaf hashes."""
        return self.extend(leaves)

    def extend(self, leaves: Iterable[bytes]) -> "Frontier":
        """Return the frontier after many leaf hashes."""
        size, roots = self.size, list(self.roots)
        for leaf in leaves:
            size += 1
            root, complete = leaf, size
            while not complete & 1:
                root = sha256(b"\1" + roots.pop() + root).digest()  # node_hash, without the call
                complete >>= 1
            roots.append(root)
        return Frontier(size, tuple(roots))

    @property
    def root(self) -> bytes:
        """The root over all leaves."""
        if not self.roots:
            return EMPTY_ROOT
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = node_hash(left, root)
        return root


class AuditTree:
    """A whole tree in memory, for proofs; 64 bytes per entry.

    Parameters
    ----------
    leaves : iterable of 32 bytes
        Leaf hashes in order.
    """

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._levels: list[list[bytes]] = [list(leaves)]
        while len(self._levels[-1]) > 1:
            level = self._levels[-1]
            pairs = zip(level[::2], level[1::2], strict=False)
            self._levels.append([node_hash(left, right) for left, right in pairs])
        self.size = len(self._levels[0])

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves, all by default."""
        size = self._checked_size(self.size if size is None else size)
        return self._subtree(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the path that shows leaf `index` (from 0) in the tree of `size` leaves."""
        size = self._checked_size(self.size if size is None else size)
        if not 0 <= index < size:
            raise InputError(
                f"Entry {index} is not in a tree of {size}.", "Ask for an entry it holds."
            )
        path: list[bytes] = []
        start, stop = 0, size
        while stop - start > 1:
            middle = start + _split(stop - start)
            if index < middle:
                path.append(self._subtree(middle, stop))
                stop = middle
            else:
                path.append(self._subtree(start, middle))
                start = middle
        return path[::-1]

    def consistency_proof(self, old_size: int, size: int | None = None) -> list[bytes]:
        """Return the hashes that show a tree of `size` to extend the one of `old_size`."""
        size = self._checked_size(self.size if size is None else size)
        if not 0 < old_size <= size:
            raise InputError(
                f"A tree of {size} cannot extend one of {old_size}.", "Use 1 up to its own size."
            )
        path: list[bytes] = []
        start, stop, whole = 0, size, True
        while stop != old_size:
            middle = start + _split(stop - start)
            if old_size <= middle:
                path.append(self._subtree(middle, stop))
                stop = middle
            else:
                path.append(self._subtree(start, middle))
                start, whole = middle, False
        if not whole:  # the old root itself is known to whoever checks
            path.append(self._subtree(start, stop))
        return path[::-1]

    def _checked_size(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise InputError(
                f"The tree has {self.size} leaves, not {size}.", "Ask for what it holds."
            )
        return size

    def _subtree(self, start: int, stop: int) -> bytes:
        count = stop - start
        if count & (count - 1) == 0 and start % count == 0:
            return self._levels[count.bit_length() - 1][start >> (count.bit_length() - 1)]
        middle = start + _split(count)
        return node_hash(self._subtree(start, middle), self._subtree(middle, stop))


def verify_inclusion(
    leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Return True when the proof shows the leaf hash at `index` under the root."""
    if not 0 <= index < size:
        return False
    node, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            current = node_hash(sibling, current)
            node, last = _up_to_right_child(node, last)
        else:
            current = node_hash(current, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and current == root


def verify_consistency(
    *, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Return True when the proof shows the tree of `size` to extend the one of `old_size`."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return old_root == root and not proof
    # A complete old tree is its own first node.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            node, last = _up_to_right_child(node, last)
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == root


def _up_to_right_child(node: int, last: int) -> tuple[int, int]:
    """Skip the levels where a last node without sibling was carried up."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def _split(count: int) -> int:
    """Largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)
