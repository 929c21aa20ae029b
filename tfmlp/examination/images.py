"""Images of examples and of weights, small enough to be kept."""

import numpy as np

from tfmlp.data.rowfile import Array, Features
from tfmlp.examination.choice import evenly
from tfmlp.runs.evaluation import FirstLayer
from tfmlp.runs.pixels import encode_pixels, make_smaller, to_bytes

_LARGEST_IMAGE, _LARGEST_UNIT, _MOST_UNITS = 64, 32, 64  # pixels, pixels, units
# The largest of a layer's weights are far from the others: shown in full, they would leave gray.
_SHOWN = 0.999


def is_image(shape: tuple[int, ...]) -> bool:
    """Returns whether an example's features are an image that can be shown."""
    return len(shape) == 3 and shape[-1] in (1, 3)


def pixel_shape(shape: tuple[int, ...]) -> list[int] | None:
    """Returns the shape of an example's pixels, as `as_pixels` makes them, or None."""
    if not is_image(shape):
        return None
    return list(make_smaller(np.zeros((1, *shape), np.uint8), _LARGEST_IMAGE).shape[1:])


def as_pixels(features: Features, chosen: Array) -> list[str] | list[None]:
    """Returns the pixels of some examples; None for each where they are no images.

    Images larger than 64 x 64 are made smaller. Values other than bytes are shown from their lowest
    (at most 0) to their highest.
    """
    if not is_image(features.shape[1:]) or not len(chosen):
        return [None] * len(chosen)
    images = make_smaller(features[chosen], _LARGEST_IMAGE)
    if images.dtype != np.uint8:
        images = to_bytes(images, min(float(images.min()), 0.0), float(images.max()))
    return [encode_pixels(image) for image in images]


def first_layer_images(kernel: Array, shape: tuple[int, ...]) -> FirstLayer | None:
    """Returns a first layer's weights as images, of at most 64 units, evenly chosen.

    Args:
      kernel: float [inputs, units].
      shape: Of an example's features; None is returned where they are no images.
    """
    if not is_image(shape):
        return None
    units = kernel[:, evenly(kernel.shape[1], _MOST_UNITS)].T
    images = make_smaller(units.reshape(-1, *shape), _LARGEST_UNIT)
    limit = float(np.quantile(np.abs(images), _SHOWN))
    pixels = [encode_pixels(image) for image in to_bytes(images, -limit, limit)]
    return FirstLayer(list(images.shape[1:]), -limit, limit, pixels)
