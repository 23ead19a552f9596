"""What the privacy officer asks of the vault: is the log intact, who saw what, how safe is this."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stsbench.domain.access import Purpose
from stsbench.errors import FormatError, InputError, StorageError
from stsbench.files.atomic import write_aside
from stsbench.files.records import encode_report
from stsbench.vault.client import VaultClient

__all__ = [
    "audit_rows",
    "export_audit",
    "serve_vault",
    "stop_vault",
    "vault_doctor",
    "vault_status",
    "verify_audit",
    "withdraw_consent",
]

Document = dict[str, Any]


def verify_audit(home: Path | None = None, *, witnesses: Sequence[Path] = ()) -> Document:
    """Verify the audit log: entries against the tree, the tree against signed checkpoints.

    Parameters
    ----------
    home : Path, optional
    witnesses : sequence of Path
        Exports or checkpoints that somebody kept outside the vault.

    Raises
    ------
    FormatError
        A witness's file cannot be read.
    """
    kept = [_checkpoint_in(path) for path in witnesses]
    with VaultClient.connect(home) as client:
        return dict(client.verify_audit(witnessed=kept))


def _checkpoint_in(path: Path) -> str:
    """Return the checkpoint's note out of an export, or the file's text."""
    try:
        text = path.read_text(encoding="utf-8")
        if text.lstrip().startswith("{"):
            return str(json.loads(text)["checkpoint"])
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError):
        raise FormatError(
            "The kept checkpoint cannot be read.", "Name a file of stsbench audit export."
        ) from None
    return text


def withdraw_consent(case_number: str, purpose: str) -> None:
    """Withdraw consent for a purpose: the next open is refused and running leases end.

    Raises
    ------
    InputError
        No such purpose.
    """
    try:
        withdrawn = Purpose(purpose)
    except ValueError:
        known = ", ".join(member.value for member in Purpose)
        raise InputError(f"{purpose!r} is no purpose.", f"Use one of {known}.") from None
    with VaultClient.connect() as client:
        client.withdraw_consent(case_number, withdrawn)


def audit_rows(*, case_number: str = "", last: int = 20, home: Path | None = None) -> list[str]:
    """Return one line per entry, newest last."""
    with VaultClient.connect(home) as client:
        entries = client.audit_entries(case_number=case_number or None, last=last)
    return [
        f"{entry['sequence']:>6} {entry['at']} {entry['kind']:8} {entry['actor']:12} "
        f"{entry.get('role') or '-':12} {entry.get('purpose') or '-':10} "
        f"{entry.get('case_number') or '-':12} {entry.get('action') or '-':16} "
        f"{entry.get('reason') or ''} {entry.get('outcome') or ''}".rstrip()
        for entry in entries
    ]


def export_audit(out: Path, home: Path | None = None) -> str:
    """Write entries and checkpoint to a file a witness can keep; return the checkpoint's text."""
    with VaultClient.connect(home) as client:
        document = dict(client.audit_export())
    write_aside(out, encode_report(document))
    return str(document["checkpoint"])


def vault_status(home: Path | None = None) -> Document:
    """Return whether a broker runs and what it holds; does not start one."""
    try:
        with VaultClient.connect(home, start=False) as client:
            return dict(client.status())
    except StorageError:
        return {"schema": "stsbench.vault-status/1", "running": False}


def vault_doctor(home: Path | None = None) -> Document:
    """Return the level of protection and what it does not prove."""
    with VaultClient.connect(home) as client:
        return dict(client.doctor())


def serve_vault(home: Path | None = None) -> None:
    """Run the broker in this process until it is stopped."""
    from stsbench.vault.serving import serve  # noqa: PLC0415

    serve(home)


def stop_vault(home: Path | None = None) -> None:
    """Stop the broker of a home, if one runs."""
    with VaultClient.connect(home, start=False) as client:
        client.stop()
