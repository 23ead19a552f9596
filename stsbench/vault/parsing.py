"""Having a clinic's folder read by the keyless child, and believing none of it unchecked.

Rules owned here:
- The child is a new process with a clean environment and a private temporary folder; nothing of the
  broker's memory is in it. It is killed when its time is up.
- Its answer is bounded, its numbers are compared with its bytes, its scans must be our own PLY.
- A child that dies, hangs or answers nonsense means: this folder cannot be read.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stsbench.domain.access import IdentifierPlace
from stsbench.domain.subject import IdentifiedOrder
from stsbench.errors import FormatError, StsbenchError
from stsbench.vault.launch import clean_environment
from stsbench.vault.private_folders import make_private
from stsbench.vault.wire import error_from, value_from

__all__ = ["ParsedFolder", "ParsedScan", "check_ply", "parse_folder"]

_LARGEST_HEAD = 4 << 20
_PIECE = 1 << 20
_HEADER = re.compile(
    rb"ply\nformat binary_little_endian 1\.0\n"
    rb"element vertex (\d{1,10})\n"
    rb"property float x\nproperty float y\nproperty float z\n"
    rb"(property uchar red\nproperty uchar green\nproperty uchar blue\n)?"
    rb"element face (\d{1,10})\n"
    rb"property list uchar int vertex_ind(?:ices|ex)\n"
    rb"end_header\n"
)
_ALLOWED_ERRORS = ("OrderError", "InputError", "FormatError")


@dataclass(frozen=True, slots=True)
class ParsedScan:
    """A scan as the child made it; `ply` is empty when it could not be read."""

    face_count: int = 0
    extents: tuple[float, float, float] = (0.0, 0.0, 0.0)
    ply: bytes = field(default=b"", repr=False)

    @property
    def readable(self) -> bool:
        """Whether the child could read it."""
        return bool(self.ply)


@dataclass(frozen=True, slots=True)
class ParsedFolder:
    """A folder as the child read it; scans in the order's order."""

    order: IdentifiedOrder
    order_present: bool
    identifiers: tuple[IdentifierPlace, ...]
    scans: tuple[ParsedScan, ...]
    synthetic: bool = False


def parse_folder(
    folder: str, *, scratch: Path, wall_s: float, memory_bytes: int, answer_bytes: int
) -> ParsedFolder:
    """Have a folder read by a child process.

    Parameters
    ----------
    folder : str
        Absolute path.
    scratch : Path
        Private folder; the child's temporary folder is made in it and removed.
    wall_s : float
        The child is killed after this.
    memory_bytes : int
        Address space the child may use.
    answer_bytes : int
        Most bytes of its answer.

    Raises
    ------
    InputError
        There is no such folder, its order breaks the schema, or (FormatError) the child died, hung
        or answered nonsense.
    """
    request = {"folder": folder, "memory_bytes": memory_bytes, "cpu_s": int(wall_s) + 1}
    temporary = Path(tempfile.mkdtemp(prefix="c-", dir=make_private(scratch)))
    try:
        answer = _run_child(request, temporary, wall_s=wall_s, answer_bytes=answer_bytes)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return _believed(answer)


def check_ply(data: memoryview) -> int:
    """Return the number of faces of a PLY of our own form.

    Raises
    ------
    FormatError
        Another header, or a length that doesn't fit it.
    """
    match = _HEADER.match(data[:400])
    if match is None:
        raise _unreadable()
    vertices, coloured, faces = int(match[1]), match[2] is not None, int(match[3])
    if len(data) != match.end() + vertices * (15 if coloured else 12) + faces * 13:
        raise _unreadable()
    return faces


def _run_child(
    request: dict[str, Any], temporary: Path, *, wall_s: float, answer_bytes: int
) -> bytearray:
    environment = {
        **clean_environment(),
        "TMPDIR": str(temporary),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    with subprocess.Popen(
        [sys.executable, "-I", "-m", "stsbench.vault.parsing_child"],
        env=environment,
        cwd=temporary,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        watchdog = threading.Timer(wall_s, _kill, [child])
        watchdog.start()
        try:
            return _exchange(child, json.dumps(request).encode(), answer_bytes)
        except OSError:
            raise _unreadable() from None
        finally:
            watchdog.cancel()
            _kill(child)


def _exchange(child: "subprocess.Popen[bytes]", request: bytes, answer_bytes: int) -> bytearray:
    if child.stdin is None or child.stdout is None:  # both are pipes: for the type checker
        raise _unreadable()
    with child.stdin:
        child.stdin.write(request)
    answer = bytearray()
    while piece := child.stdout.read(_PIECE):
        answer += piece
        if len(answer) > answer_bytes:
            raise _unreadable()
    if child.wait() != 0:
        raise _unreadable()
    return answer


def _kill(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(child.pid, signal.SIGKILL)
            else:
                child.kill()


def _believed(answer: bytearray) -> ParsedFolder:
    try:
        return _checked(answer)
    except _PassedOn as passed:
        raise passed.error from None
    except (StsbenchError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise _unreadable() from None


class _PassedOn(Exception):  # noqa: N818 - never leaves this module
    """Carries the child's own error past the checks."""

    def __init__(self, error: StsbenchError) -> None:
        super().__init__()
        self.error = error


def _checked(answer: bytearray) -> ParsedFolder:
    view = memoryview(answer)
    length = int.from_bytes(view[:8], "big")
    if length > _LARGEST_HEAD:
        raise _unreadable()
    head = json.loads(bytes(view[8 : 8 + length]))
    if "error" in head:
        raise _PassedOn(_passed_on(head["error"]))
    order = value_from(IdentifiedOrder, head["order"])
    if len(head["scans"]) != len(order.scans):
        raise _unreadable()
    scans, place = [], 8 + length
    for said in head["scans"]:
        if not said["readable"]:
            scans.append(ParsedScan())
            continue
        data = view[place : place + int(said["size"])]
        place += int(said["size"])
        x, y, z = (float(extent) for extent in said["extents"])
        scans.append(ParsedScan(check_ply(data), (x, y, z), bytes(data)))
    if place != len(view):
        raise _unreadable()
    return ParsedFolder(
        order=order,
        order_present=bool(head["order_present"]),
        identifiers=tuple(value_from(IdentifierPlace, each) for each in head["identifiers"]),
        scans=tuple(scans),
        synthetic=bool(head["synthetic"]),
    )


def _passed_on(document: Any) -> StsbenchError:
    error = error_from(document)
    if type(error).__name__ not in _ALLOWED_ERRORS or len(str(error)) > 400:
        return _unreadable()
    return error


def _unreadable() -> FormatError:
    return FormatError(
        "The files of this folder cannot be read (scan_unreadable).",
        "Ask the clinic to export the scans again as STL or PLY.",
    )
