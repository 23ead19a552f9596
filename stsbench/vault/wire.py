"""Values and errors as JSON, and back, on both sides of the socket.

Rules owned here:
- Only dataclasses, enums, tuples, mappings and plain values travel; nothing is ever unpickled.
- An error travels as its class name, problem and remedy. What the other side doesn't know becomes
  a StorageError.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from stsbench import errors
from stsbench.errors import InputError, StorageError, StsbenchError

__all__ = ["as_document", "error_document", "error_from", "value_from"]

Value = TypeVar("Value")

_PLAIN = frozenset({str, int, float, bool, type(None)})
_KNOWN = {name: getattr(errors, name) for name in errors.__all__}


def as_document(value: object) -> Any:
    """Return a value as what JSON can hold."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        kind: Any = type(value)
        return {name: as_document(getattr(value, name)) for name in _names(kind)}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): as_document(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_document(each) for each in value]
    return value


def value_from(kind: type[Value], document: Any) -> Value:
    """Build a value of a dataclass from its document.

    Raises
    ------
    InputError
        The document is not one of that kind.
    """
    try:
        wanted: Any = kind
        value: Value = _builder(wanted)(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, StsbenchError):
            raise
        raise InputError(
            f"This is no {kind.__name__}.", "Use the same version of stsbench on both sides."
        ) from None
    return value


def error_document(error: StsbenchError) -> dict[str, str]:
    """Return an error as a document."""
    return {
        "error": type(error).__name__,
        "problem": error.problem,
        "remedy": error.remedy,
    }


def error_from(document: Any) -> StsbenchError:
    """Return the error a document speaks of."""
    try:
        kind = _KNOWN.get(document["error"], StorageError)
        error: StsbenchError = kind(str(document["problem"]), str(document["remedy"]))
    except (KeyError, TypeError):
        return StorageError("The vault gave no readable answer.", "Run stsbench vault doctor.")
    return error


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


@cache
def _builder(kind: Any) -> Callable[[Any], Any]:
    """Return what builds a value of a type; worked out once per type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        build = _builder(next(each for each in arguments if each is not type(None)))
        return lambda document: None if document is None else build(document)
    if origin is tuple:
        return _tuple_builder(arguments)
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_builder(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    converters: dict[Any, Callable[[Any], Any]] = {date: date.fromisoformat, float: float}
    return converters.get(kind) or _plain_builder(kind)


def _tuple_builder(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if arguments[-1] is Ellipsis:
        build = _builder(arguments[0])
        return lambda document: tuple(build(each) for each in document)
    builders = [_builder(each) for each in arguments]
    return lambda document: tuple(
        build(each) for build, each in zip(builders, document, strict=True)
    )


def _dataclass_builder(kind: Any) -> Callable[[Any], Any]:
    builders = {name: _builder(hint) for name, hint in get_type_hints(kind).items()}
    # A field left out takes its default; an unknown one is refused.
    return lambda document: kind(**{name: builders[name](each) for name, each in document.items()})


def _plain_builder(kind: Any) -> Callable[[Any], Any]:
    def build(document: Any) -> Any:
        if kind in _PLAIN and type(document) is not kind:
            raise TypeError("another type")
        return document

    return build
