"""The values of Keras variables, read and written in a tenth of the time that Keras takes.

An epoch of a small net takes a millisecond; Keras' way takes 0.1 for each of twenty variables.
"""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf


class Variables:
    """Variables by name.

    Args:
      named: The variables.
    """

    def __init__(self, named: Mapping[str, keras.Variable]):
        self.shapes = {name: tuple(variable.shape) for name, variable in named.items()}
        self._places = {name: (one.handle, one.value.dtype) for name, one in named.items()}
        self._variables = list(named.values())  # whose handles die with them

    def read(self) -> dict[str, np.ndarray]:
        """Returns a copy of each value, by name."""
        read = tf.raw_ops.ReadVariableOp
        return {
            name: read(resource=handle, dtype=dtype).numpy()
            for name, (handle, dtype) in self._places.items()
        }

    def write(self, values: Mapping[str, np.ndarray | tf.Tensor]) -> None:
        """Sets the variables that are named."""
        for name, value in values.items():
            handle, dtype = self._places[name]
            value = tf.convert_to_tensor(value, dtype)
            tf.raw_ops.AssignVariableOp(resource=handle, value=value)
