"""Where machine code of kernels lies: a folder per module, named by everything it depends on.

Rules owned here:
- numba's own cache does not notice a changed callee in another module. Here every module's machine
  code lies in a folder named by the hash of its source and of all kernel sources it imports, the
  versions of numba and Python and the CPU: a changed source, its own or a callee's, starts a new
  folder. Where the package lies and when its files were written plays no part.
- numba is not imported to learn its version: that would cost more than a repair.
"""

import hashlib
import os
import re
import shutil
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import platformdirs
from llvmlite import binding

__all__ = ["cache_folder", "module_folder", "numba_folder", "prune_old_caches", "source_key"]

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
def numba_folder() -> Path:
    """Return the folder of the numba package, without importing it."""
    spec = find_spec("numba")
    if spec is None or spec.origin is None:
        raise ImportError("numba is not installed")
    return Path(spec.origin).parent


@cache
def _machine_key() -> bytes:
    version = (numba_folder() / "_version.py").read_bytes()
    features = binding.get_host_cpu_features().flatten()
    python = sys.implementation.cache_tag
    llvm = ".".join(map(str, binding.llvm_version_info))
    return version + f"|{python}|{llvm}|{binding.get_host_cpu_name()}|{features}".encode()


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
def module_folder(file: str) -> Path | None:
    """Return the folder for the kernels of a module; None for a file outside this package."""
    path = Path(file).resolve()
    if not path.is_relative_to(_PACKAGE):
        return None
    name = ".".join(path.relative_to(_PACKAGE).with_suffix("").parts)
    return cache_folder() / f"{name}-{source_key(path)}"


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
