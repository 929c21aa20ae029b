"""The course's early stopping: at the first rise of the test loss."""

from typing import TYPE_CHECKING, Any

import numpy as np

from tfmlp.experiments.outputs import compute_outputs
from tfmlp.reference.losses import LOSSES, one_hot, softmax
from tfmlp.training.observer import Observer
from tfmlp.training.result import EpochResult

if TYPE_CHECKING:
    from tfmlp.training.loop import Training

_CLIP = 1e-9  # of a probability, before its logarithm is taken


class FirstRise(Observer):
    """Observes a training: looks at the test loss every so many epochs and, when it is higher than
    at the look before, stops the training and rolls the weights back by one epoch.

    Args:
      training: The training, before its first epoch.
      look_every: The number of epochs from one look to the next.
    """

    def __init__(self, training: "Training", look_every: int):
        self._training, self._look_every = training, look_every
        self._last_loss: float | None = None
        # Those of the epoch before the present one: where this family of teaching frameworks
        # copies its model. Rolling back to the look before costs 0.2 points.
        self._weights_before: Any = None

    def on_epoch(self, epoch: EpochResult) -> None:
        """Looks, if it is time, and keeps the weights."""
        if epoch.epoch % self._look_every == 0:
            loss = self._test_loss()
            if self._last_loss is not None and loss > self._last_loss:
                self._training.stop(self._weights_before)
            self._last_loss = loss
        self._weights_before = self._training.backend.get_weights()

    def _test_loss(self) -> float:
        """Returns the test loss as such frameworks compute it.

        Probabilities are clipped, so that a wrong and confident one counts 20 and not hundreds, and
        the cross-entropies of all classes are added. Otherwise the loss of large initial weights
        rises long before the accuracy falls.
        """
        test = self._training.data.test
        outputs = compute_outputs(self._training.model, test)
        if self._training.config.model.output_activation != "linear":
            return float(LOSSES["summed_squared_error"](outputs, test.labels)[0].mean())
        predicted = np.clip(softmax(outputs.astype(np.float64)), _CLIP, 1 - _CLIP)
        truth = one_hot(test.labels, outputs.shape[1], predicted.dtype)
        likelihoods = truth * np.log(predicted) + (1 - truth) * np.log(1 - predicted)
        return -float(likelihoods.sum(axis=1).mean())
