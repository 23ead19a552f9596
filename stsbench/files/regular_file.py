"""Reading a file that may be none: what it is comes before opening it, and opening never waits.

Rules owned here:
- Only a regular file of bounded size is read. A pipe, a device or a folder is refused by its kind,
  before and after opening: its name may change hands in between.
- Pieces are read where they are asked for, from several threads if need be.
- Every failure of the system is one FormatError that does not repeat the path.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

import numpy as np

from stsbench.errors import FormatError, StsbenchError
from stsbench.files.mesh_checks import MAX_FILE_BYTES, too_large

__all__ = ["RegularFile"]

_READ = os.O_RDONLY
for _flag in ("O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY", "O_BINARY"):
    _READ |= getattr(os, _flag, 0)


class RegularFile:
    """A file opened for reading, as a context manager.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FormatError
        The path is no regular file, too large, or may not be read.
    """

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        with _translated():
            _check_regular(path.stat())
            self._descriptor = os.open(path, _READ)
            try:
                self.size = _check_regular(os.fstat(self._descriptor))
            except BaseException:
                os.close(self._descriptor)
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def read(self, start: int, count: int) -> memoryview:
        """Return bytes `start` to `start + count`.

        Raises
        ------
        FormatError
            The file has become shorter than it was.
        """
        with _translated():
            piece = np.empty(count, np.uint8).data
            done = 0
            while done < count:
                got = self._read_into(piece[done:], start + done)
                if not got:
                    raise FormatError("The file became shorter while it was read.", "Try again.")
                done += got
            return piece

    def _read_into(self, piece: memoryview, start: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._descriptor, [piece], start)
        with self._lock:  # Windows: one position for all threads
            os.lseek(self._descriptor, start, os.SEEK_SET)
            got = os.read(self._descriptor, len(piece))
        piece[: len(got)] = got
        return len(got)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the system says into a FormatError; its own words would quote the path."""
    try:
        yield
    except StsbenchError:
        raise
    except FileNotFoundError:
        raise FormatError("The file does not exist.", "Check the path.") from None
    except PermissionError:
        raise FormatError("The file may not be read.", "Check its permissions.") from None
    except MemoryError:
        raise FormatError("The file does not fit into memory.", "Export it coarser.") from None
    except (OSError, ValueError):  # ValueError: a null character in the path
        raise FormatError("The file could not be read.", "Copy it to a local disk.") from None


def _check_regular(status: os.stat_result) -> int:
    """Return the size of a regular file, or refuse it."""
    if stat.S_ISDIR(status.st_mode):
        raise FormatError("This is a folder, not a scan.", "Name the file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise FormatError("This is a pipe or a device, not a file.", "Name a regular file.")
    if status.st_size > MAX_FILE_BYTES:
        raise too_large(status.st_size)
    return status.st_size
