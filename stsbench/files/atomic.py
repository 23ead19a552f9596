"""Writing a file whole or not at all: aside, to disk, then into place.

Rules owned here:
- A reader of the path sees the old file or the whole new one, never a part, also after a crash.
- Where the system can (Linux, most file systems), the new file has no name until it is whole, so
  a killed process leaves nothing behind. Elsewhere it has a random name that says nothing.
- Only a regular file is ever replaced: never a folder, a device or a pipe.

Source: open(2), O_TMPFILE; Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014
(why the data and then the folder are synced).
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Thread
from typing import Self

from stsbench.domain.failpoints import failpoint
from stsbench.errors import StorageError, StsbenchError

__all__ = ["Bytes", "WrittenAside", "write_aside"]

Bytes = bytes | bytearray | memoryview

_NEW = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
_NAMELESS = getattr(os, "O_TMPFILE", None)
_OPEN_FILES = Path("/proc/self/fd")  # the way to a nameless file, see open(2)
_REASONS = {
    errno.ENOSPC: ("The disk is full.", "Free some space, then try again."),
    errno.EDQUOT: ("The disk quota is used up.", "Free some space, then try again."),
    errno.EFBIG: ("The file is too large for this disk.", "Write to another disk."),
    errno.EROFS: ("The output folder is read-only.", "Choose a folder you may write to."),
    errno.EACCES: ("The output folder is not writable.", "Choose a folder you may write to."),
    errno.EPERM: ("The output folder is not writable.", "Choose a folder you may write to."),
    errno.ENOENT: ("The output folder does not exist.", "Create it first."),
    errno.ENOTDIR: ("The output folder is a file.", "Choose a folder."),
    errno.ENAMETOOLONG: ("The output name is too long.", "Choose a shorter one."),
}


def write_aside(
    path: Path, data: Bytes | Iterable[Bytes], *, mode: int = 0o644, durable: bool = True
) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    path : Path
        An existing regular file is replaced.
    data : bytes, or iterable of bytes
        Parts are written in turn and never joined in memory.
    mode : int
        Permission bits, less the process's umask.
    durable : bool
        Wait until the disk has the file, so that it survives a power cut. Without, it survives a
        killed process only.

    Raises
    ------
    StorageError
        The folder or the disk does not take it; the path is as it was before.
    """
    with WrittenAside(path, data, mode=mode, durable=durable) as written:
        written.put_in_place()


class WrittenAside:
    """A whole file that waits for its name, so that it can be written before all else is sure.

    Leaving it as a context takes it away again, unless it was put in place.

    Parameters
    ----------
    path : Path
        Where it will be.
    data, mode, durable
        As for `write_aside`.

    Raises
    ------
    StorageError
        As for `write_aside`.
    """

    def __init__(
        self,
        path: Path,
        data: Bytes | Iterable[Bytes],
        *,
        mode: int = 0o644,
        durable: bool = True,
    ) -> None:
        parts = (data,) if isinstance(data, bytes | bytearray | memoryview) else data
        self._path, self._durable = Path(path), durable
        with _told():
            _refuse_special(path)
            self._descriptor, self._aside = _open_aside(self._path.parent, mode)
            try:
                for part in parts:
                    _write_all(self._descriptor, part)
                if durable:
                    os.fsync(self._descriptor)
            except BaseException:
                self.close()
                raise

    def put_in_place(self) -> None:
        """Give the file its name, once; a file that had it is gone."""
        with _told():
            try:
                failpoint("atomic.before_rename")
                self._aside = _into_place(self._descriptor, self._aside, self._path)
                self._close_descriptor()  # Windows replaces only what is closed
                if self._aside is not None:
                    with _old_file_open(self._path):
                        self._aside.replace(self._path)
                    self._aside = None
            finally:
                self.close()
            failpoint("atomic.after_rename")
            if self._durable:
                _sync_folder(self._path.parent)

    def close(self) -> None:
        """Take the file away, unless it is in place."""
        self._close_descriptor()
        if self._aside is not None:
            with contextlib.suppress(OSError):
                self._aside.unlink()
            self._aside = None

    def _close_descriptor(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say what the disk refused in our words; the cause would quote the path."""
    try:
        yield
    except StsbenchError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        number = error.errno if isinstance(error, OSError) else None
        problem, remedy = _REASONS.get(
            number or 0, ("The file could not be written.", "Check the output folder.")
        )
        raise StorageError(problem, remedy) from None


def _refuse_special(path: Path) -> None:
    """Refuse to replace what is no file: a device would be gone for everyone."""
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(kind):
        raise StorageError("The output is a folder.", "Name a file in it.")
    if not stat.S_ISREG(kind):
        raise StorageError("The output is a device or a pipe.", "Name a regular file.")


def _open_aside(folder: Path, mode: int) -> tuple[int, Path | None]:
    """Open a file in the folder, without a name where the system knows such files."""
    if _NAMELESS is not None and _OPEN_FILES.exists():
        with contextlib.suppress(OSError):
            return os.open(folder, _NAMELESS | os.O_WRONLY | os.O_CLOEXEC, mode), None
    aside = _random_name(folder)
    return os.open(aside, _NEW, mode), aside


def _random_name(folder: Path) -> Path:
    return folder / f".stsbench-{secrets.token_hex(8)}.part"


def _into_place(descriptor: int, aside: Path | None, path: Path) -> Path | None:
    """Give a nameless file its name; return the name that must still be renamed, if any."""
    if aside is not None:
        return aside
    nameless = _OPEN_FILES / str(descriptor)
    try:
        os.link(nameless, path, src_dir_fd=descriptor, follow_symlinks=True)
    except FileExistsError:
        # A link never replaces, so an existing file takes one more step.
        aside = _random_name(path.parent)
        os.link(nameless, aside, src_dir_fd=descriptor, follow_symlinks=True)
        failpoint("atomic.between_link_and_rename")
        return aside
    return None


@contextlib.contextmanager
def _old_file_open(path: Path) -> Iterator[None]:
    """Hold a file that is replaced open, and let go of it later.

    The system frees an old file's blocks when nobody has it open any more. That takes longer than to
    write the new one (measured: 8 ms of 16 at 5 MB), and nobody needs to wait for it.
    """
    old = None
    if _NAMELESS is not None:
        with contextlib.suppress(OSError):
            old = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield
    finally:
        if old is not None:
            Thread(target=os.close, args=(old,), daemon=True).start()


def _write_all(descriptor: int, part: Bytes) -> None:
    rest = memoryview(part)
    if rest.nbytes:
        rest = rest.cast("B")
    while rest.nbytes:
        rest = rest[os.write(descriptor, rest) :]


def _sync_folder(folder: Path) -> None:
    """Make the new name durable; not every system can, and the file is whole either way."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
