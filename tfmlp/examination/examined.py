"""`Examined`: a training's network as it stands, in NumPy and float32, on the training's data."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from tfmlp import plan
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import Array
from tfmlp.reference.trained import make_trained_network
from tfmlp.training.assembly import make_reference_loss, plan_for
from tfmlp.training.backend import Arrays
from tfmlp.training.numpy_examples import PreparedExamples

_TYPE = np.dtype(np.float32)
_FLOATS_AT_A_TIME = 1 << 21
# Moments that a Keras model has among its weights.
_MOMENTS = "preprocessing/mean", "preprocessing/deviation"


class Examined:
    """A network on a dataset.

    Args:
      config: The configuration that it was trained by.
      data: The dataset.
      weights: As `Backend.get_weights` returns them.

    Attributes:
      config, data: As they were given.
      network: The `Network`, for inference.
      examples: The examples as it takes them.
    """

    def __init__(self, config: Config, data: Dataset, weights: Arrays):
        self.config, self.data = config, data
        self._plan = plan_for(config, data)
        # Of dropout, only the course's form does anything at inference.
        layers = [
            spec
            for spec in self._plan.layers
            if not isinstance(spec, plan.Dropout) or spec.form == "course"
        ]
        described = dataclasses.replace(self._plan, layers=tuple(layers))
        loss = make_reference_loss(config, data)
        self.network = make_trained_network(described, weights, _TYPE, loss)
        # A Keras model has measured them; to read a large file again would take long.
        moments = None
        if all(name in weights for name in _MOMENTS):
            moments = weights[_MOMENTS[0]], weights[_MOMENTS[1]]
        self.examples = PreparedExamples(config, data, _TYPE, moments)

    @property
    def first_kernel(self) -> Array:
        """The first dense layer's weights, float32 [inputs, units]."""
        first = next(spec for spec in self._plan.layers if isinstance(spec, plan.Dense))
        return self.network.parameters()[f"{first.name}/kernel"]

    def outputs(self, split: str) -> Iterator[tuple[slice, Array]]:
        """Computes the outputs of a split at inference, a part at a time.

        Yields:
          Which examples, and their outputs [b, k].
        """
        widest = max(width for shape in self._plan.kernel_shapes for width in shape)
        size = max(1, _FLOATS_AT_A_TIME // widest)
        for start in range(0, len(self.data.splits[split]), size):
            part = slice(start, start + size)
            features, _ = self.examples.part(split, part)
            yield part, self.network.forward(features)
