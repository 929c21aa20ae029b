"""What a user gives to a model: its arguments, and the shape of its inputs."""

import dataclasses
import math
import numbers
import reprlib
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfmlp.errors import ConfigError, DataError
from tfmlp.knobs import check_value
from tfmlp.settings.runtime import RuntimeConfig

_DTYPES = ("float16", "bfloat16", "float32", "float64")
_SEED = next(one for one in dataclasses.fields(RuntimeConfig) if one.name == "seed")


def units_of_layers(hidden_units: Any) -> Any:
    """Returns the units of each hidden layer of a model, where they can be told apart.

    >>> units_of_layers(64), units_of_layers(range(2, 4)), units_of_layers("abc")
    ((64,), (2, 3), 'abc')
    """
    if isinstance(hidden_units, numbers.Real) and not isinstance(hidden_units, bool):
        return (hidden_units,)
    is_row = isinstance(hidden_units, Iterable) and not isinstance(hidden_units, str | bytes | dict)
    return tuple(hidden_units) if is_row else hidden_units


def check_arguments(num_classes: Any, seed: Any, dtype: Any) -> None:
    """Checks those arguments of a model that are no options of the network.

    Raises:
      ConfigError: when one is of another type or out of its range.
    """
    if not isinstance(num_classes, numbers.Integral) or not 1 <= int(num_classes) <= 10**6:
        raise ConfigError(
            "MLP: num_classes must be a whole number, at least 1 and at most 1,000,000; received"
            f" {reprlib.repr(num_classes)}."
        )
    try:
        check_value(_SEED, seed)
    except ConfigError as error:
        raise ConfigError(f"MLP: {error}") from None
    try:
        policy = keras.dtype_policies.get(dtype)
        is_known = policy is None or policy.compute_dtype in _DTYPES
    except Exception:  # Keras raises whatever the name led it to
        is_known = False
    if not is_known:
        raise ConfigError(
            "MLP: dtype must be 'float32', 'float64' or 'mixed_bfloat16'; received"
            f" {reprlib.repr(dtype)}."
        )


def require_examples(inputs: Any, feature_shape: tuple[int, ...]) -> None:
    """Refuses inputs that are no batch of a model's examples.

    Args:
      inputs: An array or a tensor [n, ...], in which images of one channel may lack it.
      feature_shape: The shape of one example.

    Raises:
      DataError: when an example has another shape.
    """
    shape = getattr(inputs, "shape", None)
    if isinstance(shape, tf.TensorShape) and shape.rank is None:  # while Keras traces
        return
    shape = tuple(np.shape(inputs) if shape is None else shape)
    forms = [feature_shape, (math.prod(feature_shape),)]
    if len(feature_shape) == 3 and feature_shape[-1] == 1:
        forms.append(feature_shape[:-1])
    if any(_fits(shape[1:], form) for form in forms):
        return
    expected = ", ".join(["n", *map(str, feature_shape)])
    is_single = any(_fits(shape, form) for form in forms)
    cure = "for a single example, add an axis: x[None]" if is_single else "use data of this shape"
    received = ", ".join("n" if length is None else str(length) for length in shape)
    raise DataError(
        f"expected examples as the model was trained on, of shape [{expected}]; received"
        f" [{received}]: {cure}."
    )


def _fits(shape: tuple[int | None, ...], form: tuple[int, ...]) -> bool:
    return len(shape) == len(form) and all(a is None or a == b for a, b in zip(shape, form))
