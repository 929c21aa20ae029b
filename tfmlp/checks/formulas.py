"""Formulas that people write in place of an activation's derivative."""

from collections.abc import Callable, Iterator

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.ingredients import HIDDEN, SLOPES, Hidden, is_bent, leaky

Derivative = Callable[[Array, Array], Array]  # of (z, a)

# Whose derivative it is ("" where it is nobody's), the formula, and its value.
FORMULAS: tuple[tuple[str, str, Derivative], ...] = (
    ("sigmoid", "a * (1 - a)", lambda z, a: a * (1 - a)),
    ("sigmoid", "z * (1 - z)", lambda z, a: z * (1 - z)),
    ("tanh", "1 - a**2", lambda z, a: 1 - a**2),
    ("tanh", "1 - z**2", lambda z, a: 1 - z**2),
    ("relu", "1 where a > 0", lambda z, a: (a > 0).astype(float)),
    ("", "1 - a", lambda z, a: 1 - a),
    ("", "1 - z", lambda z, a: 1 - z),
    ("", "1 + a**2", lambda z, a: 1 + a**2),
    ("", "a**2", lambda z, a: a**2),
    ("", "a * (1 + a)", lambda z, a: a * (1 + a)),
    ("", "(1 - a)**2", lambda z, a: (1 - a) ** 2),
    ("", "(1 - a) * (1 - a**2)", lambda z, a: (1 - a) * (1 - a**2)),
    ("", "a**2 * (1 - a)", lambda z, a: a**2 * (1 - a)),
    ("", "a * (1 - a)**2", lambda z, a: a * (1 - a) ** 2),
    ("", "1 - |a|", lambda z, a: 1 - np.abs(a)),
    ("", "1 / cosh(z)", lambda z, a: 1 / np.cosh(z)),
    ("", "1 / cosh(a)**2", lambda z, a: 1 / np.cosh(a) ** 2),
)
_OF_INPUT = {"sigmoid": "z * (1 - z)", "tanh": "1 - z**2"}


def wrong_derivatives(name: str, place: str) -> Iterator[tuple[Cause, Derivative]]:
    """Yields what people write for the derivative of an activation, the likelier first.

    Args:
      name: The activation.
      place: Which layers it is about, as " in hidden layer 1"; "" for all.
    """
    own, values = HIDDEN[name], dict(place=place, hidden=name)
    if name == "linear":
        yield from _others(name, place)
        return
    if is_bent(name):
        yield cause(CauseName.MASK, **values), lambda z, a: np.ones_like(z)
        yield cause(CauseName.MASK_INVERTED, **values), _inverted(own)
        yield from _slopes(name, place)
    else:
        yield cause(CauseName.NO_DERIVATIVE, **values), lambda z, a: np.ones_like(z)
    if name != "relu":
        of_output = cause(CauseName.DERIVATIVE_OF_OUTPUT, **values)
        yield of_output, lambda z, a: own.derivative(a, own.function(a))
        formula = _OF_INPUT.get(name, "f'(z)")
        of_input = cause(CauseName.DERIVATIVE_OF_INPUT, formula=formula, **values)
        yield of_input, lambda z, a: own.derivative(z, z)
    yield cause(CauseName.FUNCTION_FOR_DERIVATIVE, **values), lambda z, a: a
    yield cause(CauseName.FUNCTION_FOR_DERIVATIVE, "z", **values), lambda z, a: z
    yield cause(CauseName.DERIVATIVE_TWICE, **values), lambda z, a: own.derivative(z, a) ** 2
    yield from _others(name, place)


def _others(name: str, place: str) -> Iterator[tuple[Cause, Derivative]]:
    """Yields the derivatives of other activations, and of none."""
    for other, formula, derivative in FORMULAS:
        if other != name:
            values = dict(place=place, hidden=name, other=other, formula=formula)
            yield (
                cause(CauseName.WRONG_DERIVATIVE, "somebody" if other else "nobody", **values),
                derivative,
            )
    for other, kind in HIDDEN.items():
        if other not in (name, "linear"):
            values = dict(place=place, hidden=name, other=other)
            yield cause(CauseName.WRONG_DERIVATIVE, "other", **values), _at_input(kind)


def _slopes(name: str, place: str) -> Iterator[tuple[Cause, Derivative]]:
    """Yields wrong derivatives below 0."""
    values = dict(place=place, hidden=name)
    if name != "relu":
        yield cause(CauseName.NEGATIVE_SLOPE, **values), lambda z, a: (z > 0).astype(float)
    for slope in (*SLOPES, *(-slope for slope in SLOPES), -1.0, 0.5):
        if name != f"leaky_relu({slope})":
            yield cause(CauseName.NEGATIVE_SLOPE, "value", slope=slope, **values), _sloped(slope)


def _sloped(slope: float) -> Derivative:
    return leaky(slope).derivative


def _at_input(kind: Hidden) -> Derivative:
    return lambda z, a: kind.derivative(z, kind.function(z))


def _inverted(own: Hidden) -> Derivative:
    """Returns the derivative with its two sides exchanged."""
    below = own.derivative(-np.ones(1), own.function(-np.ones(1)))
    return lambda z, a: np.where(z > 0, below, 1.0)
