"""From a configuration and data to what trains: model, optimizer, loss, augmentation.

The only place that does so. TensorFlow is imported where a Keras model is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.schema import Schema
from tfmlp.errors import ConfigError
from tfmlp.plan import Plan, make_plan
from tfmlp.reference.interpreter import Draw, make_network
from tfmlp.reference.losses import Loss, make_loss, weighted_loss
from tfmlp.reference.network import Network
from tfmlp.reference.optimizers import OPTIMIZERS, Optimizer
from tfmlp.training.timetable import Timetable

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from tfmlp.data.augment import Augmentation
    from tfmlp.model.mlp import MLP
    from tfmlp.training.losses import PerExampleLoss

# Keras' names for our precisions, where they differ.
_POLICIES = {"auto": "float32", "bfloat16": "mixed_bfloat16"}


class LossChoice(NamedTuple):
    """A loss by its name, and its options, as both backends take them."""

    name: str
    options: dict[str, float]


@dataclass(frozen=True)
class Assembly:
    """What trains with TensorFlow.

    Attributes:
      model: The model, built and adapted to the training examples.
      optimizer: Its optimizer, built.
      loss: The per-example loss that is minimized: (labels, outputs) -> [b].
      recorded_loss: The same without class weights, which is recorded.
      augmentation: What is done to each batch, or None.
    """

    model: MLP
    optimizer: keras.optimizers.Optimizer
    loss: PerExampleLoss
    recorded_loss: PerExampleLoss
    augmentation: Augmentation | None

    @property
    def random_words(self) -> list[tf.Variable]:
        """What dropout and augmentation draw from, which depends on the seed alone."""
        layers = [layer for layer in self.model.stack if hasattr(layer, "bits")]
        drawing = [*layers, self.augmentation] if self.augmentation else layers
        return [variable for one in drawing for variable in one.bits.variables]


def plan_for(config: Config, data: Dataset) -> Plan:
    """Returns the plan of a configuration's network for some data."""
    return make_plan(config.model, data.feature_shape, data.num_classes, data.task)


def choose_loss(config: Config, task: str) -> LossChoice:
    """Returns the loss that a configuration and a task ask for.

    Raises:
      ConfigError: when it does not fit the task or the output's activation.
    """
    name, activation = config.optimization.loss, config.model.output_activation
    if name == "auto":
        name = "cross_entropy" if task == "classification" else "squared_error"
    takes_logits = name.endswith("cross_entropy")
    if task == "regression" and takes_logits:
        raise ConfigError(
            f"loss {name} is for classes, and the task is regression: use squared_error."
        )
    if takes_logits and activation != "linear":
        raise ConfigError(
            f"loss {name} takes logits: output_activation must be linear; received {activation!r}."
            " Or use a squared-error loss."
        )
    smoothing = config.optimization.label_smoothing
    if smoothing and name != "cross_entropy":
        raise ConfigError(
            f"label_smoothing is for loss cross_entropy; received {smoothing:g} with {name}: leave"
            " it out."
        )
    return LossChoice(name, {"label_smoothing": smoothing} if smoothing else {})


def choose_class_weights(config: Config, data: Dataset) -> np.ndarray | None:
    """Returns the weight of each class in the loss, float64 [k], or None where all count alike.

    With "balanced" they are n / (k * count of the class), of the k classes that occur among the n
    training examples, so that every class has the same share in the loss.

    Raises:
      ConfigError: when the task has no classes.
    """
    if config.optimization.class_weights == "none":
        return None
    if data.task == "regression":
        raise ConfigError(
            "class_weights balanced is for classes, and the task is regression: leave it out."
        )
    counts = data.class_counts()["train"]
    weights: np.ndarray = len(data.train) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return weights


def assemble(config: Config, data: Dataset, rates: np.ndarray) -> Assembly:
    """Makes what trains with TensorFlow.

    Args:
      config: The configuration.
      data: What to train on.
      rates: The learning rates, as a `Timetable` has them.

    Raises:
      ConfigError: when configuration and data do not fit, or memory does not suffice.
    """
    from tfmlp.training import losses
    from tfmlp.training.optimizers import make_optimizer

    model = make_model(config, data)
    optimizer = make_optimizer(config.optimization, rates)
    # Before anything is traced: built within a trace, it would take three times as long to trace.
    optimizer.build(model.trainable_variables)
    choice, weights = choose_loss(config, data.task), choose_class_weights(config, data)
    loss = losses.standardized_loss(model, losses.find_loss(choice.name, **choice.options))
    return Assembly(
        model,
        optimizer,
        loss if weights is None else losses.weighted_loss(loss, weights),
        loss,
        make_config_augmentation(config, data),
    )


def make_model(config: Config, data: Dataset) -> MLP:
    """Makes the model of a configuration, built, and adapted to the training examples.

    Raises:
      ConfigError: when it would have more weights than this machine's memory holds.
    """
    plan_for(config, data).require_memory()
    model = new_model(config, data.schema)
    targets = data.train.labels if data.task == "regression" else None
    model.adapt(data.train.features, targets)
    return model


def new_model(config: Config, schema: Schema) -> MLP:
    """Makes the model of a configuration for inputs and outputs as a schema has them, not built."""
    from tfmlp.model.mlp import MLP

    outputs = len(schema.class_names) or 1
    plan = make_plan(config.model, schema.feature_shape, outputs, schema.task)
    precision = config.runtime.precision
    settings = vars(config.model) | {"standardize_target": plan.standardize_target}
    return MLP(
        **settings,
        num_classes=outputs,
        seed=config.runtime.seed,
        schema=schema.to_dict(),
        dtype=_POLICIES.get(precision, precision),
        name="mlp",
    )


def make_config_augmentation(config: Config, data: Dataset) -> Augmentation | None:
    """Makes the augmentation of a configuration, or returns None where there is none.

    Raises:
      ConfigError: when the data are no images.
    """
    if not (config.data.shift or config.data.invert):
        return None
    if len(data.feature_shape) != 3:
        raise ConfigError(
            f"shift and invert are for images; {config.data.dataset} has tables: leave them out."
        )
    from tfmlp.data.augment import Augmentation

    return Augmentation(config.runtime.seed, config.data.shift, config.data.invert)


def assemble_reference(
    config: Config, data: Dataset, dtype: np.dtype, draw: Draw
) -> tuple[Network, Optimizer]:
    """Makes what trains in NumPy: network and update rule.

    Args:
      config: The configuration.
      data: What to train on.
      dtype: Type of the weights.
      draw: Draws dropout masks.

    Raises:
      ConfigError: as `assemble`.
    """
    plan = plan_for(config, data)
    plan.require_memory()
    loss = make_reference_loss(config, data)
    network = make_network(plan.layers, loss, config.runtime.seed, dtype, draw)
    settings = config.optimization
    options = {
        "momentum": {"momentum": settings.momentum},
        "nesterov": {"momentum": settings.momentum},
        "adamw": {"weight_decay": settings.weight_decay},
    }
    return network, OPTIMIZERS[settings.optimizer](**options.get(settings.optimizer, {}))


def make_reference_loss(config: Config, data: Dataset) -> Loss:
    """Makes the per-example loss that the reference minimizes.

    Raises:
      ConfigError: as `assemble`.
    """
    choice, weights = choose_loss(config, data.task), choose_class_weights(config, data)
    loss = make_loss(choice.name, **choice.options)
    return loss if weights is None else weighted_loss(loss, weights)


def make_timetable(config: Config, data: Dataset, rate_factor: float = 1.0) -> Timetable:
    """Makes the timetable of a configuration's run on some data."""
    return Timetable(config, len(data.train), rate_factor)
