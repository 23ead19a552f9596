"""The tree against the Certificate Transparency vectors and a second, recursive reading of the RFC.

The functions `mth`, `path` and `subproof` below are RFC 6962 section 2.1 word for word: slow, and
written without looking at the package's loops.
"""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsbench.errors import InputError
from stsbench.privacy.audit_tree import (
    EMPTY_ROOT,
    AuditTree,
    Frontier,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

# Published with the Certificate Transparency reference implementation: inputs and answers.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSION = {
    (0, 8): [A, B, C],
    (5, 8): [D, E, ROOTS[4]],
    (2, 3): [ROOTS[2]],
    (1, 5): [ROOTS[1], B, D],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [A, B, C],
    (6, 8): [F, E, ROOTS[4]],
    (2, 5): [B, D],
}
LEAVES = [leaf_hash(data) for data in INPUTS]


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def split(count: int) -> int:
    """The largest power of two smaller than count."""
    power = 1
    while 2 * power < count:
        power *= 2
    return power


def mth(entries: list[bytes]) -> bytes:
    if not entries:
        return sha(b"")
    if len(entries) == 1:
        return sha(b"\0" + entries[0])
    k = split(len(entries))
    return sha(b"\1" + mth(entries[:k]) + mth(entries[k:]))


def path(m: int, entries: list[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], known: bool) -> list[bytes]:
    n = len(entries)
    if m == n:
        return [] if known else [mth(entries)]
    k = split(n)
    if m <= k:
        return [*subproof(m, entries[:k], known), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def entries_of(count: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(count)]


def tree_of(count: int) -> AuditTree:
    return AuditTree(leaf_hash(entry) for entry in entries_of(count))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size):
    assert AuditTree(LEAVES).root(size).hex() == ROOTS[size]
    assert Frontier().extend(LEAVES[:size]).root.hex() == ROOTS[size]


@pytest.mark.parametrize(("place", "proof"), INCLUSION.items(), ids=str)
def test_inclusion_proofs_are_the_published_ones(place, proof):
    index, size = place
    made = AuditTree(LEAVES).inclusion_proof(index, size)
    assert [step.hex() for step in made] == proof
    assert verify_inclusion(
        LEAVES[index], index=index, size=size, proof=made, root=bytes.fromhex(ROOTS[size])
    )


@pytest.mark.parametrize(("sizes", "proof"), CONSISTENCY.items(), ids=str)
def test_consistency_proofs_are_the_published_ones(sizes, proof):
    old, new = sizes
    made = AuditTree(LEAVES).consistency_proof(old, new)
    assert [step.hex() for step in made] == proof
    assert verify_consistency(
        old_size=old,
        old_root=bytes.fromhex(ROOTS[old]),
        size=new,
        root=bytes.fromhex(ROOTS[new]),
        proof=made,
    )


@pytest.mark.parametrize("size", range(1, 34))
def test_everything_equals_the_recursive_reading(size):
    tree, entries = tree_of(33), entries_of(size)
    root = mth(entries)
    assert tree.root(size) == root
    assert Frontier().extend(map(leaf_hash, entries)).root == root
    for index in range(size):
        proof = tree.inclusion_proof(index, size)
        assert proof == path(index, entries)
        leaf = leaf_hash(entries[index])
        assert verify_inclusion(leaf, index=index, size=size, proof=proof, root=root)
    for old in range(1, size + 1):
        proof = tree.consistency_proof(old, size)
        assert proof == subproof(old, entries, True)
        old_root = mth(entries[:old])
        assert verify_consistency(
            old_size=old, old_root=old_root, size=size, root=root, proof=proof
        )


@pytest.mark.parametrize("size", range(1, 18))
def test_no_forged_inclusion_passes(size):
    tree, root = tree_of(17), tree_of(17).root(size)
    leaves = [leaf_hash(entry) for entry in entries_of(size)]
    for index in range(size):
        proof = tree.inclusion_proof(index, size)
        forged = [
            (leaf_hash(b"forged"), index, size, proof, root),
            (leaves[index], index, size, proof, sha(b"another root")),
            (leaves[index], index, size, [*proof, sha(b"")], root),
            (leaves[index], size, size, proof, root),
            (leaves[index], -1, size, proof, root),
            (leaves[index], index, 0, proof, root),
        ]
        forged += [
            (leaves[index], other, size, proof, root) for other in range(size) if other != index
        ]
        forged += [(leaves[index], index, size, proof[:cut], root) for cut in range(len(proof))]
        forged += [
            (leaves[index], index, size, [*proof[:at], sha(b""), *proof[at + 1 :]], root)
            for at in range(len(proof))
        ]
        for leaf, at, count, steps, claimed in forged:
            assert not verify_inclusion(leaf, index=at, size=count, proof=steps, root=claimed)


@pytest.mark.parametrize("size", range(1, 18))
def test_no_forged_consistency_passes(size):
    tree = tree_of(17)
    root = tree.root(size)
    for old in range(1, size):
        proof, old_root = tree.consistency_proof(old, size), tree.root(old)
        forged = [
            (old, sha(b"another"), size, root, proof),
            (old, old_root, size, sha(b"another"), proof),
            (old, old_root, size, root, [*proof, sha(b"")]),
            (old, old_root, size, root, []),
            (0, EMPTY_ROOT, size, root, proof),
            (size + 1, old_root, size, root, proof),
            (size, old_root, size, root, []),
        ]
        forged += [(old, old_root, size, root, proof[:cut]) for cut in range(len(proof))]
        forged += [
            (old, old_root, size, root, [*proof[:at], sha(b""), *proof[at + 1 :]])
            for at in range(len(proof))
        ]
        for m, first, n, second, steps in forged:
            assert not verify_consistency(
                old_size=m, old_root=first, size=n, root=second, proof=steps
            )


def test_a_node_cannot_pass_for_an_entry():
    left, right = LEAVES[0], LEAVES[1]
    assert node_hash(left, right) != leaf_hash(left + right)
    assert leaf_hash(b"") != EMPTY_ROOT


@given(sizes=st.lists(st.integers(0, 20), max_size=6))
@settings(deadline=None, max_examples=25)
def test_a_frontier_grows_in_any_portions(sizes):
    entries = entries_of(sum(sizes))
    frontier, taken = Frontier(), 0
    for size in sizes:
        frontier = frontier.extend(map(leaf_hash, entries[taken : taken + size]))
        taken += size
    assert frontier == Frontier().append(*map(leaf_hash, entries))
    assert frontier.root == mth(entries)
    assert Frontier(frontier.size, frontier.roots).root == frontier.root


def test_appending_leaves_the_old_frontier_alone():
    before = Frontier().append(*LEAVES[:3])
    before.append(LEAVES[3])
    assert before == Frontier().append(*LEAVES[:3])


REFUSED = {
    "a frontier that misses a subtree": lambda: Frontier(3, (LEAVES[0],)),
    "a frontier of negative size": lambda: Frontier(-1, ()),
    "an entry behind the end": lambda: AuditTree(LEAVES).inclusion_proof(8),
    "an entry before the start": lambda: AuditTree(LEAVES).inclusion_proof(-1),
    "a tree larger than there is": lambda: AuditTree(LEAVES).root(9),
    "no old tree": lambda: AuditTree(LEAVES).consistency_proof(0),
    "an old tree larger than the new": lambda: AuditTree(LEAVES).consistency_proof(5, 4),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_a_tree_does_not_hold_is_refused(call):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.remedy
