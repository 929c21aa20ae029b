"""Initial weights: one formula each.

Every initializer draws a matrix [fan_in, fan_out] from a generator that the caller owns, so that
the same generator gives the same weights to every implementation.
"""

import math
from collections.abc import Callable

import numpy as np

# A weight's standard deviation, as a function of a layer's number of inputs and outputs.
_STANDARD_DEVIATIONS: dict[str, Callable[[int, int], float]] = {
    # Keeps the variance of signals and gradients: Glorot and Bengio, "Understanding the difficulty
    # of training deep feedforward neural networks", 2010, equation 12.
    "glorot": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),
    # The same for ReLU, which halves the variance: He et al., "Delving deep into rectifiers", 2015,
    # equation 10.
    "he": lambda fan_in, fan_out: math.sqrt(2 / fan_in),
    # LeCun et al., "Efficient BackProp", 1998, equation 16.
    "lecun": lambda fan_in, fan_out: math.sqrt(1 / fan_in),
}


def initial_weights(
    name: str,
    generator: np.random.Generator,
    fan_in: int,
    fan_out: int,
    scale: float = 1.0,
    rows: int | None = None,
) -> np.ndarray:
    """Draws a layer's initial weights.

    Args:
      name: `glorot_`, `he_` or `lecun_` with `uniform` or `normal`; `fan_in_uniform`, that is
        U(-1/sqrt(fan_in), 1/sqrt(fan_in)), the default of torch's Linear; `glorot_slip`, whose
        standard deviation is what Glorot gives as the variance, a slip that some published nets
        were trained with; `normal`, that is N(0, 1); or `zeros`.
      generator: Where the random numbers come from.
      fan_in: The layer's number of inputs.
      fan_out: The layer's number of outputs.
      scale: A factor on the result: the standard deviation for `normal`.
      rows: How many rows to draw: `fan_in` if None, 1 for a bias.

    Returns:
      float64 [rows, fan_out].

    Raises:
      ValueError: for an unknown name.

    >>> initial_weights("he_normal", np.random.default_rng(0), 784, 128).std().round(3)
    np.float64(0.051)
    """
    shape = (fan_in if rows is None else rows, fan_out)
    family, _, distribution = name.rpartition("_")
    if name == "zeros":
        return np.zeros(shape)
    if name == "normal":
        return scale * generator.standard_normal(shape)
    if name == "glorot_slip":
        return scale * 2 / (fan_in + fan_out) * generator.standard_normal(shape)
    if name == "fan_in_uniform":
        limit = 1 / math.sqrt(fan_in)
        return scale * generator.uniform(-limit, limit, shape)
    if family in _STANDARD_DEVIATIONS and distribution in ("uniform", "normal"):
        standard_deviation = _STANDARD_DEVIATIONS[family](fan_in, fan_out)
        if distribution == "normal":
            return scale * standard_deviation * generator.standard_normal(shape)
        # U(-limit, limit) has the variance limit**2 / 3.
        limit = math.sqrt(3) * standard_deviation
        return scale * generator.uniform(-limit, limit, shape)
    raise ValueError(f"expected the name of an initializer; received {name!r}")
