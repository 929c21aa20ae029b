"""Random bits of one stream, as TensorFlow draws them."""

import tensorflow as tf

from tfmlp import seeds


class RandomBits:
    """Bits as a function of (seed, stream, index; step, position, column).

    Args:
      seed: int in [0, 2**32).
      stream: What they are for.
      index: A number in it, such as the layer's.
      columns: How many words each example gets.

    Attributes:
      variables: What the hash begins with. Variables, since a function that is traced for one seed
        is then good for all: TensorFlow makes small constants parts of it.
    """

    def __init__(self, seed: int, stream: seeds.Stream, index: int, columns: int):
        key = seeds.stream_key(seed, stream, index)
        with tf.init_scope():
            words = key, seeds.column_words(key, columns)
            self.variables = [tf.Variable(word, trainable=False) for word in words]

    def draw(self, step: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
        """Returns uint32 [b, columns].

        Args:
          step: integer scalar, the step, from 0 over the whole run.
          positions: integer [b], the examples' positions in the global batch.
        """
        key, columns = self.variables
        step, positions = tf.cast(step, tf.uint32), tf.cast(positions, tf.uint32)
        return seeds.counter_bits(key, columns, step, positions, tf.bitwise.right_shift)
