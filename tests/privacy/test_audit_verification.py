"""Verification: what was done to a log, where it shows, and what is said about the rest."""

import pytest

from stsbench.privacy.audit_entries import AuditEntry, EntryKind, Outcome
from stsbench.privacy.audit_tree import Frontier, leaf_hash
from stsbench.privacy.audit_verification import (
    AuditProblem,
    AuditVerification,
    ProblemKind,
    StoredEntry,
    verify_log,
)
from stsbench.privacy.checkpoints import (
    checkpoint_of,
    new_signing_key,
    public_key_of,
    sign_checkpoint,
)

ORIGIN = "stsbench.local/vault/test"
SEED = bytes(range(32))
SIZE = 20


def row(number: int, action: str = "open_object") -> StoredEntry:
    entry = AuditEntry(
        number,
        f"2026-11-22T15:04:{number % 60:02d}.000000Z",
        EntryKind.EVENT,
        action,
        "uid:1000",
        outcome=Outcome.COMPLETED,
    ).canonical()
    return StoredEntry(number, entry, leaf_hash(entry))


LOG = [row(number) for number in range(1, SIZE + 1)]


def signed(rows: list[StoredEntry], size: int, *, seed: bytes = SEED, origin: str = ORIGIN) -> str:
    frontier = Frontier().extend(entry.leaf for entry in rows[:size])
    return sign_checkpoint(checkpoint_of(frontier, origin=origin), signing_key=seed)


EVERY_FIVE = [signed(LOG, size) for size in (5, 10, 15, 20)]


def verified(
    rows: list[StoredEntry],
    *,
    checkpoints: list[str] | None = None,
    witnessed: tuple[str, ...] = (),
) -> AuditVerification:
    return verify_log(
        rows,
        checkpoints=EVERY_FIVE if checkpoints is None else checkpoints,
        origin=ORIGIN,
        public_keys=[public_key_of(SEED)],
        witnessed=witnessed,
    )


def edited(number: int, *, leaf_too: bool) -> list[StoredEntry]:
    other = row(number, "close_object")
    changed = LOG[number - 1]._replace(entry=other.entry)
    return [*LOG[: number - 1], other if leaf_too else changed, *LOG[number:]]


def swapped_contents(one: int, other: int) -> list[StoredEntry]:
    rows = list(LOG)
    rows[one - 1] = LOG[other - 1]._replace(sequence=one)
    rows[other - 1] = LOG[one - 1]._replace(sequence=other)
    return rows


def renumbered_after_deleting(number: int) -> list[StoredEntry]:
    """Close the gap: rewrite every later entry with the number before it, leaf and all."""
    later = [row(after - 1, "moved_up") for after in range(number + 1, SIZE + 1)]
    return [*LOG[: number - 1], *later]


ATTACKS = {
    "an entry edited": (edited(7, leaf_too=False), [(7, 7, ProblemKind.EDITED)], 5),
    "an entry and its leaf edited": (edited(7, leaf_too=True), [(6, 10, ProblemKind.ALTERED)], 5),
    "the first edited": (edited(1, leaf_too=True), [(1, 5, ProblemKind.ALTERED)], 0),
    "the last edited": (edited(20, leaf_too=True), [(16, 20, ProblemKind.ALTERED)], 15),
    "one deleted": (LOG[:6] + LOG[7:], [(7, 7, ProblemKind.MISSING)], 5),
    "several deleted": (LOG[:6] + LOG[12:], [(7, 12, ProblemKind.MISSING)], 5),
    "the first deleted": (LOG[1:], [(1, 1, ProblemKind.MISSING)], 0),
    "two deleted apart": (
        LOG[:6] + LOG[7:9] + LOG[10:],
        [(7, 7, ProblemKind.MISSING), (10, 10, ProblemKind.MISSING)],
        5,
    ),
    "one deleted and the rest renumbered": (
        renumbered_after_deleting(7),
        [(6, 10, ProblemKind.ALTERED), (20, 20, ProblemKind.TRUNCATED)],
        5,
    ),
    "the tail cut": (LOG[:17], [(18, 20, ProblemKind.TRUNCATED)], 15),
    "everything cut": ([], [(1, 20, ProblemKind.TRUNCATED)], 0),
    "contents exchanged": (
        swapped_contents(7, 9),
        [(7, 7, ProblemKind.MOVED), (9, 9, ProblemKind.MOVED)],
        5,
    ),
    "one doubled": (LOG[:7] + LOG[6:], [(7, 7, ProblemKind.OUT_OF_ORDER)], 5),
}


@pytest.mark.parametrize(("rows", "found", "good"), ATTACKS.values(), ids=ATTACKS)
def test_an_attack_shows_with_its_entries(rows, found, good):
    answer = verified(rows)
    assert list(answer.problems) == [AuditProblem(*problem) for problem in found]
    assert not answer.intact
    assert answer.signed_until == good
    assert all(str(problem) for problem in answer.problems)


def test_rows_in_another_order_show():
    answer = verified([*LOG[:6], LOG[7], LOG[6], *LOG[8:]])
    assert AuditProblem(7, 7, ProblemKind.OUT_OF_ORDER) in answer.problems
    assert answer.signed_until == 5


def test_an_intact_log_is_intact_and_says_what_it_cannot_show():
    answer = verified(LOG)
    assert answer.intact
    assert (answer.entries, answer.last_sequence, answer.signed_until) == (20, 20, 20)
    words = " ".join(answer.not_proven)
    assert "no checkpoint kept outside the vault" in words
    assert "20" not in words


def test_entries_after_the_last_checkpoint_are_named():
    answer = verified(LOG, checkpoints=EVERY_FIVE[:3])
    assert answer.intact
    assert answer.signed_until == 15
    assert any("entries 16 to 20" in line for line in answer.not_proven)


def test_a_cut_after_the_last_checkpoint_cannot_be_seen_and_is_said():
    answer = verified(LOG[:17], checkpoints=EVERY_FIVE[:3])
    assert answer.intact
    assert any("no checkpoint kept outside" in line for line in answer.not_proven)


def rewritten() -> tuple[list[StoredEntry], list[str]]:
    """The whole log written anew by whoever holds the key: entries, leaves and checkpoints."""
    rows = edited(7, leaf_too=True)
    return rows, [signed(rows, size) for size in (5, 10, 15, 20)]


def test_the_keeper_of_the_key_can_rewrite_the_log_and_only_a_witness_shows_it():
    rows, checkpoints = rewritten()
    alone = verified(rows, checkpoints=checkpoints)
    assert alone.intact
    assert alone.witnessed_until == 0
    caught = verified(rows, checkpoints=checkpoints, witnessed=(EVERY_FIVE[1],))
    assert AuditProblem(6, 10, ProblemKind.ALTERED) in caught.problems
    assert caught.signed_until == 5


def test_a_cut_before_the_witnessed_checkpoint_shows_and_after_it_does_not():
    shorter = [signed(LOG, 5), signed(LOG, 10)]
    before = verified(LOG[:10], checkpoints=shorter, witnessed=(EVERY_FIVE[2],))
    assert before.problems == (AuditProblem(11, 15, ProblemKind.TRUNCATED),)
    after = verified(LOG[:17], checkpoints=shorter, witnessed=(EVERY_FIVE[1],))
    assert after.intact
    assert after.witnessed_until == 10
    assert any("after entry 10" in line for line in after.not_proven)


def test_two_histories_for_one_size_show_whichever_is_kept():
    rows, checkpoints = rewritten()
    for kept, others in ((rows, EVERY_FIVE), (LOG, checkpoints)):
        answer = verified(kept, checkpoints=EVERY_FIVE, witnessed=tuple(checkpoints))
        assert any(problem.kind is ProblemKind.ALTERED for problem in answer.problems), others


def test_a_rolled_back_store_shows_against_a_witness():
    yesterday = LOG[:10]
    answer = verified(yesterday, checkpoints=EVERY_FIVE[:2], witnessed=(EVERY_FIVE[3],))
    assert answer.problems == (AuditProblem(11, 20, ProblemKind.TRUNCATED),)
    assert answer.signed_until == 10


BAD_NOTES = {
    "another key": signed(LOG, 10, seed=new_signing_key()),
    "another log": signed(LOG, 10, origin="another.log"),
    "garbage": "Zora",
    "a size not signed": EVERY_FIVE[0].replace("\n5\n", "\n6\n"),
}


@pytest.mark.parametrize("note", BAD_NOTES.values(), ids=BAD_NOTES)
def test_a_checkpoint_that_does_not_verify_is_a_problem(note):
    answer = verified(LOG, checkpoints=[*EVERY_FIVE, note])
    assert answer.problems == (AuditProblem(0, 0, ProblemKind.BAD_CHECKPOINT),)
    assert answer.signed_until == 20


def test_no_checkpoint_proves_nothing():
    answer = verified(LOG, checkpoints=[])
    assert answer.intact
    assert answer.signed_until == 0
    assert any("entries 1 to 20" in line for line in answer.not_proven)


def test_an_empty_log_with_an_empty_checkpoint_is_intact():
    answer = verified([], checkpoints=[signed([], 0)])
    assert answer.intact
    assert answer.entries == 0


def test_an_edit_is_found_without_any_checkpoint_when_its_leaf_stays():
    answer = verified(edited(7, leaf_too=False), checkpoints=[])
    assert answer.problems == (AuditProblem(7, 7, ProblemKind.EDITED),)


def test_rows_may_come_from_a_stream():
    assert verified(iter(LOG)).intact  # type: ignore[arg-type]


@pytest.mark.parametrize("size", range(1, SIZE + 1))
def test_every_single_edit_is_placed(size):
    answer = verified(edited(size, leaf_too=True))
    first = (size - 1) // 5 * 5
    assert answer.problems == (AuditProblem(first + 1, first + 5, ProblemKind.ALTERED),)
    assert answer.signed_until == first
