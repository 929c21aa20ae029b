"""Measuring: central differences by all parameters, each at a sample of its entries."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from tfmlp.checks.arrays import Array, as_array, numbers
from tfmlp.checks.comparison import Compared
from tfmlp.checks.differences import computes_in_float32, differences_of
from tfmlp.checks.matching import Gradients


def itemsize_of(
    loss: Callable[[], float], params: Mapping[str, Array], dtypes: Iterable[Any]
) -> int:
    """Returns 4 where parameters are float32 or the loss is computed in it, else 8.

    Args:
      loss: Reads the values in `params`.
      params: float64, by name; changed while this runs, and as they were afterwards.
      dtypes: The types that the parameters have where they live.
    """
    if any(dtype == np.float32 for dtype in dtypes):
        return 4
    kept = {name: value.copy() for name, value in params.items()}

    def move(size: float) -> None:
        for name, value in params.items():
            value[...] = kept[name] * (1 + size)

    return 4 if computes_in_float32(loss, move) else 8


def compared(
    loss: Callable[[], float],
    params: Mapping[str, Array],
    given: Gradients,
    itemsize: int,
    most: int,
    seed: int = 0,
) -> list[Compared]:
    """Measures every parameter.

    Args:
      loss: Reads the values in `params`.
      params: float64, contiguous, by name; as they were afterwards.
      given: The gradients that they are held against.
      itemsize: As `itemsize_of` returns it.
      most: How many entries of each are looked at.
      seed: Decides which.
    """
    stream, parts = np.random.default_rng(seed), []
    for name, value in params.items():
        chosen = np.arange(value.size)
        if value.size > most:
            chosen = np.sort(stream.choice(value.size, most, replace=False))
        differences = differences_of(loss, value, chosen, itemsize)
        gradient = given[name]
        own = None if gradient is None else numbers(gradient, name)
        parts.append(Compared(name, value.copy(), own, differences))
    return parts


def examples_in(labels: Any, inputs: Any) -> int | None:
    """Returns the number of examples, or None where it is not known, or labels and inputs have no
    length in common.
    """
    if labels is None:
        return None
    lengths = as_array(labels, "labels").shape
    if inputs is None:
        return lengths[0] if lengths else None
    common = as_array(inputs, "inputs").shape
    return next((length for length in lengths if length in common), None)
