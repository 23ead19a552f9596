"""Requests about the audit log: its entries, its check, a checkpoint and an export to keep.

Rules owned here:
- Long reads run in a thread with a connection of their own; nobody waits for them.
- An export holds all that a check needs outside the vault: entries, checkpoints, public key.
"""

import asyncio
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stsbench.privacy.audit_entries import AuditEntry
from stsbench.vault.answering import Handler, guarded, json_body
from stsbench.vault.audit_reading import check_log, read_checkpoints, read_entries
from stsbench.vault.broker import Broker
from stsbench.vault.vault_store import VaultStore
from stsbench.vault.wire import as_document

__all__ = ["audit_routes"]

_AT_L1 = (
    "Anything against the user who runs the broker, or the administrator: with the keys a whole "
    "false log can be signed."
)


def audit_routes(broker: Broker, token: str) -> list[Route]:
    """Return the routes of the audit log."""

    async def in_thread(work: "partial[dict[str, Any]]") -> Response:
        document = await asyncio.get_running_loop().run_in_executor(broker.workers, work)
        return JSONResponse(document)

    async def verify(request: Request) -> Response:
        body = await json_body(request)
        witnessed = [str(note) for note in body.get("witnessed", [])]
        return await in_thread(partial(_verification, broker.store, witnessed, _kept(broker.store)))

    async def entries(request: Request) -> Response:
        body = await json_body(request)
        case_number, last = str(body.get("case_number") or ""), int(body.get("last") or 0)
        return await in_thread(partial(_entries, broker.store, case_number, last))

    async def checkpoint(_request: Request) -> Response:
        return JSONResponse({"checkpoint": broker.store.audit.checkpoint()})

    async def export(_request: Request) -> Response:
        note = broker.store.audit.checkpoint()
        return await in_thread(partial(_export, broker.store, note))

    handlers: dict[str, Handler] = {
        "verify": verify,
        "entries": entries,
        "checkpoint": checkpoint,
        "export": export,
    }
    return [
        Route(f"/v1/audit/{name}", guarded(handler, broker, token), methods=["POST"])
        for name, handler in handlers.items()
    ]


def _kept(store: VaultStore) -> str:
    kept = store.keys.kept_checkpoint()
    return kept[1] if kept else ""


def _verification(store: VaultStore, witnessed: list[str], kept: str) -> dict[str, Any]:
    found = check_log(store.database, store.audit.keys, kept=kept, witnessed=witnessed)
    return {
        "schema": "stsbench.audit-verification/1",
        "intact": found.intact,
        "entries": found.entries,
        "last_sequence": found.last_sequence,
        "signed_until": found.signed_until,
        "witnessed_until": found.witnessed_until,
        "problems": [str(problem) for problem in found.problems],
        "not_proven": [*found.not_proven, _AT_L1],
    }


def _entries(store: VaultStore, case_number: str, last: int) -> dict[str, Any]:
    first = 1 if case_number or not last else max(1, store.audit.size - last + 1)
    found = [
        _shown(entry)
        for entry in read_entries(store.database, first=first)
        if not case_number or entry.case_number == case_number
    ]
    return {"entries": found[-last:] if last else found}


def _export(store: VaultStore, note: str) -> dict[str, Any]:
    return {
        "schema": "stsbench.audit-export/1",
        "origin": store.audit.keys.origin,
        "public_key": store.audit.keys.public_key.hex(),
        "checkpoint": note,
        "checkpoints": read_checkpoints(store.database),
        "entries": [entry.canonical().decode("ascii") for entry in read_entries(store.database)],
    }


def _shown(entry: AuditEntry) -> dict[str, Any]:
    shown: dict[str, Any] = as_document(
        {
            "sequence": entry.sequence,
            "at": entry.at,
            "kind": entry.kind,
            "action": entry.action,
            "actor": entry.actor,
            "role": entry.role,
            "purpose": entry.purpose,
            "legal_basis": entry.legal_basis,
            "subject": entry.subject,
            "case_number": entry.case_number,
            "object_id": entry.object_id,
            "ticket": entry.ticket,
            "reason": "" if entry.reason == "none" else entry.reason,
            "outcome": entry.outcome,
            "intent": entry.intent,
        }
    )
    return shown
