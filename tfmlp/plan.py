"""A network described once: configuration and what the data are -> a tuple of layer specs.

    plan = make_plan(config.model, (28, 28, 1), num_outputs=10, task="classification")
    [spec.name for spec in plan.layers]     # dense_1, relu_1, dense_2, relu_2, logits
    plan.parameters                         # 109,386

The Keras model (`model.mlp`) and the NumPy network (`reference.network`) are the two interpreters
of the specs; widths, the number of parameters, the memory check and the choice of engine read them.
A new kind of layer is a spec here, an option, and a case in each interpreter.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tfmlp import files
from tfmlp.errors import ConfigError
from tfmlp.settings.model import ModelConfig

# A weight, its gradient, two slots of the optimizer, and as much again while they are made, in
# float32.
_BYTES_PER_PARAMETER = 20


@dataclass(frozen=True)
class Dense:
    """y = x W + b.

    Attributes:
      name: The layer's name, by which its weights are known everywhere.
      index: Its number among the dense layers, from 0: decides its random numbers.
      inputs, units: Widths.
      use_bias: Whether there is a b.
      initializer, initializer_scale, bias_initializer: As the options of these names.
      l2: Factor of the penalty on W.
      is_output: Whether its outputs are the model's (logits or values).
    """

    name: str
    index: int
    inputs: int
    units: int
    use_bias: bool
    initializer: str
    initializer_scale: float
    bias_initializer: str
    l2: float
    is_output: bool = False

    @property
    def parameters(self) -> int:
        """The number of its trainable weights."""
        return self.inputs * self.units + self.use_bias * self.units


@dataclass(frozen=True)
class BatchNorm:
    """Normalizes each unit over the batch, then scales and shifts it."""

    name: str
    units: int

    @property
    def parameters(self) -> int:
        """The number of its trainable weights."""
        return 2 * self.units


@dataclass(frozen=True)
class LayerNorm:
    """Normalizes each example over the units, then scales and shifts each unit."""

    name: str
    units: int

    @property
    def parameters(self) -> int:
        """The number of its trainable weights."""
        return 2 * self.units


@dataclass(frozen=True)
class Activation:
    """An activation function, entry by entry."""

    name: str
    function: str
    negative_slope: float
    is_output: bool = False
    parameters: int = 0


@dataclass(frozen=True)
class Dropout:
    """Leaves out units at random while training; `index` decides its random numbers."""

    name: str
    index: int
    rate: float
    form: str
    parameters: int = 0


LayerSpec = Dense | BatchNorm | LayerNorm | Activation | Dropout


@dataclass(frozen=True)
class Plan:
    """A network from raw inputs to outputs.

    Attributes:
      preprocessing: What is done to raw inputs, as the option of this name.
      layers: The layers, from the input on.
      standardize_target: Whether the last layer's outputs are standardized targets.
    """

    preprocessing: str
    layers: tuple[LayerSpec, ...]
    standardize_target: bool

    @property
    def kernel_shapes(self) -> list[tuple[int, int]]:
        """(inputs, units) of each dense layer."""
        return [(spec.inputs, spec.units) for spec in self.layers if isinstance(spec, Dense)]

    @property
    def parameters(self) -> int:
        """The number of trainable weights."""
        return sum(spec.parameters for spec in self.layers)

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing between the dense layers but activations."""
        return all(isinstance(spec, Dense | Activation) for spec in self.layers)

    def require_memory(self) -> None:
        """Refuses a network that cannot be trained in this machine's memory.

        Raises:
          ConfigError: when it cannot.
        """
        needed, memory = self.parameters * _BYTES_PER_PARAMETER, files.machine_memory()
        if needed > memory:
            units = ",".join(str(units) for _, units in self.kernel_shapes[:-1])
            raise ConfigError(
                f"hidden_units {units} make {self.parameters:,} weights, which take about"
                f" {needed / 1e9:,.0f} GB to train; this machine has {memory / 1e9:,.0f} GB: use"
                " fewer units."
            )


def make_plan(
    settings: ModelConfig,
    feature_shape: tuple[int, ...],
    num_outputs: int,
    task: str = "classification",
) -> Plan:
    """Describes the network of a configuration.

    Args:
      settings: The options of the network.
      feature_shape: The shape of one example's raw features.
      num_outputs: One per class, 1 for regression.
      task: "classification" or "regression".
    """
    # An output that an activation bounds cannot reach standardized targets.
    is_free = settings.output_activation == "linear"
    return Plan(
        settings.preprocessing,
        tuple(_layers(settings, math.prod(feature_shape), num_outputs)),
        task == "regression" and settings.standardize_target and is_free,
    )


def _layers(settings: ModelConfig, inputs: int, num_outputs: int) -> Iterator[LayerSpec]:
    start = settings.initializer, settings.initializer_scale, settings.bias_initializer, settings.l2
    for index, units in enumerate(settings.hidden_units):
        number = index + 1
        # Batch normalization subtracts the mean, and any bias with it; its beta takes the bias'
        # place.
        yield Dense(f"dense_{number}", index, inputs, units, not settings.batch_norm, *start)
        if settings.batch_norm:
            yield BatchNorm(f"norm_{number}", units)
        if settings.layer_norm:
            yield LayerNorm(f"norm_{number}", units)
        activation = settings.activation
        yield Activation(f"{activation}_{number}", activation, settings.negative_slope)
        if settings.dropout:
            yield Dropout(f"dropout_{number}", index, settings.dropout, settings.dropout_form)
        inputs = units
    index = len(settings.hidden_units)
    yield Dense("logits", index, inputs, num_outputs, True, *start, is_output=True)
    if settings.output_activation != "linear":
        slope = settings.negative_slope
        yield Activation("output", settings.output_activation, slope, is_output=True)
