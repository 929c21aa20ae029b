"""The train step and the test step. The only place with a `GradientTape`.

    step = make_train_step(model, optimizer, "cross_entropy", [keras.metrics.Mean("loss"),
    keras.metrics.SparseCategoricalAccuracy()]) loss = step(images, labels)

Works with any built Keras model and any Keras optimizer.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfmlp.errors import ConfigError
from tfmlp.model.dense import Products
from tfmlp.model.layers import counters
from tfmlp.training.losses import PerExampleLoss, find_loss


class Step:
    """A `tf.function` of (features [b, ...], labels [b]) that is traced once, whatever b is.

    tf.function by itself traces anew for the short last batch. Here the first call traces for
    batches of any length, and later calls find that trace. Every other attribute, such as
    `experimental_get_tracing_count`, is the `tf.function`'s own.

    Attributes:
      function: The `tf.function`.
    """

    def __init__(self, python_function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]):
        self.function = tf.function(python_function)
        self._traced: set[tuple] = set()

    def __call__(self, features: Any, labels: Any) -> tf.Tensor:
        features, labels = tf.convert_to_tensor(features), tf.convert_to_tensor(labels)
        signature = tuple(
            tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype) for tensor in (features, labels)
        )
        if signature not in self._traced:
            self.function.get_concrete_function(*signature)
            self._traced.add(signature)
        return self.function(features, labels)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)


def make_train_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: str | PerExampleLoss = "cross_entropy",
    metrics: Sequence[keras.metrics.Metric] = (),
    compile_update: bool = False,
) -> Step:
    """Makes the step that changes the weights.

    The loss is the sum of per-example losses over the number of examples in the global batch, so it
    and its gradient are the plain mean on one device and stay so with any number of replicas and a
    short last batch. Penalties of layers (`model.losses`) are added to it.

    Args:
      model: A built Keras model, from features [b, ...] to outputs [b, k]; logits for
        "cross_entropy".
      optimizer: A Keras optimizer; built here for the model's variables if it is not.
      loss: "cross_entropy", "squared_error", or a function of (labels, outputs) that returns one
        loss per example, [b].
      metrics: Keras metrics to update. `keras.metrics.Mean` receives the per-example losses, every
        other one (labels, outputs).
      compile_update: Whether XLA compiles the optimizer's update, into one pass over each weight.
        Pays for wide layers; rounding differs in the last digit.

    Returns:
      A step: (features, labels) -> loss, a scalar.

    Raises:
      ConfigError: for an unbuilt model, an unknown loss, or (at the first call) a loss that is not
        per example.
    """
    _require_built(model)
    per_example_loss = find_loss(loss)
    if not optimizer.built:
        optimizer.build(model.trainable_variables)

    def update(gradients: list[tf.Tensor]) -> None:
        variables = model.trainable_variables
        optimizer.apply(
            [
                tf.cast(gradient, variable.dtype)
                for gradient, variable in zip(gradients, variables, strict=True)
            ],
            variables,
        )

    if compile_update:
        update = tf.function(update, jit_compile=True)

    def train_step(features: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        value, gradients, outputs, per_example = compute_gradients(
            model,
            optimizer.iterations,
            per_example_loss,
            features,
            labels,
            as_computed=compile_update,
        )
        update(gradients)
        _update(metrics, labels, outputs, per_example)
        return value

    return Step(train_step)


def compute_gradients(
    model: keras.Model,
    counter: tf.Variable,
    per_example_loss: PerExampleLoss,
    features: tf.Tensor,
    labels: tf.Tensor,
    as_computed: bool = False,
) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor, tf.Tensor]:
    """Runs the model forward and back, as a train step does before it changes the weights.

    Args:
      model: A built Keras model.
      counter: The number of steps done before, by which dropout draws its masks.
      per_example_loss: (labels, outputs) -> [b].
      features: [b, ...].
      labels: [b].
      as_computed: Whether gradients of `Dense` layers stay in the type of the matrix products,
        where that is a shorter one than the weights'.

    Returns:
      The loss with penalties, a scalar; its gradients, one per trainable variable; the outputs [b,
      k]; the per-example losses [b].
    """
    replica = tf.distribute.get_replica_context()
    with tf.GradientTape() as tape, Products(model.layers if as_computed else ()) as products:
        with counters(counter, tf.range(tf.shape(features)[0])):
            outputs = model(features, training=True)
        per_example = _checked(per_example_loss(labels, outputs), per_example_loss)
        count = replica.all_reduce(tf.distribute.ReduceOp.SUM, tf.shape(per_example)[0])
        value = tf.reduce_sum(per_example) / tf.cast(count, per_example.dtype)
        for penalty in model.losses:
            value += tf.cast(penalty, value.dtype) / replica.num_replicas_in_sync
    variables = model.trainable_variables
    gradients = tape.gradient(value, [products.source(variable) for variable in variables])
    return value, list(map(products.gradient, variables, gradients)), outputs, per_example


def make_test_step(
    model: keras.Model,
    loss: str | PerExampleLoss = "cross_entropy",
    metrics: Sequence[keras.metrics.Metric] = (),
    preprocessed: bool = False,
) -> Step:
    """Makes the step that only looks: the model runs as at inference, metrics are updated, weights
    are left alone.

    Args and raises: as for `make_train_step`, and
      preprocessed: Whether the features are what an `MLP`'s preprocessing made of raw ones.

    Returns:
      A step: (features, labels) -> the batch's mean loss, a scalar.
    """
    _require_built(model)
    per_example_loss = find_loss(loss)
    arguments = {"preprocessed": True} if preprocessed else {}  # which only an MLP takes

    def test_step(features: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        outputs = model(features, training=False, **arguments)
        per_example = _checked(per_example_loss(labels, outputs), per_example_loss)
        _update(metrics, labels, outputs, per_example)
        return tf.reduce_mean(per_example)

    return Step(test_step)


def _require_built(model: keras.Model) -> None:
    if not model.built:
        raise ConfigError(
            f"{model.name} has no weights yet, so the step could train none: call"
            " model.build((None, 28, 28, 1)), with your inputs' shape, or call the model on one"
            " batch, before making a step."
        )


def _checked(per_example: tf.Tensor, loss: PerExampleLoss) -> tf.Tensor:
    if per_example.shape.rank != 1:
        raise ConfigError(
            "the loss must return one value per example, shape [b];"
            f" {getattr(loss, '__name__', type(loss).__name__)} returned the shape"
            f" {per_example.shape}. A Keras loss object needs reduction='none'."
        )
    return per_example


def _update(
    metrics: Sequence[keras.metrics.Metric],
    labels: tf.Tensor,
    outputs: tf.Tensor,
    per_example: tf.Tensor,
) -> None:
    for metric in metrics:
        if type(metric) is keras.metrics.Mean:
            metric.update_state(per_example)
        else:
            metric.update_state(labels, outputs)
