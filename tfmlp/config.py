"""Every knob of a training run, once.

    config = Config.from_options(dataset="mnist", hidden_units=(128, 64), epochs=3)
    config = Config.from_file("my.toml").replace(learning_rate=0.01)
    config.model.hidden_units, config.to_dict()

A knob is a dataclass field with its default, range and help text. Its name is unique over all
groups; the command line's option is the same name with dashes, and a TOML or JSON file has one
table a group.
"""

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfmlp import files
from tfmlp.errors import ConfigError, nearest
from tfmlp.knobs import check_value, knob
from tfmlp.seeds import SEED_LIMIT

ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "linear", "elu", "gelu", "selu", "swish")
INITIALIZERS = (
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "fan_in_uniform",
    "glorot_slip",
    "normal",
    "zeros",
)
DROPOUT_FORMS = ("inverted", "course")
PREPROCESSING = ("none", "scale", "standardize", "per_image")
LOSSES = (
    "auto",
    "cross_entropy",
    "binary_cross_entropy",
    "squared_error",
    "summed_squared_error",
    "half_squared_error",
)
OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop")
SCHEDULES = ("constant", "linear", "exponential", "cosine", "step")
BACKENDS = ("tensorflow", "numpy", "numeric")
MOST_LAYERS = 256  # a graph of so many takes a minute to trace
ENGINES = (
    "auto",
    "graph",
    "hybrid",
    "xla",
    "streaming",
    "streaming-graph",
    "streaming-hybrid",
    "streaming-xla",
)
PRECISIONS = ("auto", "float32", "float64", "bfloat16")
_CONFIG_FILE_LIMIT = 1 << 20  # bytes; a configuration is a page of text


class _Group:
    """What the groups share: every value is checked when the group is made."""

    def __post_init__(self):
        for knob_field in dataclasses.fields(self):
            value = check_value(knob_field, getattr(self, knob_field.name))
            object.__setattr__(self, knob_field.name, value)


@dataclass(frozen=True)
class DataConfig(_Group):
    """Which rows are trained on, validated on and tested on."""

    dataset: str = knob(
        "mnist",
        "mnist, svhn, svhn-synthetic, tfds:NAME, arrays:FILE.npz, arrays:FOLDER, csv:FILE.csv,"
        " idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS] or mat:TRAIN[,TEST].",
    )
    data_dir: str | None = knob(
        None,
        "The folder that holds the dataset's files. Without it: $TFMLP_DATA_DIR, the checkout's"
        " data/, the cache.",
    )
    tfds_dir: str | None = knob(
        None, "The folder in which tensorflow-datasets keeps its prepared sets."
    )
    target: str | None = knob(None, "The column to predict, for csv.")
    task: str = knob(
        "classification",
        "What the labels are, for csv and arrays.",
        choices=("classification", "regression"),
    )
    validation: float = knob(
        0.1,
        "Share of the training rows held out for validation; 1 or more is a number of rows.",
        minimum=0,
    )
    test_share: float = knob(
        0.2,
        "Share of the rows held out as test rows where a file brings none of its own.",
        above=0,
        below=1,
    )
    features_in: str = knob(
        "auto",
        "Whether features of arrays:FOLDER are read into memory, or stay on disk and are read row"
        " by row; auto leaves them there above a quarter of this machine's memory.",
        choices=("auto", "memory", "disk"),
    )
    extra: bool = knob(False, "Add SVHN's 531,131 extra images to its training rows.")
    shift: int = knob(
        0,
        "Augmentation: shift every training image at random by up to this many pixels.",
        minimum=0,
        maximum=64,
    )
    invert: float = knob(
        0.0,
        "Augmentation: probability that a training image is inverted (255 - pixel).",
        minimum=0,
        maximum=1,
    )


@dataclass(frozen=True)
class ModelConfig(_Group):
    """The network."""

    hidden_units: tuple[int, ...] = knob(
        (128, 64),
        "Units of each hidden layer, first to last; 'none' for a linear model.",
        minimum=1,
        maximum=10**6,
    )
    activation: str = knob("relu", "Activation of the hidden layers.", choices=ACTIVATIONS)
    negative_slope: float = knob(0.01, "Slope of leaky_relu below zero.", minimum=0)
    dropout: float = knob(
        0.0, "Probability that a hidden unit is dropped in training.", minimum=0, below=1
    )
    dropout_form: str = knob(
        "inverted",
        "inverted divides what is kept by its probability while training, as is usual; course only"
        " masks, and multiplies by the probability at inference.",
        choices=DROPOUT_FORMS,
    )
    batch_norm: bool = knob(
        False, "Normalize each hidden layer over the batch, before its activation."
    )
    initializer: str = knob(
        "glorot_uniform",
        "Initial weights. fan_in_uniform is U(-1/sqrt(fan_in), 1/sqrt(fan_in)).",
        choices=INITIALIZERS,
    )
    initializer_scale: float = knob(
        1.0, "Factor on the initial weights: the standard deviation for normal.", minimum=0
    )
    bias_initializer: str = knob(
        "zeros", "Initial biases.", choices=("zeros", "fan_in_uniform", "normal")
    )
    standardize_target: bool = knob(
        True,
        "For regression: learn the target less its training mean, over its training standard"
        " deviation. Outputs, mae and rmse stay in the target's unit.",
    )
    l2: float = knob(
        0.0,
        "Penalty on the weights of the dense layers: l2 times the sum of their squares is added to"
        " the loss.",
        minimum=0,
    )
    output_activation: str = knob(
        "linear",
        "Activation of the outputs; anything but linear is for the losses of squares.",
        choices=ACTIVATIONS,
    )
    preprocessing: str = knob(
        "standardize",
        "What the model does to raw inputs: scale divides by 255; standardize subtracts the"
        " training mean and divides by the training standard deviation (one pair for images, one a"
        " column for tables); per_image does so with each image's own.",
        choices=PREPROCESSING,
    )

    def __post_init__(self):
        super().__post_init__()
        if len(self.hidden_units) > MOST_LAYERS:
            raise ConfigError(
                f"hidden_units: expected at most {MOST_LAYERS} layers; received"
                f" {len(self.hidden_units):,}."
            )


@dataclass(frozen=True)
class OptimizationConfig(_Group):
    """How the weights are changed, and for how long."""

    loss: str = knob(
        "auto",
        "What is minimized: cross_entropy (of softmax) and binary_cross_entropy (of sigmoids, mean"
        " over outputs) take linear outputs; squared_error is the mean over outputs,"
        " summed_squared_error their sum, half_squared_error half their mean; auto is cross_entropy"
        " for classes and squared_error for values.",
        choices=LOSSES,
    )
    optimizer: str = knob("adam", "The update rule.", choices=OPTIMIZERS)
    learning_rate: float = knob(1e-3, "Learning rate at the start (after the warm-up).", above=0)
    momentum: float = knob(0.9, "Momentum of momentum and nesterov.", minimum=0, below=1)
    weight_decay: float = knob(
        0.004, "Decoupled weight decay of adamw, times the learning rate, each step.", minimum=0
    )
    schedule: str = knob(
        "constant",
        "How the learning rate goes from learning_rate to final_learning_rate.",
        choices=SCHEDULES,
    )
    final_learning_rate: float = knob(
        1e-5, "Learning rate at the end, for linear, exponential and cosine.", minimum=0
    )
    schedule_by: str = knob(
        "step",
        "Whether the learning rate changes every step or every epoch.",
        choices=("step", "epoch"),
    )
    drop_every: int = knob(
        10, "Epochs between two drops of schedule step.", minimum=1, maximum=10**6
    )
    drop_factor: float = knob(0.1, "Factor of each drop of schedule step.", above=0, maximum=1)
    warmup: float = knob(
        0.0, "Epochs over which the learning rate first rises linearly from zero.", minimum=0
    )
    clip_norm: float | None = knob(
        None, "Scale all gradients together so that their global L2 norm is at most this.", above=0
    )
    batch_size: int = knob(128, "Rows per training step.", minimum=1, maximum=10**9)
    drop_remainder: bool = knob(False, "Leave out the short last batch of an epoch.")
    shuffle: bool = knob(True, "Visit the rows in a new order each epoch.")
    epochs: int = knob(10, "Passes over the training rows.", minimum=1, maximum=10**6)
    patience: int | None = knob(
        None,
        "Stop after this many epochs without a better validation figure, and go back to the weights"
        " of the best epoch.",
        minimum=1,
    )
    monitor: str = knob(
        "loss",
        "The validation figure that names the best epoch.",
        choices=("loss", "accuracy", "mae", "rmse"),
    )
    min_delta: float = knob(
        0.0, "The least change of the monitored figure that counts as better.", minimum=0
    )
    on_divergence: str = knob(
        "stop",
        "When a loss, a gradient or a weight becomes NaN or infinite: stop, or restore: go back to"
        " the end of the epoch before and divide the learning rate by 10.",
        choices=("stop", "restore"),
    )
    max_restores: int = knob(
        3, "How often on_divergence restore goes back in one run.", minimum=1, maximum=16
    )


@dataclass(frozen=True)
class RuntimeConfig(_Group):
    """On what, and with which random numbers."""

    seed: int = knob(
        0,
        "Decides initial weights, order of rows, dropout, augmentation and held-out rows.",
        minimum=0,
        maximum=SEED_LIMIT - 1,
    )
    backend: str = knob(
        "tensorflow",
        "What computes: TensorFlow, the NumPy reference, or the reference with numerical"
        " differentiation.",
        choices=BACKENDS,
    )
    engine: str = knob(
        "auto",
        "graph, hybrid (graph, with the update compiled) and xla keep the data in memory and run an"
        " epoch as one call; streaming reads pieces through tf.data; auto chooses.",
        choices=ENGINES,
    )
    precision: str = knob(
        "auto",
        "Data type of the arithmetic. bfloat16 is for the matrix products of hidden layers alone:"
        " weights, logits and losses stay float32. auto is float32, or bfloat16 for wide layers"
        " where the machine multiplies it faster.",
        choices=PRECISIONS,
    )
    device: str = knob(
        "auto",
        "Where to compute; auto takes a GPU when TensorFlow sees one.",
        choices=("auto", "cpu", "gpu"),
    )
    checkpoint_steps: int | None = knob(
        None, "Also save a checkpoint after every so many steps, within epochs, too.", minimum=1
    )
    checkpoint_minutes: float | None = knob(
        None,
        "Also save a checkpoint when the last one is so many minutes old, within epochs, too.",
        above=0,
    )
    keep_checkpoints: int = knob(
        2,
        "How many of the last checkpoints are kept; the best one is kept besides.",
        minimum=1,
        maximum=1000,
    )
    threads: int | None = knob(
        None,
        "Threads for TensorFlow's operations; without it, one a core.",
        minimum=1,
        maximum=1024,
    )


_GROUPS = {
    "data": DataConfig,
    "model": ModelConfig,
    "optimization": OptimizationConfig,
    "runtime": RuntimeConfig,
}


@dataclass(frozen=True)
class Config:
    """Every knob of a run, in four groups. Immutable; `replace` makes a changed copy."""

    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    optimization: OptimizationConfig = OptimizationConfig()
    runtime: RuntimeConfig = RuntimeConfig()

    @classmethod
    def from_options(cls, **options: Any) -> "Config":
        """Makes a configuration from field names, whatever their group.

        Raises:
          ConfigError: for an unknown name or a value out of range.

        >>> Config.from_options(hidden_units=(32,), epochs=3).optimization.epochs
        3
        """
        return cls().replace(**options)

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any], source: str = "the configuration") -> "Config":
        """Makes a configuration from one mapping a group, as read from TOML, JSON or run.json.

        Args:
          tables: {"data": {...}, "model": {...}, ...}; what is absent has its default.
          source: Where it was read, for error messages.
        """
        if not isinstance(tables, Mapping):
            raise ConfigError(
                f"{source}: expected the tables {', '.join(_GROUPS)}; received"
                f" {type(tables).__name__}."
            )
        options = {}
        for group, values in tables.items():
            if group not in _GROUPS:
                hint = (
                    f"put it into [{_group_of(group)}]"
                    if group in FIELDS
                    else nearest(group, _GROUPS)
                )
                raise ConfigError(
                    f"{source}: expected the tables {', '.join(_GROUPS)}; received '{group}':"
                    f" {hint}."
                )
            if not isinstance(values, Mapping):
                raise ConfigError(
                    f"{source}: '{group}' must be a table of options; received {values!r}."
                )
            for name, value in values.items():
                if name not in FIELDS:
                    raise ConfigError(
                        f"{source}: unknown option '{name}' in [{group}]:"
                        f" {nearest(name, _names_of(group))}."
                    )
                if _group_of(name) != group:
                    raise ConfigError(
                        f"{source}: option '{name}' stands in [{group}]; it belongs into"
                        f" [{_group_of(name)}]."
                    )
                options[name] = value
        try:
            return cls.from_options(**options)
        except ConfigError as error:
            raise ConfigError(f"{source}: {error}") from None

    @classmethod
    def from_file(cls, path: str | Path) -> "Config":
        """Reads a TOML file (or JSON, by its ending) with one table a group; a table `recipe` (its
        description) is passed over.
        """
        tables = read_tables(Path(path))
        tables.pop("recipe", None)
        return cls.from_dict(tables, source=str(path))

    def replace(self, **options: Any) -> "Config":
        """Returns a copy with some fields changed, named without their group."""
        changes: dict[str, dict[str, Any]] = {}
        for name, value in options.items():
            if name not in FIELDS:
                raise ConfigError(f"unknown option '{name}': {nearest(name, FIELDS)}.")
            changes.setdefault(_group_of(name), {})[name] = value
        return dataclasses.replace(
            self,
            **{
                group: dataclasses.replace(getattr(self, group), **values)
                for group, values in changes.items()
            },
        )

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Returns the configuration as plain values, one mapping a group; `from_dict` reads it
        back.
        """
        return {
            group: {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
            for group, values in dataclasses.asdict(self).items()
        }


FIELDS: dict[str, dataclasses.Field] = {
    f.name: f for group in _GROUPS.values() for f in dataclasses.fields(group)
}
_GROUP_OF = {f.name: name for name, group in _GROUPS.items() for f in dataclasses.fields(group)}


def _group_of(name: str) -> str:
    return _GROUP_OF[name]


def _names_of(group: str) -> list[str]:
    return [f.name for f in dataclasses.fields(_GROUPS[group])]


def groups() -> dict[str, list[str]]:
    """Returns the names of the groups, each with the names of its fields."""
    return {group: _names_of(group) for group in _GROUPS}


def read_tables(path: Path) -> dict[str, Any]:
    """Reads a TOML or JSON file into nested mappings.

    Raises:
      ConfigError: when the file cannot be read or is not what its ending says.
    """
    try:
        files.require_regular(path)
        if path.stat().st_size > _CONFIG_FILE_LIMIT:
            raise ConfigError(
                f"{path}: expected a configuration of at most {_CONFIG_FILE_LIMIT:,} bytes;"
                f" received {path.stat().st_size:,}."
            )
        text = path.read_text(encoding="utf-8")
        tables = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"cannot read the configuration {path}: {error.strerror}.") from None
    except (
        UnicodeDecodeError,
        ValueError,
        RecursionError,
    ) as error:  # both decoders' errors are ValueErrors
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise ConfigError(f"{path} is not valid {kind}: {error}.") from None
    if not isinstance(tables, dict):
        raise ConfigError(f"{path}: expected tables of options; received {type(tables).__name__}.")
    return tables
