"""Examples as the reference network takes them: augmented, preprocessed, standardized."""

import math
from collections.abc import Callable

import numpy as np

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.reference.preprocessing import preprocess, training_moments
from tfmlp.training.assembly import make_config_augmentation, plan_for

# Features, labels, and weights or None.
Batch = tuple[np.ndarray, np.ndarray, np.ndarray | None]
# Bytes of preprocessed examples that are kept; above, each batch is preprocessed when it is used.
_KEPT_BYTES = 2**31


class PreparedExamples:
    """A dataset's examples preprocessed, with standardized targets where the network learns those.

    Args:
      config: The configuration.
      data: The dataset.
      dtype: The type of the network's inputs.
      moments: As `training_moments` gives them; None: they are measured where they are needed.

    Attributes:
      unit: The target's standard deviation, if the network learns standardized targets; else 1.
    """

    def __init__(
        self,
        config: Config,
        data: Dataset,
        dtype: np.dtype,
        moments: tuple[np.ndarray, np.ndarray] | None = None,
    ):
        self._data, self._dtype = data, dtype
        self._kind = config.model.preprocessing
        if moments is None and self._kind == "standardize":
            moments = training_moments(data.train.features)
        self._moments = moments or (np.zeros(()), np.ones(()))
        # The network learns (label - mean) / unit.
        self._mean, self.unit = 0.0, 1.0
        if plan_for(config, data).standardize_target:
            mean, unit = training_moments(data.train.labels[:, np.newaxis])
            self._mean, self.unit = dtype.type(mean[0]), dtype.type(unit[0])

    def part(self, split: str, part: slice | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns features [b, d] and labels [b] of a part of "train", "validation" or "test"."""
        examples = self._data.splits[split]
        return self._preprocess(examples.features[part]), self._standardize(examples.labels[part])

    def in_unit(self, outputs: np.ndarray) -> np.ndarray:
        """Returns a regression network's outputs in the target's unit."""
        values: np.ndarray = outputs * self.unit + self._mean
        return values

    def _preprocess(self, features: np.ndarray) -> np.ndarray:
        return preprocess(self._kind, features, self._dtype, *self._moments)

    def _standardize(self, labels: np.ndarray) -> np.ndarray:
        if labels.dtype.kind in "iu":
            return labels
        standardized: np.ndarray = (labels.astype(self._dtype) - self._mean) / self.unit
        return standardized


class NumpyExamples(PreparedExamples):
    """A dataset as the reference network trains on it.

    Args:
      config, data, dtype: As for `PreparedExamples`.
    """

    def __init__(self, config: Config, data: Dataset, dtype: np.dtype):
        super().__init__(config, data, dtype)
        self._augment = _make_augmentation(config, data)
        size = len(data.train) * math.prod(data.feature_shape) * dtype.itemsize
        self._kept: np.ndarray | None = None
        if self._augment is None and size <= _KEPT_BYTES:
            self._kept = self._preprocess(data.train.features[:])
            most = min(config.optimization.batch_size, len(data.train))
            self._batch = np.empty((most, self._kept.shape[1]), dtype)

    def batch(self, chosen: np.ndarray, step: int) -> Batch:
        """Returns some training examples; good until the next call.

        Args:
          chosen: Their numbers, int [b].
          step: The number of steps done before, which decides the augmentation.

        Returns:
          Features [b, d], labels [b], and weights [b] where the examples have some.
        """
        train = self._data.train
        labels = self._standardize(train.labels[chosen])
        weights = None if train.weights is None else train.weights[chosen]
        if self._kept is not None:
            # Into the same memory every time; "clip" because with NumPy's default mode it would go
            # through a copy.
            out = self._batch[: len(chosen)]
            return self._kept.take(chosen, axis=0, out=out, mode="clip"), labels, weights
        features = train.features[chosen]
        if self._augment is not None:
            features = self._augment(features, step)
        return self._preprocess(features), labels, weights


def _make_augmentation(
    config: Config, data: Dataset
) -> Callable[[np.ndarray, int], np.ndarray] | None:
    augment = make_config_augmentation(config, data)
    if augment is None:
        return None
    import tensorflow as tf

    def augmented(images: np.ndarray, step: int) -> np.ndarray:
        result: np.ndarray = augment(tf.constant(images), tf.constant(step)).numpy()
        return result

    return augmented
