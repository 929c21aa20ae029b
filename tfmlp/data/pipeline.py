"""A split and an order as a `tf.data.Dataset` of batches."""

import numpy as np
import tensorflow as tf

from tfmlp.data.augment import Augmentation


def make_batches(
    features: tf.Tensor,
    labels: tf.Tensor,
    order: np.ndarray,
    batch_size: int,
    *,
    drop_remainder: bool = False,
    augmentation: Augmentation | None = None,
    first_step: int = 0,
) -> tf.data.Dataset:
    """Makes the batches of one epoch: the order cut into pieces, each gathered at once.

    Args:
      features: [n, ...].
      labels: [n].
      order: int32 [n], which row comes when, as `seeds.row_order` draws it.
      batch_size: Rows in a batch.
      drop_remainder: Whether to leave out the short last batch.
      augmentation: Called with (features of a batch, step).
      first_step: The number of the first batch's step, counted over the whole run, for the augmentation.

    Returns:
      A dataset of (features [b, ...], labels [b]), in order, prefetched.
    """

    def gather(step: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch = tf.gather(features, rows)
        if augmentation is not None:
            batch = augmentation(batch, step)
        return batch, tf.gather(labels, rows)

    batches = tf.data.Dataset.from_tensor_slices(order).batch(batch_size, drop_remainder=drop_remainder)
    return batches.enumerate(first_step).map(gather, num_parallel_calls=2, deterministic=True).prefetch(tf.data.AUTOTUNE)
