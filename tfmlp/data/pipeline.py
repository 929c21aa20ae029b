"""A split and an order as a `tf.data.Dataset` of batches."""

import numpy as np
import tensorflow as tf

from tfmlp.data.rowfile import RowFile


def make_batches(
    features: np.ndarray | RowFile | tf.Tensor,
    labels: np.ndarray | tf.Tensor,
    order: np.ndarray,
    batch_size: int,
    *,
    drop_remainder: bool = False,
) -> tf.data.Dataset:
    """Makes the batches of one epoch: the order cut into pieces, each gathered at once.

    Args:
      features: [n, ...], in memory or in a file.
      labels: [n].
      order: int32 [n], which row comes when, as `seeds.row_order` draws it.
      batch_size: Rows in a batch.
      drop_remainder: Whether to leave out the short last batch.

    Returns:
      A dataset of (features [b, ...], labels [b]), in order, prefetched.
    """
    read = _reader(features)
    labels = tf.convert_to_tensor(labels)
    batches = tf.data.Dataset.from_tensor_slices(order).batch(
        batch_size, drop_remainder=drop_remainder
    )
    return batches.map(
        lambda rows: (read(rows), tf.gather(labels, rows)), num_parallel_calls=2, deterministic=True
    ).prefetch(2)


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
