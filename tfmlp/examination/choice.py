"""The choice of a few among many, where all would be too many to keep."""

import numpy as np

from tfmlp.data.rowfile import Array


def evenly(count: int, most: int) -> Array:
    """Returns the numbers of at most `most` things, evenly chosen among `count`, int [<= most].

    >>> evenly(5, 3).tolist(), evenly(2, 3).tolist()
    ([0, 2, 4], [0, 1])
    """
    if count <= most:
        return np.arange(count)
    return np.linspace(0, count - 1, most).astype(np.int64)


def rounded(values: Array) -> list[float]:
    """Returns numbers as JSON has them: seven digits of each, which is what float32 has."""
    return [float(f"{value:.7g}") for value in np.asarray(values, np.float64).tolist()]
