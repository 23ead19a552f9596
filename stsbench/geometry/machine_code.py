"""Machine code of kernels, kept beside numba's cache and loaded without numba's compiler.

Importing numba and loading its cache costs 0.6 s, more than a repair. A kernel that was compiled
before needs neither: its object file, a linker (llvmlite) and numba's three C modules are enough.

Rules owned here:
- One file holds one kernel for one kind of arguments, in the module's folder of `kernel_folders`,
  whose name says source, versions and CPU. The file carries a digest: what is cut short or changed
  is not loaded, and whoever compiles the kernel again writes it anew.
- `call_key` tells kinds of arguments apart at least as finely as numba does: type, dtype, number of
  axes, layout, alignment, writable or not. Machine code is called with the kind of arguments it was
  compiled for and no other; numba's own wrapper would read a wrong dtype without a word.
- LLVM ends the process when a symbol is missing. So every symbol that an object needs is listed
  with where it came from, and is looked up before the object is handed to LLVM.
- Whenever anything is missing or strange the answer is None, and numba does the work.

References: docs/decisions/0006-machine-code.md.
"""

import builtins
import ctypes
import hashlib
import json
import os
import pickle  # noqa: TID251 - what numba itself embeds in its machine code, never a scan
import struct
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from llvmlite import binding

from stsbench.geometry.elf_symbols import read_symbols
from stsbench.geometry.kernel_folders import numba_folder

__all__ = ["call_key", "is_available", "load_code", "store_code"]

_MAGIC = b"stsbench machine code 1\n"
_LENGTH = struct.Struct("<I")
_FLAGS = 0x501  # C-contiguous, aligned, writable
_USUAL = 0x101  # C-contiguous and aligned: the layout kernels are written for
_SCALARS: Mapping[type, str] = {
    int: "int64", np.int64: "int64", float: "float64", np.float64: "float64", bool: "bool",
    np.bool_: "bool", np.int8: "int8", np.int16: "int16", np.int32: "int32", np.uint8: "uint8",
    np.uint16: "uint16", np.uint32: "uint32", np.uint64: "uint64", np.float32: "float32",
    type(None): "none",
}  # fmt: skip
_HARMLESS = ("NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS")


def call_key(arguments: Sequence[object]) -> tuple[Any, ...]:
    """Return what tells apart the machine code for these arguments.

    Raises
    ------
    KeyError
        Some argument is of a kind that is left to numba.
    """
    return tuple([_kind(argument) for argument in arguments])


def _kind(argument: Any) -> Any:
    kind = type(argument)
    if kind is np.ndarray:
        flags = argument.flags.num & _FLAGS
        if flags & _USUAL != _USUAL:
            raise KeyError(kind)
        return argument.dtype, argument.ndim, flags
    if isinstance(argument, tuple):
        return kind, *[_kind(part) for part in argument]
    if kind is int and not -(2**63) <= argument < 2**63:
        raise KeyError(kind)
    return _SCALARS[kind]


def _text(key: object) -> str:
    if isinstance(key, tuple):
        return "(" + " ".join(map(_text, key)) + ")"
    if isinstance(key, type):
        return f"{key.__module__}.{key.__qualname__}"
    return repr(key) if isinstance(key, np.dtype) else str(key)


@cache
def is_available() -> bool:
    """Return whether machine code can be loaded here without numba.

    Only where it was tried: Linux. And not when the environment asks numba for something special,
    such as checked bounds or no compilation at all, or says STSBENCH_MACHINE_CODE=off.
    """
    asked = [name for name in os.environ if name.startswith("NUMBA_") and name not in _HARMLESS]
    wanted = os.environ.get("STSBENCH_MACHINE_CODE") != "off"
    return wanted and sys.platform == "linux" and sys.maxsize > 2**32 and not asked


def _path(folder: Path, name: str, key: tuple[Any, ...]) -> Path:
    digest = hashlib.sha256(_text(key).encode()).hexdigest()[:16]
    return folder / f"{name}-{digest}.code"


class _Runtime:
    """The linker and numba's C modules: one per process, made when the first kernel is loaded."""

    def __init__(self) -> None:
        self.dynfunc = _c_module("numba._dynfunc")
        helpers = _c_module("numba._helperlib")
        memory = _c_module("numba.core.runtime._nrt_python")
        memory.memsys_use_cpython_allocator()
        self.tables: dict[str, Mapping[str, int]] = {
            "helper": helpers.c_helpers,
            "function": self.dynfunc.c_helpers,
            "memory": memory.c_helpers,
        }
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        target = binding.Target.from_triple(binding.get_process_triple())
        self.machine = target.create_target_machine(jit=True)
        self.engine = binding.create_mcjit_compiler(binding.parse_assembly(""), self.machine)
        self.defined: set[str] = set()
        self.environments: list[Any] = []  # machine code holds bare pointers to them

    def address(self, name: str, table: str, entry: str) -> int | None:
        """Return the address of a symbol, None where it is not to be had."""
        if table == "process":
            found = binding.address_of_symbol(name)
        elif table == "exception":
            found = id(getattr(builtins, entry))
        elif name == "numba_unpickle":
            found = ctypes.cast(_UNPICKLE, ctypes.c_void_p).value
        else:
            found = self.tables[table].get(entry)
        return found or None

    def origin(self, name: str) -> tuple[str, str] | None:
        """Return from which table numba took a symbol; None if it cannot be told."""
        if name == "numba_unpickle":
            return "helper", "unpickle"  # whose address it is by now
        address = binding.address_of_symbol(name)
        if not address:
            return None
        for table, entries in self.tables.items():
            for prefix in ("numba_", "NRT_", ""):
                entry = name.removeprefix(prefix)
                if entries.get(entry) == address:
                    return table, entry
        if name.startswith("PyExc_"):
            return ("exception", name[6:]) if hasattr(builtins, name[6:]) else None
        return "process", ""


def _c_module(name: str) -> ModuleType:
    """Import one of numba's C modules without the package around it."""
    if name in sys.modules:
        return sys.modules[name]
    place = numba_folder().joinpath(*name.split(".")[1:])
    for file in [Path(f"{place}{suffix}") for suffix in EXTENSION_SUFFIXES]:
        spec = spec_from_file_location(name, file) if file.is_file() else None
        if spec is not None and spec.loader is not None:
            module = module_from_spec(spec)
            sys.modules[name] = module  # numba takes it from there if it is imported later
            spec.loader.exec_module(module)
            return module
    raise ImportError(name)


_unpickled: dict[tuple[int, bytes], object] = {}


@ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
def _UNPICKLE(address: int, size: int, digest: int) -> object:  # noqa: N802 - a constant
    """Stand in for numba's unpickling, which imports numba: types and errors of a kernel."""
    key = (address, ctypes.string_at(digest, 20))
    if key not in _unpickled:
        _unpickled[key] = pickle.loads(ctypes.string_at(address, size))  # noqa: S301 our own code
    return _unpickled[key]


_lock = threading.RLock()
_runtimes: list[_Runtime | None] = []


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603 - a thread that the fork left behind may hold the old one
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def _runtime() -> _Runtime | None:
    """Return what links machine code; None where numba or llvmlite is not as it was."""
    if not _runtimes:
        try:
            _runtimes.append(_Runtime())
        except (ImportError, AttributeError, OSError, RuntimeError):
            _runtimes.append(None)
    return _runtimes[0]


def load_code(
    folder: Path, name: str, key: tuple[Any, ...], module: ModuleType
) -> Callable[..., Any] | None:
    """Return a kernel for one kind of arguments, ready to be called; None if there is none.

    Parameters
    ----------
    folder : Path
        The folder of the kernel's module.
    name : str
        The kernel's name and line.
    key : tuple
        From `call_key`.
    module : module
        Where the kernel was defined.
    """
    try:
        data = _path(folder, name, key).read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + 32
    body = memoryview(data)[head:]
    if not data.startswith(_MAGIC) or hashlib.sha256(body).digest() != data[len(_MAGIC) : head]:
        return None
    (size,) = _LENGTH.unpack_from(body)
    about = json.loads(bytes(body[_LENGTH.size : _LENGTH.size + size]))
    if about["key"] != _text(key):
        return None
    with _lock:
        return _link(about, bytes(body[_LENGTH.size + size :]), module)


def _link(about: dict[str, Any], code: bytes, module: ModuleType) -> Callable[..., Any] | None:
    runtime = _runtime()
    if runtime is None or not runtime.defined.isdisjoint(about["defines"]):
        return None  # two kernels of one name: LLVM would take either
    addresses: dict[str, int] = {}
    for symbol, (table, entry) in about["needs"].items():
        address = runtime.address(symbol, table, entry)
        if address is None:
            return None
        if table != "process":
            addresses[symbol] = address
    for symbol, address in addresses.items():
        binding.add_symbol(symbol, address)
    runtime.engine.add_object_file(binding.ObjectFileRef.from_data(code))
    runtime.engine.finalize_object()
    runtime.defined.update(about["defines"])
    for symbol, constants in about["environments"].items():
        environment = runtime.dynfunc.Environment(vars(module))
        environment.consts.extend(np.dtype(constant) for constant in constants)
        runtime.environments.append(environment)
        place = runtime.engine.get_global_value_address(symbol)
        ctypes.c_void_p.from_address(place).value = id(environment)
    environment = runtime.environments[-1]  # the kernel's own comes last
    address = runtime.engine.get_function_address(about["wrapper"])
    make: Callable[..., Callable[..., Any]] = runtime.dynfunc.make_function
    return make(module, about["name"], "machine code", address, environment, (runtime,))


def store_code(
    folder: Path,
    name: str,
    key: tuple[Any, ...],
    *,
    code: bytes,
    wrapper: str,
    environments: Mapping[str, Sequence[object]],
) -> bool:
    """Keep a kernel that numba compiled; return whether it could be kept.

    Parameters
    ----------
    code : bytes
        The object file.
    wrapper : str
        Symbol of the function that takes Python's arguments.
    environments : mapping of str to sequence
        Constants per environment symbol, the kernel's own last.
    """
    symbols = read_symbols(code)
    plain = all(_is_plain(constant) for found in environments.values() for constant in found)
    if symbols is None or wrapper not in symbols.strong or not plain:
        return False
    if not symbols.defined.issuperset(environments):
        return False
    with _lock:
        runtime = _runtime()
        origins = runtime.origin if runtime is not None else lambda _: None
        needs = {symbol: origins(symbol) for symbol in sorted(symbols.needed)}
    if runtime is None or None in needs.values():
        return False
    about = {
        "key": _text(key),
        "name": name,
        "wrapper": wrapper,
        "needs": needs,
        "defines": sorted(symbols.strong),
        "environments": {
            symbol: [np.dtype(constant).str for constant in found]  # type: ignore[call-overload]
            for symbol, found in environments.items()
        },
    }
    text = json.dumps(about).encode()
    body = _LENGTH.pack(len(text)) + text + code
    path = _path(folder, name, key)
    aside = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    try:
        aside.write_bytes(_MAGIC + hashlib.sha256(body).digest() + body)
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        return False
    return True


def _is_plain(constant: object) -> bool:
    return isinstance(constant, np.dtype) and np.dtype(constant.str) == constant
