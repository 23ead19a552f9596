"""What a decision needs to know of a case, kept in memory between two decisions.

Rules owned here:
- The broker is the only one that writes, so what was read stays true until it is changed here.
  Whoever changes a case forgets it here in the same step.
- Age and consents are opened from their seal when a case is first asked for; no name ever is.
"""

from dataclasses import dataclass, field

from stsbench.privacy.consent import Standing
from stsbench.vault.case_rows import CaseHead, ObjectRow, find_case, find_object, is_erased
from stsbench.vault.case_seals import open_standing
from stsbench.vault.vault_store import VaultStore

__all__ = ["OpenCase", "OpenCases"]

_MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case as decisions see it."""

    head: CaseHead
    standing: Standing = field(repr=False)
    objects: dict[str, ObjectRow] = field(default_factory=dict)


class OpenCases:
    """The cases asked for lately.

    Parameters
    ----------
    store : VaultStore
    """

    def __init__(self, store: VaultStore) -> None:
        self._store = store
        self._kept: dict[str, OpenCase] = {}

    def find(self, case_number: str) -> OpenCase | None:
        """Return a case, or None when there is none.

        Raises
        ------
        SealError
            Its key or its standing does not open.
        """
        kept = self._kept.get(case_number)
        if kept is not None:
            return kept
        with self._store.database.snapshot() as rows:
            head = find_case(rows, case_number)
            if head is None:
                return None
            key = self._store.keys.case_key(head.case_id)
            found = OpenCase(head, open_standing(rows, head.case_id, key))
        if len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[case_number] = found
        return found

    def find_object(self, case: OpenCase, name: str) -> ObjectRow | None:
        """Return an object of a case by its id, or a clinic's scan by its scan id."""
        held = case.objects.get(name)
        if held is None:
            with self._store.database.snapshot() as rows:
                held = find_object(rows, case.head.case_id, name)
            if held is not None:
                case.objects[name] = held
        return held

    def was_erased(self, case_number: str) -> bool:
        """Return whether a case of this number was erased."""
        with self._store.database.snapshot() as rows:
            return is_erased(rows, case_number)

    def forget(self, case_number: str) -> None:
        """Read a case anew when it is next asked for: something of it changes."""
        self._kept.pop(case_number, None)
