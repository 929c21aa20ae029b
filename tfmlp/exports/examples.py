"""The examples that an export is proven on."""

import warnings
from dataclasses import dataclass

import numpy as np

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.matching import match
from tfmlp.data.sources import load_configured
from tfmlp.errors import ConfigError, DataError, TfmlpWarning
from tfmlp.exports.formula import Formula
from tfmlp.loaded import LoadedRun

_MOST, _MOST_CALIBRATION = 1000, 500


@dataclass(frozen=True)
class Examples:
    """Some examples, as the model takes them.

    Attributes:
      features: [n, ...], of the schema's type.
      labels: [n], or None where they were made up.
      source: What they are, for people.
      calibration: Training features [m, ...], or None where there are none.
    """

    features: np.ndarray
    labels: np.ndarray | None
    source: str
    calibration: np.ndarray | None


def load_run_data(run: LoadedRun, config: Config) -> Dataset:
    """Loads a run's data, or others.

    Args:
      run: The run.
      config: Its configuration, or one that names other data.

    Raises:
      ConfigError, DataError: when they cannot be loaded.
    """
    if config.data.task is None and run.schema is not None:
        config = config.replace(task=run.schema.task)  # the run's, whatever these labels are
    data = load_configured(config.data, config.runtime.seed)
    if data.provenance.sha256 != run.record.dataset.sha256:
        _warn("these data are not those the run was trained on (their sha256 differ).")
    return data


def choose_examples(data: Dataset, formula: Formula) -> Examples:
    """Returns at most 1,000 test examples of a dataset, evenly chosen, with columns and classes
    matched by name.

    Raises:
      DataError: when they are not what the model takes.
    """
    data = match(data, formula.schema)
    test = data.test.take(_evenly(len(data.test), _MOST))
    train = data.train.take(_evenly(len(data.train), _MOST_CALIBRATION))
    kind, received = formula.schema.feature_dtype, test.features.dtype
    if kind == "uint8" and received != np.uint8:
        raise DataError(
            f"{data.provenance.name}: the model takes pixels of uint8, 0 to 255; received"
            f" {received}: give the pixels as the model was trained on."
        )
    return Examples(
        np.asarray(test.features[:]).astype(kind, copy=False),
        test.labels,
        f"test examples of {data.provenance.name}",
        np.asarray(train.features[:]).astype(kind, copy=False),
    )


def find_examples(run: LoadedRun, formula: Formula) -> Examples:
    """Returns examples of a run's own data; where they are not there any more, made-up ones."""
    try:
        return choose_examples(load_run_data(run, run.config), formula)
    except (ConfigError, DataError) as error:
        _warn(
            f"the run's data cannot be used ({error}) The export is proven on made-up examples,"
            " which have no accuracy."
        )
        return make_up_examples(formula)


def make_up_examples(formula: Formula) -> Examples:
    """Returns random examples: bytes for pixels; normally distributed numbers for columns, with
    the mean and standard deviation that the model standardizes by.
    """
    generator = np.random.default_rng(0)
    shape = (_MOST, *formula.schema.feature_shape)
    if formula.schema.feature_dtype == "uint8":
        features = generator.integers(0, 256, shape, dtype=np.uint8)
    else:
        normal = generator.normal(size=shape)
        features = (formula.mean + formula.deviation * normal).astype(np.float32)
    return Examples(features, None, "made-up examples", None)


def _evenly(count: int, most: int) -> np.ndarray:
    """Returns at most `most` of the numbers below `count`, evenly spaced."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)


def _warn(message: str) -> None:
    warnings.warn(message, TfmlpWarning, stacklevel=3)
