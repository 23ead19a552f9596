"""What the privacy officer asks of the vault: is the log intact, who saw what, how safe is this."""

from pathlib import Path
from typing import Any

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
]

Document = dict[str, Any]


def verify_audit(home: Path | None = None) -> Document:
    """Verify the audit log: entries against the tree, the tree against its signed checkpoint."""
    with VaultClient.connect(home) as client:
        return dict(client.verify_audit())


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
    return str(document.get("checkpoint", ""))


def vault_status(home: Path | None = None) -> Document:
    """Return whether a broker runs and what it holds; does not start one."""
    from stsbench.errors import StorageError  # noqa: PLC0415

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
