"""A knob: one option with its type, default, range and help text, and how a value or a text is
checked against them.
"""

import dataclasses
import numbers
import operator
import reprlib
import sys
import types
import typing
from typing import Any

from tfmlp.errors import ConfigError, nearest


def knob(
    default: Any,
    help: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    choices: tuple[str, ...] | None = None,
) -> Any:
    """Declares a field with its help text and allowed values: `minimum`, `maximum` inclusive,
    `above`, `below` exclusive.
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
        },
    )


def plain_type(knob_field: dataclasses.Field) -> tuple[type, bool]:
    """Returns a knob's type (`tuple` for a list of whole numbers) and whether None is allowed."""
    annotation: Any = knob_field.type
    if isinstance(annotation, types.UnionType):
        return next(t for t in typing.get_args(annotation) if t is not type(None)), True
    return (tuple if typing.get_origin(annotation) is tuple else annotation), False


def metavar(knob_field: dataclasses.Field) -> str:
    """Returns what the command line shows in place of an option's value."""
    choices = knob_field.metadata["choices"]
    kind, _ = plain_type(knob_field)
    return (
        "[" + "|".join(choices) + "]"
        if choices
        else {int: "INTEGER", float: "NUMBER", str: "TEXT", tuple: "N,N,..."}[kind]
    )


def show_value(value: Any) -> str:
    """Returns a value as the command line would take it."""
    if value is None or value == ():
        return "none"
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else f"{value}"


def parse_text(knob_field: dataclasses.Field, text: str) -> Any:
    """Turns the text of a command-line option into the field's value.

    Raises:
      ConfigError: when the text is not of the field's type or range.
    """
    kind, optional = plain_type(knob_field)
    if text.lower() == "none" and (optional or kind is tuple):
        return () if kind is tuple else None
    try:
        if kind is tuple:
            value: Any = tuple(int(part) for part in text.split(","))
        else:
            value = kind(text)
    except ValueError:
        raise ConfigError(_wrong(knob_field, text)) from None
    return check_value(knob_field, value)


def _expected(knob_field: dataclasses.Field) -> str:
    kind, optional = plain_type(knob_field)
    words = {
        int: "a whole number",
        float: "a number",
        str: "text",
        bool: "true or false",
        tuple: "whole numbers, as in 128,64",
    }[kind]
    return words + (" or none" if optional else "")


def _wrong(knob_field: dataclasses.Field, received: Any, limits: str = "") -> str:
    return (
        f"{knob_field.name} must be {_expected(knob_field)}{limits}; received"
        f" {reprlib.repr(received)}."
    )


def check_value(knob_field: dataclasses.Field, value: Any) -> Any:
    """Checks one value against its field's type and range, and returns it in the field's type (an
    int for a float becomes one).

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
    if rules["choices"] and value not in rules["choices"]:
        raise ConfigError(
            f"{knob_field.name} has no choice {value!r}: {nearest(value, rules['choices'])}."
        )
    return value


def _check_number(knob_field: dataclasses.Field, kind: type, value: Any) -> Any:
    is_number = (
        isinstance(value, numbers.Real)
        and not isinstance(value, bool)
        and -sys.float_info.max <= value <= sys.float_info.max
    )
    if not is_number or (kind is int and value != int(value)):
        raise ConfigError(_wrong(knob_field, value))
    rules = knob_field.metadata
    tests = {
        "minimum": ("at least", operator.ge),
        "above": ("greater than", operator.gt),
        "maximum": ("at most", operator.le),
        "below": ("less than", operator.lt),
    }
    limits = {rule: test for rule, test in tests.items() if rules[rule] is not None}
    if not all(test(value, rules[rule]) for rule, (_, test) in limits.items()):
        words = " and ".join(f"{phrase} {rules[rule]:,}" for rule, (phrase, _) in limits.items())
        raise ConfigError(_wrong(knob_field, value, f", {words}"))
    return kind(value)
