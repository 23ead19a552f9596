"""The folder of sealed objects, through fsspec: each written once, whole, and never changed.

Rules owned here:
- An object is written aside, forced to disk, then renamed: a name that exists is a whole object.
- The store never sees a key or a plain byte; what it gets is sealed already.
- Only an object that a row calls pending is ever removed at a start: a store that was put back from
  a backup loses nothing to its own tidiness.
"""

import mmap
import os
from collections.abc import Iterable
from pathlib import Path

from fsspec.implementations.local import LocalFileSystem

from stsbench.domain.failpoints import failpoint
from stsbench.errors import StorageError
from stsbench.vault.private_folders import make_private

__all__ = ["ObjectFolder"]


class ObjectFolder:
    """Sealed objects by identifier.

    Parameters
    ----------
    folder : Path
        Private folder; `incoming` and one folder per first two characters are made in it.
    """

    def __init__(self, folder: Path) -> None:
        self._files = LocalFileSystem()
        self._folder = make_private(folder)
        self._incoming = make_private(folder / "incoming")

    def put(self, object_id: str, parts: Iterable[bytes]) -> None:
        """Write a sealed object; it is on disk, under its name, when this returns.

        Raises
        ------
        StorageError
            It could not be written; nothing of it is visible.
        """
        aside = str(self._incoming / object_id)
        place = self._place(object_id)
        try:
            shard_is_new = not place.parent.exists()
            place.parent.mkdir(mode=0o700, exist_ok=True)
            with self._files.open(aside, "wb", autocommit=True) as stream:
                for part in parts:
                    stream.write(part)
                stream.flush()
                os.fsync(stream.fileno())
            failpoint("objects.before_rename")
            os.replace(aside, place)  # noqa: PTH105 - fs.mv copies between mounts; this never does
            _sync(place.parent)
            if shard_is_new:
                _sync(self._folder)
        except OSError as error:
            Path(aside).unlink(missing_ok=True)
            raise StorageError(
                f"A sealed object cannot be written ({error.strerror}).",
                "Look at free space and permissions of the home's vault folder.",
            ) from None
        failpoint("objects.after_rename")

    def mapped(self, object_id: str) -> memoryview:
        """Map a sealed object for reading; it is unmapped with the last view of it.

        Raises
        ------
        StorageError
            There is none, or it cannot be read.
        """
        try:
            with self._files.open(str(self._place(object_id)), "rb") as stream:
                return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise StorageError(
                f"A sealed object cannot be read ({type(error).__name__}).",
                "Run stsbench vault doctor; restore it from a backup if the disk lost it.",
            ) from None

    def delete(self, object_id: str) -> None:
        """Remove an object; nothing happens when there is none."""
        self._place(object_id).unlink(missing_ok=True)

    def identifiers(self) -> list[str]:
        """Return the identifiers of all whole objects, sorted."""
        shards = [folder for folder in sorted(self._folder.iterdir()) if len(folder.name) == 2]
        return [path.name for folder in shards for path in sorted(folder.iterdir())]

    def clear_incoming(self) -> None:
        """Remove what was being written when a broker died."""
        for leftover in self._incoming.iterdir():
            leftover.unlink()

    def _place(self, object_id: str) -> Path:
        return self._folder / object_id[:2] / object_id


def _sync(folder: Path) -> None:
    if os.name == "posix":  # Windows cannot open a folder; its rename is journalled
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
