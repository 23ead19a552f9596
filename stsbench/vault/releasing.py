"""Releasing: an object leaves the vault as a file for the printer, for CAM or for the clinic.

Rules owned here:
- It is decided and audited like any access; the intent is durable before a byte is written.
- Files go to `<home>/out/<case number>/` only, a private folder, written aside and renamed; their
  names hold the case number and what they are, nothing else.
- From then on the file is outside the vault: erasing the case does not reach copies of it.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from stsbench.domain.access import Purpose, ReasonCode, Role
from stsbench.domain.failpoints import failpoint
from stsbench.files.atomic import write_aside
from stsbench.privacy.audit_entries import Outcome
from stsbench.privacy.policy import AccessRequest, Policy, decide
from stsbench.privacy.streams import SealedObject
from stsbench.vault.audit_log import AuditContext
from stsbench.vault.case_rows import CaseHead, ObjectRow, find_case, find_object, is_erased
from stsbench.vault.case_seals import open_standing
from stsbench.vault.private_folders import make_private
from stsbench.vault.refusals import refused
from stsbench.vault.vault_store import VaultStore, header_of

__all__ = ["release_object", "remove_released"]

RELEASE = "release"
_QUALITY_KINDS = frozenset({"qa_report", "still"})
_BY_START = (
    (b"ply\n", ".ply"),
    (b"PK\x03\x04", ".npz"),
    (b"\x89PNG", ".png"),
    (b"<", ".html"),
    (b"{", ".json"),
)
_JSON_KINDS = {"notebook": ".ipynb"}


@dataclass(frozen=True, slots=True)
class _Found:
    case: CaseHead
    held: ObjectRow


def release_object(
    store: VaultStore, policy: Policy, *, case_number: str, object_id: str, role: Role, actor: str
) -> Path:
    """Write one object of a case to its out folder.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    AccessRefusedError
        There is no such object, or role, purpose or consent do not cover it.
    AuditError, SealError, StorageError
        It could not be written; no file is left.
    """
    found, context = _decide(store, policy, case_number, object_id, role, actor)
    with store.audit.writing(actor) as batch:
        intent = batch.intent(RELEASE, context)
    failpoint("releasing.after_intent")
    try:
        path = _write(store, found)
    except BaseException:
        store.audit.write_failure(RELEASE, context, intent=intent, actor=actor)
        raise
    failpoint("releasing.after_write")
    with store.audit.writing(actor) as batch:
        batch.outcome(RELEASE, Outcome.COMPLETED, context, intent=intent)
    return path


def remove_released(store: VaultStore, case_number: str) -> bool:
    """Delete the out folder of a case; return whether nothing of it is left."""
    folder = store.settings.out_folder / case_number
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _decide(
    store: VaultStore, policy: Policy, case_number: str, object_id: str, role: Role, actor: str
) -> tuple[_Found, AuditContext]:
    with store.database.snapshot() as rows:
        case = find_case(rows, case_number)
        erased = case is None and is_erased(rows, case_number)
        held = None if case is None else find_object(rows, case.case_id, object_id)
        if case is None or held is None:
            reason = ReasonCode.CASE_ERASED if erased else ReasonCode.CASE_UNKNOWN
            purpose, decision = None, None
        else:
            standing = open_standing(rows, case.case_id, store.keys.case_key(case.case_id))
            purpose = Purpose.QUALITY if held.kind in _QUALITY_KINDS else Purpose.MODEL
            decision = decide(
                AccessRequest(role, purpose), standing=standing, today=store.today(), policy=policy
            )
            reason = decision.reason
    context = AuditContext(
        role=role,
        purpose=purpose,
        legal_basis=decision.legal_basis if decision else None,
        subject=case.subject if case else "",
        case_number=case.case_number if case else "",
        object_id=held.object_id if held else "",
    )
    if case is None or held is None or reason is not ReasonCode.NONE:
        with store.audit.writing(actor) as batch:
            batch.event(RELEASE, Outcome.REFUSED, context, reason=reason)
        raise refused(reason)
    return _Found(case, held), context


def _write(store: VaultStore, found: _Found) -> Path:
    content = _opened(store, found)
    number, held = found.case.case_number, found.held
    folder = make_private(make_private(store.settings.out_folder) / number)
    name = f"{number}_{held.scan_id}_{held.kind}_v{held.version}"
    path = folder / (name + _suffix(held.kind, content))
    write_aside(path, content, mode=0o600)
    return path


def _opened(store: VaultStore, found: _Found) -> bytearray:
    key = store.keys.case_key(found.case.case_id)
    header = header_of(found.case.case_id, found.held.object_id, found.held.kind)
    sealed = store.objects.mapped(found.held.object_id)
    return SealedObject(sealed, patient_key=key, expected=header).content()


def _suffix(kind: str, content: bytearray) -> str:
    if kind in _JSON_KINDS:
        return _JSON_KINDS[kind]
    start = bytes(content[:8])
    # Binary STL has no mark of its own; it is what is left for a mesh.
    return next((suffix for mark, suffix in _BY_START if start.startswith(mark)), ".stl")
