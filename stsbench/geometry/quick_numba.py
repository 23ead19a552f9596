"""numba, imported without the packages it looks for and no kernel needs: 0.2 s of every process.

Rules owned here:
- While numba loads, `coverage` and `yaml` (its own support for them) and `scipy` (BLAS for `np.dot`
  inside kernels, of which there are none) count as not installed, unless somebody imported them
  before. `cffi` as well, but not in a notebook, where a kernel of the user's may want it.
- Afterwards all is as ever: the packages can be imported, and numba is told that BLAS is there.
- Listeners to LLVM's lock go: nobody asks them, and loading a cached kernel calls them 150 times.

Measured: docs in benchmarks/repair/README.md, "The whole process".
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["numba"]

_NOT_NEEDED = ("coverage", "yaml", "scipy")
_NOT_IN_COMMANDS = ("cffi",)


@contextmanager
def _as_if_absent(names: tuple[str, ...]) -> Iterator[None]:
    """Let imports of packages fail that nobody has imported yet."""
    hidden = [name for name in names if name not in sys.modules]
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            modules.pop(name, None)


def _load() -> Any:
    if "numba" in sys.modules:
        return sys.modules["numba"]
    names = _NOT_NEEDED if "IPython" in sys.modules else _NOT_NEEDED + _NOT_IN_COMMANDS
    with _as_if_absent(names):
        loaded = import_module("numba")
        # Else the first call of a kernel would import these, and scipy and cffi with them.
        import_module("numba.core.typing.cffi_utils")
        arrays = import_module("numba.np.arraymath")
    if hasattr(arrays, "_HAVE_BLAS"):
        vars(arrays)["_HAVE_BLAS"] = find_spec("scipy") is not None
    _drop_lock_listeners()
    return loaded


def _drop_lock_listeners() -> None:
    ffi = import_module("llvmlite.binding.ffi")
    lock = getattr(ffi.lib, "_lock", None)
    for enter, leave in list(getattr(lock, "_cblist", ())):
        ffi.unregister_lock_callback(enter, leave)


numba: Any = _load()
