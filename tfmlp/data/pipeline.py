"""A split and an order as a `tf.data.Dataset` of batches."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfmlp.data.rowfile import Array, Features, RowFile


def make_batches(
    features: Features | tf.Tensor,
    labels: Array | tf.Tensor,
    order: Array,
    batch_size: int,
    *,
    weights: Sequence[Array] = (),
    drop_remainder: bool = False,
) -> tf.data.Dataset:
    """Makes the batches of one epoch: the order cut into pieces, each gathered at once.

    Args:
      features: [n, ...], in memory or in a file.
      labels: [n].
      order: int32 [n], the numbers of the examples, as `seeds.row_order` draws them.
      batch_size: Examples in a batch.
      weights: What else comes with each example, arrays [n].
      drop_remainder: Whether to leave out the short last batch.

    Returns:
      A dataset of (features [b, ...], labels [b], *weights [b]), in order, prefetched.
    """
    read = _reader(features)
    others = [tf.convert_to_tensor(one) for one in (labels, *weights)]
    batches = tf.data.Dataset.from_tensor_slices(order).batch(
        batch_size, drop_remainder=drop_remainder
    )
    return batches.map(
        lambda numbers: (read(numbers), *(tf.gather(one, numbers) for one in others)),
        num_parallel_calls=2,
        deterministic=True,
    ).prefetch(2)


def _reader(features: Features | tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns a function from the numbers of examples, int32 [b], to their features [b, ...]."""
    if not isinstance(features, RowFile):
        resident = tf.convert_to_tensor(features)
        return lambda numbers: tf.gather(resident, numbers)

    def read(numbers: tf.Tensor) -> tf.Tensor:
        batch = tf.numpy_function(features.__getitem__, [numbers], features.dtype, stateful=False)
        batch.set_shape([numbers.shape[0], *features.shape[1:]])
        return batch

    return read
