"""Values and errors as JSON, and back, on both sides of the socket.

Rules owned here:
- Only dataclasses, enums, tuples, mappings and plain values travel; nothing is ever unpickled.
- An error travels as its class name, problem and remedy. What the other side doesn't know becomes
  a StorageError.
"""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from stsbench import errors
from stsbench.errors import InputError, StorageError, StsbenchError

__all__ = ["as_document", "error_document", "error_from", "value_from"]

Value = TypeVar("Value")

_KNOWN = {name: getattr(errors, name) for name in errors.__all__}


def as_document(value: object) -> Any:
    """Return a value as what JSON can hold."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_document(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Enum):
        return value.value
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
        value: Value = _build(kind, document)
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
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _build(kind: Any, document: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        if document is None:
            return None
        return _build(next(each for each in arguments if each is not type(None)), document)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return tuple(_build(arguments[0], each) for each in document)
        return tuple(_build(each, one) for each, one in zip(arguments, document, strict=True))
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        # A field left out takes its default; an unknown one is refused.
        return kind(**{name: _build(hints[name], each) for name, each in document.items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(document)
    return _plain(kind, document)


def _plain(kind: Any, document: Any) -> Any:
    if kind is date:
        return date.fromisoformat(document)
    if kind is float:
        return float(document)
    if kind in {int, str, bool} and type(document) is not kind:
        raise TypeError("another type")
    return document
