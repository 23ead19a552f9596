"""How kernels are compiled, cached and spread over two cores: the one place that sets up numba.

Rules owned here:
- Kernels are serial machine code, cached and without the GIL; a division by zero in one gives
  infinity or nan, as in numpy, and a whole number divided by zero gives zero. Two
  cores are used by a small thread pool around them. `parallel=True` loads slowly from the cache
  and dies after a fork.
- numba's own cache does not notice a changed callee in another module. Here every module's machine
  code lies in a folder named by the hash of its source and of all kernel sources it imports, the
  numba version and the CPU: a changed source, its own or a callee's, starts a new folder. Where the
  package lies and when its files were written plays no part.
- Import this module before any kernel is defined, which `from ... import kernel` does by itself.
"""

import hashlib
import os
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from stsbench.geometry.quick_numba import numba
from stsbench.geometry.two_threads import in_threads, side_by_side

from llvmlite import binding  # isort: skip
from numba.core import caching, config  # isort: skip

__all__ = [
    "KernelLocator",
    "cache_folder",
    "in_threads",
    "kernel",
    "kernel_inline",
    "prune_old_caches",
    "side_by_side",
    "source_key",
]

_PACKAGE = Path(__file__).resolve().parents[1]
_LAYERS = "domain|geometry|samples"  # what a kernel may take functions or constants from
_IMPORT = re.compile(rf"^\s*(?:from|import)\s+stsbench\.({_LAYERS})\.([\w.]+)", re.MULTILINE)
_NAMES = re.compile(rf"^\s*from\s+stsbench\.({_LAYERS})\s+import\s+\(?([\w,\s]+)", re.MULTILINE)
_KEPT_VERSIONS = 3


def cache_folder() -> Path:
    """Return the folder that holds machine code: STSBENCH_CACHE, or the user's cache."""
    override = os.environ.get("STSBENCH_CACHE")
    root = Path(override) if override else Path(platformdirs.user_cache_dir("stsbench", False))
    return root / "kernels"


@cache
def _machine_key() -> bytes:
    features = binding.get_host_cpu_features().flatten()
    return f"{numba.__version__}|{binding.get_host_cpu_name()}|{features}".encode()


@cache
def _parsed(path: Path, _written: tuple[int, int]) -> tuple[bytes, tuple[str, ...]]:
    """Return a module's source and the kernel modules it imports, as paths in the package."""
    source = path.read_bytes()
    text = source.decode()
    named = [f"{layer}/{name.replace('.', '/')}.py" for layer, name in _IMPORT.findall(text)]
    for layer, names in _NAMES.findall(text):
        named += [f"{layer}/{name.strip()}.py" for name in names.split(",")]
    return source, tuple(named)


def _sources(path: Path, package: Path, seen: dict[Path, bytes]) -> None:
    """Collect a module's source and those of the kernel modules it imports."""
    if path in seen or not path.is_file():
        return
    status = path.stat()
    seen[path], named = _parsed(path, (status.st_mtime_ns, status.st_size))
    for name in named:
        _sources(package / name, package, seen)


def source_key(path: Path, package: Path = _PACKAGE) -> str:
    """Return the key of a module's machine code.

    Parameters
    ----------
    path : Path
        The module.
    package : Path
        The folder of the package it belongs to.
    """
    seen: dict[Path, bytes] = {}
    _sources(path, package, seen)
    digest = hashlib.sha256(_machine_key())
    for found in sorted(seen):
        digest.update(found.relative_to(package).as_posix().encode() + b"\0" + seen[found])
    return digest.hexdigest()[:16]


@cache
def _module_folder(path: Path) -> Path:
    name = ".".join(path.relative_to(_PACKAGE).with_suffix("").parts)
    return cache_folder() / f"{name}-{source_key(path)}"


class KernelLocator(caching._CacheLocator):
    """Tells numba where the machine code of one kernel lies (`NUMBA_CACHE_LOCATOR_CLASSES`)."""

    def __init__(self, folder: Path, line: int) -> None:
        self._folder = folder
        self._line = line

    def get_cache_path(self) -> str:
        """Return the module's folder."""
        return str(self._folder)

    def get_source_stamp(self) -> str:
        """Return a constant: the folder's name already says which sources these are."""
        return self._folder.name

    def get_disambiguator(self) -> str:
        """Return the line, which tells apart two kernels of one name."""
        return str(self._line)

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> "KernelLocator | None":
        """Return the place for a kernel of this package; None for anybody else's."""
        path = Path(py_file).resolve()
        if not path.is_relative_to(_PACKAGE):
            return None
        locator = cls(_module_folder(path), py_func.__code__.co_firstlineno)
        try:
            locator.ensure_cache_path()
        except OSError:
            return None  # no folder to write: numba tries its own places
        return locator


def prune_old_caches() -> int:
    """Delete machine code of older sources, keeping a few versions; return how many went."""
    folders = cache_folder()
    if not folders.is_dir():
        return 0
    versions: dict[str, list[Path]] = {}
    for folder in folders.iterdir():
        versions.setdefault(folder.name.rpartition("-")[0], []).append(folder)
    gone = 0
    for found in versions.values():
        by_age = sorted(found, key=lambda folder: folder.stat().st_mtime, reverse=True)
        for folder in by_age[_KEPT_VERSIONS:]:
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


vars(config)["CACHE_LOCATOR_CLASSES"] = ",".join(
    [
        "stsbench.geometry.compiled.KernelLocator",
        *(locator.__name__ for locator in caching.CacheImpl._locator_classes),
    ]
)

# numba's decorators are untyped: Any here keeps `--strict` meaningful for their callers' arrays.
# No exception for a division by zero, no entry from C: both only cost time to compile.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "no_cfunc_wrapper": True}
kernel: Any = numba.njit(cache=True, nogil=True, **_OPTIONS)
kernel_inline: Any = numba.njit(inline="always")
