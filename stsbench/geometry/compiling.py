"""How kernels are compiled: the one place that sets up numba, imported when there is need to.

Rules owned here:
- Kernels are serial machine code, cached and without the GIL; a division by zero in one gives
  infinity or nan, as in numpy, and a whole number divided by zero gives zero.
- numba's cache lies in the folders of `kernel_folders`, and what is compiled or loaded from it can
  be taken out as machine code that needs no numba (`machine_code`).
- numba meets kernels that call each other as what they are here, functions that are not compiled
  yet, and is told how to compile them.
- Less work for the same code: numba checks itself after every step and compares its options one by
  one; both are switched off or shortened. Together with fewer collections of garbage this saves a
  quarter of the time. What a function makes of some types is looked up once: a twentieth more.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from stsbench.geometry.kernel_folders import module_folder
from stsbench.geometry.quick_numba import numba

from numba.core import caching, compiler_machinery, registry, sigutils, targetconfig  # isort: skip
from numba.core import types  # isort: skip
from numba.extending import typeof_impl  # isort: skip

__all__ = ["Compiled", "compile_call", "make_dispatcher", "teach"]

# numba's decorators are untyped: Any here keeps `--strict` meaningful for their callers' arrays.
# No exception for a division by zero, no entry from C: both only cost time to compile.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "no_cfunc_wrapper": True, "nogil": True}
_GARBAGE = (200_000, 50, 100)


class Compiled(NamedTuple):
    """A kernel's machine code as numba's cache knows it."""

    code: bytes
    wrapper: str
    environments: Mapping[str, Sequence[object]]


class _Locator(caching._CacheLocator):
    """Tells numba where the cache of one kernel lies."""

    def __init__(self, folder: Path, line: int) -> None:
        self._folder = folder
        self._line = line

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        """Return a constant: the folder's name already says which sources these are."""
        return self._folder.name

    def get_disambiguator(self) -> str:
        """Return the line, which tells apart two kernels of one name."""
        return str(self._line)

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> "_Locator | None":
        """Return the place for a kernel of this package; None for anybody else's."""
        folder = module_folder(py_file)
        if folder is None:
            return None
        locator = cls(folder, py_func.__code__.co_firstlineno)
        try:
            locator.ensure_cache_path()
        except OSError:
            return None  # no folder to write: numba tries its own places
        return locator


class _CacheParts(caching.CompileResultCacheImpl):
    """numba's cache, which also remembers the machine code of what passes through it."""

    _locator_classes = [_Locator, *caching.CacheImpl._locator_classes]  # noqa: RUF012 numba's own

    def __init__(self, py_func: Any) -> None:
        super().__init__(py_func)
        self.seen: dict[tuple[Any, ...], Compiled] = {}

    def reduce(self, cres: Any) -> Any:
        """Turn what was compiled into what is written."""
        payload = super().reduce(cres)
        self._remember(payload)
        return payload

    def rebuild(self, target_context: Any, payload: Any) -> Any:
        """Turn what was read into what can be called."""
        self._remember(payload)
        return super().rebuild(target_context, payload)

    def _remember(self, payload: Any) -> None:
        (_, kind, data), names, environment, signature, *_, referenced = payload
        if kind != "object" or environment is None:
            return
        environments = {one.env_name: tuple(one.consts) for one in referenced}
        environments.pop(environment.env_name, None)
        environments[environment.env_name] = tuple(environment.consts)
        self.seen[signature.args] = Compiled(
            bytes(data[0]), names.llvm_cpython_wrapper_name, environments
        )


class _Cache(caching.FunctionCache):
    _impl_class = _CacheParts


def make_dispatcher(function: Callable[..., Any]) -> Any:
    """Return numba's compiling function for a kernel's Python source."""
    dispatcher = numba.njit(function, **_OPTIONS)
    if dispatcher is not function:  # NUMBA_DISABLE_JIT gives the function back
        dispatcher._cache = _Cache(function)
    return dispatcher


def compile_call(dispatcher: Any, arguments: Sequence[object]) -> Compiled | None:
    """Compile a kernel for arguments of one kind, or load it; return its machine code."""
    signature = tuple(dispatcher.typeof_pyval(argument) for argument in arguments)
    if len(signature) != dispatcher.py_func.__code__.co_argcount:
        return None  # default arguments: numba adds them when it is called
    with _little_garbage():
        dispatcher.compile(sigutils.normalize_signature(signature)[0])
    found: Compiled | None = dispatcher._cache._impl.seen.pop(signature, None)
    return found


@contextmanager
def _little_garbage() -> Iterator[None]:
    """Collect garbage seldom: numba makes millions of objects, and most stay."""
    before = gc.get_threshold()
    gc.set_threshold(*_GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def teach(kind: type, resolve: Callable[[Any], Any]) -> None:
    """Tell numba what an object of this kind is inside a kernel: what `resolve` makes of it."""
    types = registry.cpu_target.typing_context
    typeof_impl.register(kind)(lambda value, _: types.resolve_value_type(resolve(value)))


def _all_values(options: Any) -> dict[str, Any]:
    """Return every option of a compilation, set or not (`TargetConfig.values`, but quick)."""
    kind = type(options)
    defaults: dict[str, Any] | None = _defaults.get(kind)
    if defaults is None:
        defaults = {name: option.default for name, option in kind.options.items()}
        _defaults[kind] = defaults
    return {**defaults, **options._values}


_defaults: dict[type, dict[str, Any]] = {}
if isinstance(getattr(targetconfig.TargetConfig, "options", None), Mapping):
    targetconfig.TargetConfig.values = _all_values  # type: ignore[method-assign]
if hasattr(compiler_machinery.PassManager, "_ENFORCING"):
    compiler_machinery.PassManager._ENFORCING = False


def _remember_signatures(context: Any) -> None:
    """Let a typing context look up only once what a function makes of some types."""
    resolve = context.resolve_function_type
    known: dict[tuple[Any, ...], Any] = {}

    def resolve_once(function: Any, arguments: Any, keywords: Any) -> Any:
        if keywords or type(function) is not types.Function:
            return resolve(function, arguments, keywords)
        key = (function, *arguments)
        found = known.get(key)
        if found is None:
            found = resolve(function, arguments, keywords)
            known[key] = found
        return found

    context.resolve_function_type = resolve_once


_remember_signatures(registry.cpu_target.typing_context)
