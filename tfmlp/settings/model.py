"""The options of the network."""

from dataclasses import dataclass

from tfmlp.errors import ConfigError
from tfmlp.knobs import Group, knob

ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "linear", "elu", "gelu", "selu", "swish")
ALIASES = {"silu": "swish"}
INITIALIZERS = (
    *("glorot_uniform", "glorot_normal", "he_uniform", "he_normal"),
    *("lecun_uniform", "lecun_normal", "fan_in_uniform", "glorot_slip", "normal", "zeros"),
)
BIAS_INITIALIZERS = ("zeros", "fan_in_uniform", "normal")
DROPOUT_FORMS = ("inverted", "course")
PREPROCESSING = ("none", "scale", "standardize", "per_image")
MOST_LAYERS = 256  # a graph of so many takes a minute to trace


@dataclass(frozen=True)
class ModelConfig(Group):
    """The network."""

    hidden_units: tuple[int, ...] = knob(
        (128, 64),
        "Units of each hidden layer, first to last; 'none' for a linear model.",
        minimum=1,
        maximum=10**6,
    )
    activation: str = knob(
        "relu", "Activation of the hidden layers.", choices=ACTIVATIONS, aliases=ALIASES
    )
    negative_slope: float = knob(
        0.01,
        "Slope of leaky_relu below zero.",
        minimum=0,
        used_with={"activation": ("leaky_relu",), "output_activation": ("leaky_relu",)},
    )
    dropout: float = knob(
        0.0, "Probability that a hidden unit is dropped in training.", minimum=0, below=1
    )
    dropout_form: str = knob(
        "inverted",
        "inverted divides what is kept by its probability while training, as is usual; course only"
        " masks, and multiplies by the probability at inference.",
        choices=DROPOUT_FORMS,
        used_with={"dropout": ()},
    )
    batch_norm: bool = knob(
        False, "Normalize each hidden unit over the batch, before its activation."
    )
    layer_norm: bool = knob(
        False, "Normalize each example over the units of a hidden layer, before its activation."
    )
    initializer: str = knob(
        "glorot_uniform",
        "Initial weights. fan_in_uniform is U(-1/sqrt(fan_in), 1/sqrt(fan_in)).",
        choices=INITIALIZERS,
    )
    initializer_scale: float = knob(
        1.0, "Factor on the initial weights: the standard deviation for normal.", minimum=0
    )
    bias_initializer: str = knob("zeros", "Initial biases.", choices=BIAS_INITIALIZERS)
    standardize_target: bool = knob(
        True,
        "For regression: learn the target minus its training mean, divided by its training standard"
        " deviation. Outputs, mae and rmse stay in the target's unit.",
        used_with={"task": ("regression",)},
    )
    l2: float = knob(
        0.0,
        "Penalty on the weights of the dense layers: l2 times the sum of their squares is added to"
        " the loss.",
        minimum=0,
    )
    output_activation: str = knob(
        "linear",
        "Activation of the outputs; anything but linear is for the squared-error losses.",
        choices=ACTIVATIONS,
        aliases=ALIASES,
    )
    preprocessing: str = knob(
        "standardize",
        "What the model does to raw inputs: scale divides by 255; standardize subtracts the"
        " training mean and divides by the training standard deviation (one pair for images, one a"
        " column for tables); per_image does so with each image's own.",
        choices=PREPROCESSING,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.hidden_units) > MOST_LAYERS:
            raise ConfigError(
                f"hidden_units: expected at most {MOST_LAYERS} layers; received"
                f" {len(self.hidden_units):,}."
            )
        if self.batch_norm and self.layer_norm:
            raise ConfigError(
                "batch_norm and layer_norm both normalize the hidden layers; received both: choose"
                " one."
            )
