"""From raw inputs to the rows a network sees."""

import math
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

_ROWS_AT_A_TIME = 4096  # so that a large uint8 set is never held as float64


class Examples(Protocol):
    """An array, or what is read from a file when it is sliced."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, the number of examples first."""

    @property
    def dtype(self) -> np.dtype:
        """The type."""

    @property
    def ndim(self) -> int:
        """The number of dimensions."""

    def __len__(self) -> int:
        """The number of examples."""

    def __getitem__(self, part: slice, /) -> Any:
        """Some of the examples, as an array."""


def _pieces(features: Examples) -> Iterator[np.ndarray]:
    return (
        features[start : start + _ROWS_AT_A_TIME]
        for start in range(0, len(features), _ROWS_AT_A_TIME)
    )


def _byte_sums(values: np.ndarray) -> tuple[int, int]:
    """Returns the sums of bytes and of their squares; float32 is exact for 256 of them at a time,
    and a tenth of the work of float64 passes.
    """
    flat = np.pad(values.reshape(-1), (0, -values.size % 256)).astype(np.float32).reshape(-1, 256)
    return int(flat.sum(axis=1).sum(dtype=np.float64)), int(
        np.einsum("ij,ij->i", flat, flat).sum(dtype=np.float64)
    )


def moments(features: Examples, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and (population) standard deviation over some axes, the first among them, as
    float64.

    Args:
      features: [n, ...], any numeric type.
      axes: Which axes to take them over; must include 0.
    """
    count = math.prod(features.shape[axis] for axis in axes)
    if features.dtype == np.uint8 and len(axes) == features.ndim:
        total, squares = np.sum(
            [_byte_sums(piece) for piece in _pieces(features)], axis=0, dtype=object
        )
        return np.asarray(total / count), np.sqrt((squares * count - total * total) / count**2)
    mean = sum(piece.sum(axis=axes, dtype=np.float64) for piece in _pieces(features)) / count
    variance = (
        sum(np.square(piece - mean).sum(axis=axes, dtype=np.float64) for piece in _pieces(features))
        / count
    )
    return np.asarray(mean), np.sqrt(variance)


def training_moments(features: Examples) -> tuple[np.ndarray, np.ndarray]:
    """Returns what "standardize" subtracts and divides by: one pair for images [n, h, w, c], one a
    column for tables [n, d].

    A column has a unit of its own, a pixel does not. Where the standard deviation is 0 it is given
    as 1, so that a constant column becomes 0 and not NaN.
    """
    axes = (0,) if features.ndim == 2 else tuple(range(features.ndim))
    mean, standard_deviation = moments(features, axes)
    return mean, np.where(standard_deviation > 0, standard_deviation, 1.0)


def preprocess(
    kind: str,
    features: np.ndarray,
    dtype: np.dtype | type,
    mean: np.ndarray,
    standard_deviation: np.ndarray,
) -> np.ndarray:
    """Returns rows [n, d] of raw features [n, ...].

    Args:
      kind: "none"; "scale": divided by 255; "standardize": (x - mean) / standard deviation;
        "per_image": each example by its own mean and standard deviation.
      features: Raw features.
      dtype: Type of the result.
      mean, standard_deviation: As `training_moments` gives them; used by "standardize" only.
    """
    dtype = np.dtype(dtype)
    rows = features.reshape(len(features), -1).astype(dtype)
    if kind == "scale":
        rows /= 255
    elif kind == "standardize":
        rows -= mean.astype(dtype)
        rows /= standard_deviation.astype(dtype)
    elif kind == "per_image":
        rows -= rows.mean(axis=1, keepdims=True)
        # An image of one color has no standard deviation; 1/sqrt(count) is the least divisor.
        least = dtype.type(1 / math.sqrt(rows.shape[1]))
        rows /= np.maximum(np.sqrt(np.square(rows).mean(axis=1, keepdims=True)), least)
    return rows
