"""`kernel`: a function that runs as machine code, without numba where that was compiled before.

Rules owned here:
- A kernel is called with positional arguments. Its first call with arguments of a kind looks for
  stored machine code (`machine_code`, a few milliseconds); only where there is none numba is
  imported, compiles or loads its own cache, and the machine code is stored for the next process.
- Both ways run the same object code: results are the same to the bit.
- Inside another kernel numba sees a kernel as its own function: it resolves to numba's dispatcher.
- Import `kernel` from here, never numba; what numba itself gives kernels comes from here as well.
"""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import update_wrapper
from importlib import import_module
from pathlib import Path
from typing import Any

from stsbench.geometry.kernel_folders import module_folder
from stsbench.geometry.machine_code import call_key, is_available, load_code, store_code
from stsbench.geometry.two_threads import in_threads, side_by_side

__all__ = ["in_threads", "kernel", "side_by_side", "trailing_zeros"]

# Two locks, for numba has one of its own and asks for dispatchers while it holds it.
_finding = threading.RLock()
_making = threading.RLock()
_taught: list[type] = []


def _renew_locks() -> None:
    """Forget locks that a thread may hold which a fork left behind."""
    global _finding, _making
    _finding, _making = threading.RLock(), threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)


class _Kernel:
    """A function that is compiled when it is first called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        update_wrapper(self, function)
        self.py_func = function
        self._ready: dict[tuple[Any, ...], Callable[..., Any]] = {}
        self._dispatcher: Any = None

    def __call__(self, *arguments: object) -> Any:
        """Run the machine code for these arguments."""
        try:
            run = self._ready[call_key(arguments)]
        except KeyError:
            run = self._find(arguments)
        return run(*arguments)

    def _find(self, arguments: Sequence[object]) -> Callable[..., Any]:
        try:
            key = call_key(arguments)
        except KeyError:
            return self.dispatcher()  # type: ignore[no-any-return]
        with _finding:
            if key not in self._ready:
                self._ready[key] = self._stored(key) or self._compiled(key, arguments)
            return self._ready[key]

    @property
    def _place(self) -> tuple[Path, str] | None:
        """Folder and name of the machine code; None where it is not kept."""
        code = self.py_func.__code__
        folder = module_folder(code.co_filename) if is_available() else None
        return None if folder is None else (folder, f"{code.co_name}-{code.co_firstlineno}")

    def _stored(self, key: tuple[Any, ...]) -> Callable[..., Any] | None:
        module = sys.modules.get(self.py_func.__module__)
        if self._place is None or module is None or self._dispatcher is not None:
            return None  # numba has it, or will have: one copy is enough
        return load_code(*self._place, key, module)

    def _compiled(self, key: tuple[Any, ...], arguments: Sequence[object]) -> Callable[..., Any]:
        run: Callable[..., Any] = self.dispatcher()
        if self._place is not None:
            compiling = import_module("stsbench.geometry.compiling")
            found = compiling.compile_call(run, arguments)
            if found is not None:
                store_code(*self._place, key, **found._asdict())
        return run

    def dispatcher(self) -> Any:
        """Return numba's function, importing numba."""
        with _making:
            if self._dispatcher is None:
                compiling = import_module("stsbench.geometry.compiling")
                if not _taught:
                    _taught.extend([_Kernel, _Borrowed])
                    compiling.teach(_Kernel, _Kernel.dispatcher)
                    compiling.teach(_Borrowed, _Borrowed.resolve)
                self._dispatcher = compiling.make_dispatcher(self.py_func)
            return self._dispatcher


class _Borrowed:
    """A function of numba's for use inside kernels, imported when one is compiled."""

    def __init__(self, module: str, name: str) -> None:
        self._place = module, name

    def resolve(self) -> Any:
        """Return numba's function."""
        return getattr(import_module(self._place[0]), self._place[1])


# Untyped, as numba's decorators are: callers' arrays stay typed.
kernel: Any = _Kernel
trailing_zeros: Any = _Borrowed("numba.cpython.unsafe.numbers", "trailing_zeros")
