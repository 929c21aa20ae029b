"""What NumPy makes of a user's values."""

from typing import Any

import numpy as np
import numpy.typing as npt

from tfmlp.errors import ConfigError

Array = npt.NDArray[Any]


def as_array(value: Any, name: str = "a value") -> Array:
    """Returns a value as an array of whatever type it has; a tensor through its own `numpy()`.

    Args:
      value: A number, an array, a tensor or nested lists.
      name: What the value is called in an error.

    Raises:
      ConfigError: when it cannot be converted, such as lists of different lengths.
    """
    try:
        if is_torch(value):  # it may keep track of its gradient
            value = value.detach().cpu()
        return np.asarray(value.numpy() if hasattr(value, "numpy") else value)
    except Exception as error:  # a user's object converts itself, and may raise what it likes
        raise ConfigError(_expected(value, name)) from error


def parameter(value: Any, name: str) -> tuple[Array, Any]:
    """Returns a parameter as a contiguous float64 copy, and the type that it has.

    Raises:
      ConfigError: when it is not of numbers.
    """
    array = as_array(value, name)
    if array.dtype.kind not in "fiu":
        raise ConfigError(
            f"{name}: expected numbers; received {array.dtype}: give arrays of numbers only."
        )
    return np.array(array, np.float64, order="C"), array.dtype


def is_torch(value: Any) -> bool:
    """Whether something is a PyTorch tensor; others have a `detach`, too, such as open files."""
    return type(value).__module__.split(".")[0] == "torch" and hasattr(value, "detach")


def is_tensorflow(value: Any) -> bool:
    """Whether something is a variable of TensorFlow."""
    return hasattr(value, "assign") and hasattr(value, "numpy")


def numbers(value: Any, name: str = "a value") -> Array:
    """Returns a value as a float64 array; None is NaN. Arguments and errors as in `as_array`."""
    array = as_array(value, name)
    try:
        return np.asarray(array, np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigError(_expected(value, name)) from error


def squeezed(array: Array) -> Array:
    """Returns the array without axes of length 1: a bias may lie as [k], [1, k] or [k, 1]."""
    return array.reshape([length for length in array.shape if length > 1])


def _expected(value: Any, name: str) -> str:
    return (
        f"{name}: expected numbers; received {type(value).__name__}: use a NumPy array, a tensor"
        " or lists of equal lengths."
    )
