"""The process that reads a clinic's folder: it holds no key, and little memory and time.

Rules owned here:
- Nothing of the clinic's bytes leaves this process: scans become our own PLY, the order becomes
  checked values, what was found identifying becomes kinds, counts and places.
- It gets the folder on standard input and answers on standard output, in one frame: the length of
  a JSON head, the head, then the scans in turn. The broker believes none of it unchecked.
- A scan that cannot be read is named by its number; why stays here.

Run by the broker as `python -m stsbench.vault.parsing_child`.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

from stsbench.domain.failpoints import failpoint
from stsbench.domain.order import ScanRole
from stsbench.domain.subject import IdentifiedOrder, IdentifiedScan
from stsbench.errors import (
    FormatError,
    InputError,
    MeshError,
    OrderError,
    StorageError,
    StsbenchError,
)
from stsbench.vault.hardening import harden_process, limit_resources
from stsbench.vault.wire import as_document, error_document

__all__ = ["main", "read_folder"]

_SUFFIXES = {".stl", ".ply", ".obj"}
_MOST_SCANS = 64
_WORDS = {
    ScanRole.UPPER: ("upper", "maxilla", "oberkiefer", "_ok"),
    ScanRole.LOWER: ("lower", "mandib", "unterkiefer", "_uk"),
}


def read_folder(folder: Path) -> tuple[dict[str, Any], list[bytes]]:
    """Read a clinic's folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict, list of bytes
        The head of the answer, and one binary PLY per readable scan in the order of the head.

    Raises
    ------
    InputError
        There is no such folder, or its order breaks the schema.
    """
    from stsbench.files.identifiers import find_identifiers  # noqa: PLC0415 - after the limits
    from stsbench.files.orders import ORDER_FILE, read_order, read_order_document  # noqa: PLC0415

    if not folder.is_dir():
        raise InputError("There is no such folder.", "Name the folder of one order.")
    present = (folder / ORDER_FILE).is_file()
    document = read_order_document(folder) if present else None
    order = read_order(folder) if present else _guessed_order(folder)
    scans, meshes = _read_scans(folder, order)
    head = {
        "order": as_document(order),
        "order_present": present,
        "identifiers": as_document(find_identifiers(folder, document)),
        "scans": scans,
        "synthetic": _is_sample(folder, order),
    }
    return head, meshes


def _is_sample(folder: Path, order: IdentifiedOrder) -> bool:
    """Say whether every scan is, byte for byte, one of the package's synthetic samples."""
    from stsbench.files.bundled import samples_folder  # noqa: PLC0415 - after the limits

    try:
        files = (path for path in samples_folder().glob("*/*") if path.suffix in _SUFFIXES)
        samples = {hashlib.sha256(path.read_bytes()).digest() for path in files}
        scans = {hashlib.sha256((folder / scan.file).read_bytes()).digest() for scan in order.scans}
    except (OSError, StorageError):
        return False
    return bool(scans) and scans <= samples


def _guessed_order(folder: Path) -> IdentifiedOrder:
    """Make an order of a folder that has none: its scans, and nobody's name."""
    found = sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() in _SUFFIXES and path.is_file() and not path.is_symlink()
    )
    return IdentifiedOrder(
        scans=tuple(IdentifiedScan(name, _guessed_role(name)) for name in found[:_MOST_SCANS])
    )


def _guessed_role(name: str) -> ScanRole | None:
    text = name.lower()
    hits = [role for role, words in _WORDS.items() if any(word in text for word in words)]
    return hits[0] if len(hits) == 1 else None


def _read_scans(folder: Path, order: IdentifiedOrder) -> tuple[list[dict[str, Any]], list[bytes]]:
    from stsbench.files.scans import encode_ply, read_scan  # noqa: PLC0415 - loads machine code

    heads: list[dict[str, Any]] = []
    meshes: list[bytes] = []
    for scan in order.scans:
        failpoint("parsing_child.reading")
        try:
            mesh = read_scan(folder / scan.file)
            data = encode_ply(mesh)
        except (FormatError, MeshError, MemoryError):
            heads.append({"readable": False})
            continue
        extents = mesh.vertices.max(axis=0) - mesh.vertices.min(axis=0)
        heads.append(
            {
                "readable": True,
                "face_count": len(mesh.faces),
                "extents": [float(extent) for extent in extents],
                "size": len(data),
            }
        )
        meshes.append(data)
    return heads, meshes


def main() -> int:
    """Answer one request and end."""
    answer = _private_stdout()
    request = json.loads(sys.stdin.buffer.read())
    harden_process()
    limit_resources(memory_bytes=int(request["memory_bytes"]), cpu_s=int(request["cpu_s"]))
    try:
        head, meshes = read_folder(Path(request["folder"]))
    except (OrderError, InputError) as error:
        head, meshes = {"error": error_document(error)}, []
    except StsbenchError:
        return 1
    encoded = json.dumps(head).encode()
    answer.write(len(encoded).to_bytes(8, "big") + encoded)
    for data in meshes:
        answer.write(data)
    answer.flush()
    return 0


def _private_stdout() -> BinaryIO:
    """Keep the pipe for the answer; whatever a library prints goes nowhere."""
    answer = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return answer


if __name__ == "__main__":
    sys.exit(main())
