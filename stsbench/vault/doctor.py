"""What the vault honestly is: its level, where its keys lie, what is weak, what is not proven.

Rules owned here:
- The level follows from who runs the broker and whom it serves, never from a setting.
- Nothing is called secure; each level says what it stops and what it doesn't.
"""

import os
import shutil
from typing import Any

from sqlalchemy import select

from stsbench.vault.broker import Broker
from stsbench.vault.peers import Peer
from stsbench.vault.schema import objects

__all__ = ["examine"]

_SPACE_BYTES = 1 << 30
_LEVELS = {
    "L1": "The broker runs as the user it serves: this stops accidents and leaks through "
    "notebooks, reports and files, and no code that this user runs on purpose.",
    "L2": "The broker runs as a user of its own: other users' code cannot read its keys, memory or "
    "files; the administrator can.",
}
_NOT_PROVEN = (
    "Who sits at the screen: a role is what the caller says it is.",
    "Nothing against the administrator of this machine, or who can change stsbench's own files.",
    "That the log was not rewritten as a whole: no outside witness signs its checkpoints yet. "
    "Keep an exported checkpoint elsewhere.",
    "That a backup exists: there is no backup command yet. Do not store real patients.",
)


def examine(broker: Broker, peer: Peer) -> dict[str, Any]:
    """Return the doctor's report.

    Parameters
    ----------
    broker : Broker
    peer : Peer
        Who asks: the level holds for them.
    """
    level = _level(peer)
    store = broker.store
    return {
        "schema": "stsbench.vault-doctor/1",
        "level": level,
        "level_means": _LEVELS[level],
        "keys_in": store.keys.root_keys.described,
        "problems": _problems(broker),
        "warnings": _warnings(broker),
        "not_proven": list(_NOT_PROVEN),
    }


def _level(peer: Peer) -> str:
    own = os.getuid() if hasattr(os, "getuid") else -1
    return "L1" if peer.user in {-1, own} or peer.user == 0 else "L2"


def _problems(broker: Broker) -> list[str]:
    store = broker.store
    with store.database.snapshot() as rows:
        named = set(rows.execute(select(objects.c.object_id)).scalars())
    there = set(store.objects.identifiers())
    found: list[str] = []
    if store.audit.damage:
        found.append(f"{store.audit.damage} Nothing is granted until this is cleared up.")
    if named - there:
        found.append(f"{len(named - there)} sealed objects are missing from the disk.")
    if there - named:
        found.append(f"{len(there - named)} sealed objects belong to no case.")
    return found


def _warnings(broker: Broker) -> list[str]:
    store, settings = broker.store, broker.settings
    found = [store.keys.root_keys.warning, *broker.open_doors]
    if settings.loopback:
        found.append("Clients are known by a token file only: loopback has no users.")
    if len(settings.allowed_uids) > 1:
        found.append(f"{len(settings.allowed_uids)} users are served.")
    if shutil.disk_usage(settings.vault_folder).free < _SPACE_BYTES:
        found.append(
            "Less than 1 GiB is free: once the audit log cannot be written, all is refused."
        )
    presumed, failed = broker.recovery.presumed, broker.recovery.failed
    if presumed or failed:
        found.append(
            f"The last broker was killed: {presumed} accesses presumed, {failed} intents failed."
        )
    return [each for each in found if each]
