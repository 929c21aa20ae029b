"""Pixels: images as text, for JSON."""

import base64
import binascii
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def encode_pixels(image: Array) -> str:
    """Returns an image of bytes, uint8 [h, w, c], as text."""
    return base64.b64encode(np.ascontiguousarray(image).tobytes()).decode("ascii")


def decode_pixels(text: str, shape: Sequence[int]) -> Array:
    """Returns the image that `encode_pixels` wrote, uint8 in the shape.

    Raises:
      ValueError: when the text is not such an image.

    >>> decode_pixels(encode_pixels(np.uint8([[[0], [255]]])), (1, 2, 1)).ravel().tolist()
    [0, 255]
    """
    try:
        pixels = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    except (binascii.Error, ValueError):
        raise ValueError("expected pixels as base64") from None
    if pixels.size != math.prod(shape):
        raise ValueError(f"expected {math.prod(shape):,} pixels; received {pixels.size:,}")
    return pixels.reshape(shape)


def to_bytes(images: Array, low: float, high: float) -> Array:
    """Returns values as uint8 in the same shape: `low` and below as 0, `high` and above as 255."""
    shares = (images.astype(np.float32) - low) / ((high - low) or 1)
    return np.rint(255 * np.clip(shares, 0, 1)).astype(np.uint8)


def make_smaller(images: Array, side: int) -> Array:
    """Returns images whose sides are at most `side` pixels: means of square blocks of pixels.

    Images that are small enough stay as they are.

    Args:
      images: [n, h, w, c].
      side: The largest height and width.
    """
    count, height, width, channels = images.shape
    block = math.ceil(max(height, width) / side)
    if block <= 1:
        return images
    # The last rows and columns are repeated up to a whole block.
    padding = (0, 0), (0, -height % block), (0, -width % block), (0, 0)
    padded = np.pad(images.astype(np.float32), padding, mode="edge")
    rows, columns = padded.shape[1] // block, padded.shape[2] // block
    blocks = padded.reshape(count, rows, block, columns, block, channels)
    means: Array = blocks.mean(axis=(2, 4))
    return np.rint(means).astype(np.uint8) if images.dtype == np.uint8 else means
