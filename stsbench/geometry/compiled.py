"""How kernels are compiled, cached and spread over two cores: the one place that sets up numba.

Rules owned here:
- Kernels are serial machine code, `njit(cache=True, nogil=True)`; two cores are used by a small
  thread pool around them. `parallel=True` loads slowly from the cache and dies after a fork.
- numba's cache does not notice a changed callee in another module, so the cache folder carries a
  hash of every kernel source, the numba version and the CPU: a changed source starts a new folder.
- Import this module before any kernel is defined, which `from ... import kernel` does by itself.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numba
import platformdirs
from llvmlite import binding
from numba.core import config

__all__ = ["cache_folder", "in_threads", "kernel", "kernel_inline", "prune_old_caches"]

_PACKAGE = Path(__file__).resolve().parents[1]
_KEPT_CACHES = 3
_THREADS = 2

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def _cache_root() -> Path:
    override = os.environ.get("STSBENCH_CACHE")
    return Path(override) if override else Path(platformdirs.user_cache_dir("stsbench", False))


def source_key(package: Path = _PACKAGE) -> str:
    """Return the key of the kernel cache: sources, numba and CPU.

    Parameters
    ----------
    package : Path
        Folder whose modules may hold kernels.
    """
    digest = hashlib.sha256(f"{numba.__version__}|{binding.get_host_cpu_name()}".encode())
    digest.update(binding.get_host_cpu_features().flatten().encode())
    for path in sorted((*(package / "geometry").glob("*.py"), *(package / "samples").glob("*.py"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return the folder that holds the machine code of today's kernel sources."""
    return _cache_root() / "kernels" / source_key()


def prune_old_caches() -> int:
    """Delete all but the newest few kernel caches; return how many went."""
    root = _cache_root() / "kernels"
    if not root.is_dir():
        return 0
    folders = [folder for folder in root.iterdir() if folder.is_dir()]
    by_age = sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)
    old = [folder for folder in by_age[_KEPT_CACHES:] if folder != cache_folder()]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)


# Untyped module: the attribute is read from the environment when numba loads.
vars(config)["CACHE_DIR"] = str(cache_folder())

# numba's decorators are untyped: Any here keeps `--strict` meaningful for their callers' arrays.
kernel: Any = numba.njit(cache=True, nogil=True)
kernel_inline: Any = numba.njit(inline="always")


def in_threads(
    function: Callable[[Argument], Result], chunks: Iterable[Argument], *, threads: int = _THREADS
) -> list[Result]:
    """Apply a kernel to each chunk on a small thread pool; results keep the order of the chunks.

    Kernels release the GIL, so plain threads use both cores. The answer must not depend on how
    many threads there are: split the work by data, never by thread.
    """
    work = list(chunks)
    if len(work) < 2 or threads < 2:
        return [function(chunk) for chunk in work]
    with ThreadPoolExecutor(max_workers=min(threads, len(work))) as pool:
        return list(pool.map(function, work))
