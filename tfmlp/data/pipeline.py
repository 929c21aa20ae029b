"""A split and an order as a `tf.data.Dataset` of batches."""

import numpy as np
import tensorflow as tf

from tfmlp.data.augment import Augmentation
from tfmlp.data.rowfile import RowFile


def make_batches(
    features: np.ndarray | RowFile | tf.Tensor,
    labels: np.ndarray | tf.Tensor,
    order: np.ndarray,
    batch_size: int,
    *,
    batches_at_a_time: int = 1,
    drop_remainder: bool = False,
    augmentation: Augmentation | None = None,
    first_step: int = 0,
) -> tf.data.Dataset:
    """Makes the batches of one epoch: the order cut into pieces, each gathered at once.

    Args:
      features: [n, ...], in memory or in a file.
      labels: [n].
      order: int32 [n], which row comes when, as `seeds.row_order` draws it.
      batch_size: Rows in a batch.
      batches_at_a_time: How many batches are gathered into one element, one after the other.
      drop_remainder: Whether to leave out the short last batch.
      augmentation: Called with (features [b, ...], step of each row [b], position of each row in its batch [b]).
      first_step: The number of the first batch's step, counted over the whole run, for the augmentation.

    Returns:
      A dataset of (features [b, ...], labels [b]), in order, prefetched.
    """
    if drop_remainder:
        order = order[: len(order) - len(order) % batch_size]
    piece = batch_size * batches_at_a_time
    read = _reader(features)
    labels = tf.convert_to_tensor(labels)

    def gather(number: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch = read(rows)
        if augmentation is not None:
            place = tf.range(tf.shape(rows)[0])
            step = first_step + tf.cast(number, tf.int32) * batches_at_a_time + place // batch_size
            batch = augmentation(batch, step, place % batch_size)
        return batch, tf.gather(labels, rows)

    return tf.data.Dataset.from_tensor_slices(order).batch(piece).enumerate().map(gather, num_parallel_calls=2, deterministic=True).prefetch(2)


def _reader(features: np.ndarray | RowFile | tf.Tensor):
    """Returns a function from row numbers int32 [b] to their features [b, ...]."""
    if isinstance(features, RowFile):

        def read(rows: tf.Tensor) -> tf.Tensor:
            batch = tf.numpy_function(features.__getitem__, [rows], features.dtype, stateful=False)
            batch.set_shape([rows.shape[0], *features.shape[1:]])
            return batch

        return read
    resident = tf.convert_to_tensor(features)
    return lambda rows: tf.gather(resident, rows)
