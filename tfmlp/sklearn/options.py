"""The parameters of the estimators: those options of `Config` that are for arrays in memory."""

import warnings
from dataclasses import dataclass, fields

import numpy as np

from tfmlp.config import Config
from tfmlp.errors import TfmlpWarning


# Every parameter once: scikit-learn, editors and type checkers read the `__init__` that is made of
# them. It checks nothing, as scikit-learn wants it: a value is looked at when it is used. No class
# of scikit-learn's stands above: it has no types, and no mistake in a parameter would be found.
@dataclass(kw_only=True, eq=False, repr=False)
class Options:
    """The options, by group; `tfmlp train --help` describes each.

    The defaults are those of the recipe `tabular`, except that no examples are held out and
    therefore nothing stops the training early: `validation` is 0, `patience` None and `epochs` 50.
    """

    # Data
    validation: float = 0.0
    stratify: bool = False
    # Model
    hidden_units: tuple[int, ...] = (32, 16)
    activation: str = "relu"
    negative_slope: float = 0.01
    dropout: float = 0.0
    dropout_form: str = "inverted"
    batch_norm: bool = False
    layer_norm: bool = False
    initializer: str = "glorot_uniform"
    initializer_scale: float = 1.0
    bias_initializer: str = "zeros"
    standardize_target: bool = True
    l2: float = 0.0
    output_activation: str = "linear"
    preprocessing: str = "standardize"
    # Optimization
    loss: str = "auto"
    label_smoothing: float = 0.0
    class_weights: str = "none"
    optimizer: str = "adam"
    learning_rate: float = 3e-3
    momentum: float = 0.9
    weight_decay: float = 0.004
    schedule: str = "constant"
    final_learning_rate: float = 1e-5
    schedule_by: str = "step"
    drop_every: int = 10
    drop_factor: float = 0.1
    warmup: float = 0.0
    clip_norm: float | None = None
    batch_size: int = 32
    drop_remainder: bool = False
    shuffle: bool = True
    epochs: int = 50
    patience: int | None = None
    monitor: str = "loss"
    min_delta: float = 0.0
    on_divergence: str = "stop"
    max_restores: int = 3
    # Runtime
    seed: int = 0
    backend: str = "tensorflow"
    engine: str = "auto"
    precision: str = "auto"
    device: str = "auto"
    threads: int | None = None

    def make_config(self, task: str) -> Config:
        """Returns the configuration of a training, and warns of parameters without an effect.

        Raises:
          ConfigError: for a value of another type or out of range.

        >>> tfmlp.sklearn.MLPRegressor(epochs=3).make_config("regression").optimization.epochs
        3
        """
        options = {field.name: _plain(getattr(self, field.name)) for field in fields(Options)}
        config = Config.from_options(task=task, **options)
        given = [one.name for one in fields(Options) if options[one.name] != one.default]
        for sentence in config.without_effect(given):
            warnings.warn(f"{type(self).__name__}: {sentence}.", TfmlpWarning, stacklevel=3)
        return config


def _plain(value: object) -> object:
    """Returns a NumPy scalar, as a search over an array of values sets it, as Python's own."""
    return value.item() if isinstance(value, np.generic) else value
