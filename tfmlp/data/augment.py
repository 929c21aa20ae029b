"""Random changes of training images, as functions of (seed, step, position in the batch).

The same examples at the same step get the same changes in every engine, and nothing has to be saved
to resume.
"""

import numpy as np
import tensorflow as tf

from tfmlp import seeds
from tfmlp.data.random_bits import RandomBits


class Augmentation:
    """What is done to a batch of images.

    Args:
      seed: int in [0, 2**32).
      shift: Largest shift in pixels, each way; all shifts are equally likely, and the edge's pixels
        are repeated.
      invert: Probability that an image's pixels p become 255 - p.

    Attributes:
      bits: What it draws from.
    """

    def __init__(self, seed: int, shift: int = 0, invert: float = 0.0):
        self._shift, self._invert = shift, invert
        self.bits = RandomBits(seed, seeds.Stream.AUGMENTATION, 0, 3)

    def __call__(self, images: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Returns images of the same type and shape.

        Args:
          images: uint8 or float32 [b, h, w, c].
          step: An integer, counted from 0 over the whole run.
        """
        bits = self.bits.draw(step, tf.range(tf.shape(images)[0]))
        if self._shift:
            offsets = _uniform_integers(bits[:, :2], 2 * self._shift + 1) - self._shift
            images = _shift(images, offsets)
        if self._invert:
            chosen = bits[:, 2] < np.uint32(seeds.keep_threshold(self._invert))
            inverted = tf.cast(255, images.dtype) - images
            images = tf.where(chosen[:, None, None, None], inverted, images)
        return images


def _uniform_integers(bits: tf.Tensor, count: int) -> tf.Tensor:
    """Returns int32 in [0, count) from random words: the product's high bits (D.

    Lemire, 2019), here of 16-bit halves.
    """
    halves = tf.bitwise.right_shift(bits, np.uint32(16))
    return tf.cast(tf.bitwise.right_shift(halves * np.uint32(count), np.uint32(16)), tf.int32)


def _shift(images: tf.Tensor, offsets: tf.Tensor) -> tf.Tensor:
    """Moves each image by its own (down, right) offset, int32 [b, 2], repeating the pixels of the
    edge.
    """
    height, width = images.shape[1], images.shape[2]
    rows = tf.clip_by_value(tf.range(height)[None, :] - offsets[:, :1], 0, height - 1)
    columns = tf.clip_by_value(tf.range(width)[None, :] - offsets[:, 1:], 0, width - 1)
    return tf.gather(tf.gather(images, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)
