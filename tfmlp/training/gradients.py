"""A train step's loss and gradients, for whoever wants to look at them: the step is not taken."""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tfmlp.training.losses import PerExampleLoss, weighted
from tfmlp.training.step import make_train_step


class Gradients(NamedTuple):
    """What a train step computes before it changes the weights.

    Attributes:
      loss: The loss with penalties, a scalar.
      gradients: One per trainable variable; None for one that the loss does not depend on.
      outputs: [b, k].
      losses: The per-example losses, [b].
    """

    loss: tf.Tensor
    gradients: list[tf.Tensor | None]
    outputs: tf.Tensor
    losses: tf.Tensor


class _Keeper:
    """In the place of an optimizer: keeps the gradients that it is handed."""

    built = True

    def __init__(self, iterations: tf.Variable):
        self.iterations = iterations

    def scale_loss(self, loss: tf.Tensor) -> tf.Tensor:
        return loss

    def apply(self, gradients: list[tf.Tensor | None], variables: Any) -> None:
        self.gradients = gradients


def compute_gradients(
    model: keras.Model,
    step: tf.Variable,
    per_example_loss: PerExampleLoss,
    features: tf.Tensor,
    labels: tf.Tensor,
    sample_weight: tf.Tensor | None = None,
) -> Gradients:
    """Runs the very train step of `make_train_step` forward and back, without its update.

    Args:
      model: A built Keras model.
      step: The number of steps done before, by which dropout draws its masks.
      per_example_loss: (labels, outputs) -> [b].
      features: [b, ...].
      labels: [b].
      sample_weight: What each example's loss counts, [b]; None: all the same.
    """
    kept: list[tf.Tensor] = []

    def keeping_loss(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        kept[:] = [outputs, per_example_loss(labels, outputs)]
        return kept[1]

    keeper = _Keeper(step)
    step = make_train_step(model, keeper, keeping_loss)
    loss = step.python_function(features, labels, sample_weight)
    outputs, losses = kept
    return Gradients(loss, keeper.gradients, outputs, weighted(losses, sample_weight))
