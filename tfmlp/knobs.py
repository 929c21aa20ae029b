"""A knob: one option with its type, range and help text, and the check of a value against them."""

import dataclasses
import numbers
import operator
import reprlib
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any

from tfmlp.errors import ConfigError, nearest

_LIMITS = {
    "minimum": ("at least", operator.ge),
    "above": ("greater than", operator.gt),
    "maximum": ("at most", operator.le),
    "below": ("less than", operator.lt),
}
_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    tuple: "whole numbers, as in 128,64",
}
_METAVARS = {int: "INTEGER", float: "NUMBER", str: "TEXT", tuple: "N,N,..."}


def knob(
    default: Any,
    help: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    choices: tuple[str, ...] | None = None,
    aliases: Mapping[str, str] | None = None,
    used_with: Mapping[str, tuple[str, ...]] | None = None,
) -> Any:
    """Declares a field with its help text and what values it takes.

    Args:
      default: The value where none is given.
      help: The sentence that the command line shows.
      minimum, maximum: Limits, inclusive.
      above, below: Limits, exclusive.
      choices: The texts that are allowed.
      aliases: Other names of choices -> the choice.
      used_with: Option -> the values of it with which this one has an effect, () for any but its
        default; one of the options suffices. None: it always has one.
    """
    return dataclasses.field(
        default=default,
        metadata={
            "help": help,
            "minimum": minimum,
            "maximum": maximum,
            "above": above,
            "below": below,
            "choices": choices,
            "aliases": aliases or {},
            "used_with": used_with,
        },
    )


class Group:
    """A frozen dataclass of knobs: every value is checked when the group is made."""

    def __post_init__(self) -> None:
        for knob_field in dataclasses.fields(typing.cast(Any, self)):
            value = check_value(knob_field, getattr(self, knob_field.name))
            object.__setattr__(self, knob_field.name, value)


def plain_type(knob_field: dataclasses.Field[Any]) -> tuple[type, bool]:
    """Returns a knob's type (`tuple` for a list of whole numbers) and whether None is allowed."""
    annotation: Any = knob_field.type
    if isinstance(annotation, types.UnionType):
        return next(t for t in typing.get_args(annotation) if t is not type(None)), True
    return (tuple if typing.get_origin(annotation) is tuple else annotation), False


def metavar(knob_field: dataclasses.Field[Any]) -> str:
    """Returns what the command line shows in place of an option's value."""
    choices = knob_field.metadata["choices"]
    kind, _ = plain_type(knob_field)
    return "[" + "|".join(choices) + "]" if choices else _METAVARS[kind]


def show_value(value: Any) -> str:
    """Returns a value as the command line would take it."""
    if value is None or value == ():
        return "none"
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else f"{value}"


def parse_text(knob_field: dataclasses.Field[Any], text: str) -> Any:
    """Turns the text of a command-line option into the field's value.

    Raises:
      ConfigError: when the text is not of the field's type or range.
    """
    kind, optional = plain_type(knob_field)
    if text.lower() == "none" and (optional or kind is tuple):
        return () if kind is tuple else None
    try:
        parts = text.split(",")
        value = tuple(int(part) for part in parts) if kind is tuple else kind(text)
    except ValueError:
        raise ConfigError(_wrong(knob_field, text)) from None
    return check_value(knob_field, value)


def check_value(knob_field: dataclasses.Field[Any], value: Any) -> Any:
    """Checks one value against its field's type and range.

    Returns:
      The value in the field's type: an int that is given for a float becomes one.

    Raises:
      ConfigError: when it does not fit.
    """
    rules = knob_field.metadata
    kind, optional = plain_type(knob_field)
    if value is None and optional:
        return None
    if kind is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(_wrong(knob_field, value))
        return tuple(_check_number(knob_field, int, item) for item in value)
    if kind in (int, float):
        return _check_number(knob_field, kind, value)
    if not isinstance(value, kind):
        raise ConfigError(_wrong(knob_field, value))
    value = rules["aliases"].get(value, value)
    if rules["choices"] and value not in rules["choices"]:
        known = nearest(str(value), rules["choices"], usual=knob_field.default)
        raise ConfigError(f"{knob_field.name} has no choice {value!r}: {known}.")
    return value


def _check_number(knob_field: dataclasses.Field[Any], kind: type, value: Any) -> Any:
    largest = sys.float_info.max
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not (is_number and -largest <= value <= largest) or (kind is int and value != int(value)):
        raise ConfigError(_wrong(knob_field, value))
    rules = knob_field.metadata
    limits = {rule: limit for rule, limit in _LIMITS.items() if rules[rule] is not None}
    if not all(holds(value, rules[rule]) for rule, (_, holds) in limits.items()):
        words = " and ".join(f"{phrase} {rules[rule]:,}" for rule, (phrase, _) in limits.items())
        raise ConfigError(_wrong(knob_field, value, f", {words}"))
    return kind(value)


def _wrong(knob_field: dataclasses.Field[Any], received: Any, limits: str = "") -> str:
    kind, optional = plain_type(knob_field)
    expected = _WORDS[kind] + (" or none" if optional else "") + limits
    return f"{knob_field.name} must be {expected}; received {reprlib.repr(received)}."
