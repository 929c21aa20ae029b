"""Values: dataclasses that are read from and written as plain JSON values."""

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping
from typing import Any

_MISSING = dataclasses.MISSING


class DamagedRecord(ValueError):
    """What is wrong with a record."""


class Values:
    """A dataclass that is read from and written as plain JSON values.

    A field's metadata may have "key", its name in JSON where that is another, and "is_kept": that
    None is written, though the field may be missing.
    """

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values; an attribute that is None, and may be missing, is left out."""
        values = {}
        for known in dataclasses.fields(typing.cast(Any, self)):
            value = getattr(self, known.name)
            if value is None and known.default is None and not known.metadata.get("is_kept"):
                continue
            values[known.metadata.get("key", known.name)] = _plain(value)
        return values

    @classmethod
    def from_dict(cls, values: Any) -> typing.Self:
        """Makes the value from what `to_dict` returned; what is not known is passed over.

        Raises:
          DamagedRecord: when something is missing or of another type.
        """
        if not isinstance(values, Mapping):
            raise DamagedRecord(f"expected a table; received {type(values).__name__}")
        found = {}
        hints = typing.get_type_hints(cls)
        for known in dataclasses.fields(typing.cast(Any, cls)):
            key = known.metadata.get("key", known.name)
            if key in values:
                found[known.name] = _converted(hints[known.name], key, values[key])
            elif known.default is _MISSING and known.default_factory is _MISSING:
                raise DamagedRecord(f"{key} is missing")
        return cls(**found)


def _plain(value: Any) -> Any:
    if isinstance(value, Values):
        return value.to_dict()
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _converted(hint: Any, key: str, value: Any) -> Any:
    """Returns a value as its attribute has it."""
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if value is None and type(None) in kinds:
        return None
    kind = kinds[0]
    if _is_value(kind):
        return kind.from_dict(value)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is list and isinstance(value, list) and _is_value(inner[0]):
        return [_converted(inner[0], key, item) for item in value]
    if not _is_of(kind, value):
        raise DamagedRecord(f"{key} must be {_shown(kind)}; received {value!r:.80}")
    return value


def _is_value(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Values)


def _is_of(kind: Any, value: Any) -> bool:
    """Returns whether a JSON value is of a type such as int or dict[str, list[int]]."""
    if isinstance(kind, types.UnionType):
        return any(_is_of(one, value) for one in typing.get_args(kind))
    origin, inner = typing.get_origin(kind) or kind, typing.get_args(kind)
    if origin is Any:
        return True
    if origin in (int, float):
        return isinstance(value, int | origin) and not isinstance(value, bool)
    if not isinstance(value, origin):
        return False
    items = value.values() if origin is dict else value if origin is list else ()
    return all(_is_of(inner[-1], item) for item in items)


def _shown(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not typing.get_args(kind) else str(kind)
