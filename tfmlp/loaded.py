"""`LoadedRun`: a run folder that is read again.

run = load_run("runs/third")
run.record.test, run.epochs[-1].train.loss, run.predict(images), run.evaluate("test").accuracy
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfmlp import files
from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.matching import match
from tfmlp.data.readers import SOURCES
from tfmlp.data.schema import Schema
from tfmlp.data.scored import read_scored
from tfmlp.data.sources import load_configured
from tfmlp.errors import DataError, TfmlpWarning, nearest
from tfmlp.metrics import Metrics
from tfmlp.runs.evaluation import Evaluation
from tfmlp.runs.folder import RunFolder
from tfmlp.runs.record import RunRecord
from tfmlp.training.result import read_epoch

if TYPE_CHECKING:
    from tfmlp.model.mlp import MLP
    from tfmlp.model.named import Prediction
    from tfmlp.model.predictor import Predictor

SPLITS = ("train", "validation", "test")


class LoadedRun:
    """A run that is read from its folder, and its model.

    Args:
      path: The run folder.

    Raises:
      CheckpointError: when it holds no run that can be read.

    Attributes:
      path: The run folder.
      record: What run.json says of it.
      epochs: The results of its epochs.
      config: Its configuration.

    >>> run = tfmlp.load_run("runs/third")
    >>> print(run.record.status, run.config.model.hidden_units)
    completed (16,)
    >>> [epoch.epoch for epoch in run.epochs]
    [1, 2]
    """

    def __init__(self, path: str | Path):
        folder = RunFolder(files.user_path(str(path)))
        self.path = folder.path
        self.record: RunRecord = folder.read()
        self.config = Config.from_dict(self.record.config, source=f"{folder.path}/run.json")
        self.epochs = [read_epoch(values, folder.path) for values in folder.read_epochs()]

    @property
    def schema(self) -> Schema | None:
        """What its model takes and predicts; None in records of format 1."""
        return None if self.record.schema is None else Schema.from_dict(self.record.schema)

    @property
    def _task(self) -> str | None:
        return self.config.data.task if self.schema is None else self.schema.task

    @cached_property
    def model(self) -> "MLP":
        """Its model, loaded when it is first asked for.

        Raises:
          CheckpointError: when the run has left none.
        """
        from tfmlp.model.saved import load_model

        return load_model(self.path)

    @cached_property
    def evaluation(self) -> Evaluation:
        """What its model does with the test examples, and its layers, beyond the metrics.

        Raises:
          CheckpointError: when the run has left none, or one of before it was resumed.
        """
        return RunFolder(self.path).read_evaluation(self.record)

    def predict(self, features: Any) -> np.ndarray:
        """Returns what the model predicts of any number of examples.

        Args:
          features: Raw inputs [n, ...]; or the path of a file or folder, or several, as
            `predict_files` takes them.

        Returns:
          Probabilities [n, classes], or values [n] for regression.

        Raises:
          DataError: when the inputs are not what the model takes.

        >>> run = tfmlp.load_run("runs/third")
        >>> run.predict(np.zeros((5, 28, 28), np.uint8)).shape
        (5, 10)
        """
        from tfmlp.model.prediction import predict

        if paths := files.paths_of(features):
            pieces = [piece.features for _, piece in self._predictor(None).read_files(paths)]
            features = np.concatenate(pieces)
        return predict(self.model, features, self.config.optimization.loss)

    def predict_files(
        self,
        paths: str | Path | Sequence[str | Path],
        *,
        fit: bool | None = None,
        on_error: Callable[[DataError], None] | None = None,
    ) -> "Iterator[Prediction]":
        """Yields predictions of the examples in files, each with its file, class and runner-up.

        Files are read and predicted a piece at a time, in NumPy where the model's precision allows
        it, so that the first prediction does not wait for TensorFlow.

        Args:
          paths: Images in any format that Pillow reads, folders of them, .npy, .npz, CSV, IDX or
            .mat files in SVHN's layout; one or several.
          fit: Whether pictures are fitted to what the model was trained on, as `Fitting` does it:
            True, False, or None for those that do not have its size and channels already.
          on_error: Called with what is wrong with a file, which is then passed over; None: it is
            raised.

        Raises:
          DataError: when a file cannot be read, or is not what the model takes.

        >>> np.save("digits.npy", tfmlp.load_dataset("mnist-small").test.images[:2])
        >>> made = tfmlp.load_run("runs/third").predict_files("digits.npy")
        >>> [(one.file, one.index, one.class_name in "0123456789") for one in made]
        [('digits.npy', 0, True), ('digits.npy', 1, True)]
        """
        listed = files.paths_of(paths)
        if not listed:
            raise DataError(
                "expected the path of a file or folder, or a list of paths; received"
                f" {type(paths).__name__}."
            )
        return self._predictor(fit).predict_files(listed, on_error)

    def _predictor(self, fit: bool | None) -> "Predictor":
        from tfmlp.model.predictor import Predictor

        loss = self.config.optimization.loss
        known = self.schema, self.record.framing, loss
        return Predictor(self.path, *known, fit, self.predict)

    def predict_classes(self, features: Any) -> list[str]:
        """Returns the name of the most probable class of each example.

        Raises:
          DataError: as `predict`, and when the model has no classes.

        >>> images = tfmlp.load_dataset("mnist-small").test.images
        >>> names = tfmlp.load_run("runs/third").predict_classes(images[:100])
        >>> len(names), set(names) <= set("0123456789")
        (100, True)
        """
        from tfmlp.model.prediction import class_names

        names = class_names(self.model)
        return [names[number] for number in self.predict(features).argmax(axis=1)]

    def evaluate(
        self, data: str | Dataset | tuple[Any, Any] = "test", split: str = "test"
    ) -> Metrics:
        """Returns the model's metrics on some examples; columns and classes are matched by name.

        Args:
          data: A split of the run's own data ("train", "validation" or "test"), which are loaded
            as its configuration says; another dataset, or its name, such as "csv:other.csv" (of a
            file without test examples of its own, which was not trained on, all examples are
            scored); or arrays (x, y), all of whose examples are scored.
          split: Which split of another dataset.

        Raises:
          DataError: when the data are not what the model takes, or have no such split.

        >>> run = tfmlp.load_run("runs/third")
        >>> run.evaluate("test").accuracy > 0.7
        True
        >>> test = tfmlp.load_dataset("mnist-small").test
        >>> run.evaluate((test.images[:100], test.labels[:100])).count
        100
        """
        if isinstance(data, str) and data.partition(":")[0] in SOURCES:
            config = self.config.replace(dataset=data, task=self._task).data
            trained_on = self.record.digests_beside(data)
            data = load_configured(config, self.config.runtime.seed, trained_on=trained_on)
        elif isinstance(data, str):
            split, data = data, self._load_data(data)
        elif not isinstance(data, Dataset):
            split, data = "test", read_scored(data, self.schema)
        from tfmlp.training.evaluation import evaluate_model

        return evaluate_model(self.model, self.config, _matched(data, self.schema), split)

    def _load_data(self, split: str) -> Dataset:
        if split not in SPLITS:
            raise DataError(
                f"there is no split {split!r}: {nearest(split, SPLITS)}. Another table is written"
                " csv:FILE.csv, arrays arrays:FILE.npz."
            )
        data = load_configured(self.config.data, self.config.runtime.seed)
        if data.provenance.sha256 != self.record.dataset.sha256:
            warnings.warn(
                f"{self.config.data.dataset} is not what the run was trained on (their sha256"
                " differ): pass the run's own data.",
                TfmlpWarning,
                stacklevel=3,
            )
        return data


def _matched(data: Dataset, schema: Schema | None) -> Dataset:
    return data if schema is None else match(data, schema)


def load_run(path: str | Path) -> LoadedRun:
    """Reads a run folder.

    Args:
      path: The folder, such as "runs/third".

    Returns:
      A `LoadedRun`: record, epochs, configuration, model, `predict` and `evaluate`.

    Raises:
      CheckpointError: when it holds no run that can be read.

    >>> run = tfmlp.load_run("runs/third")
    >>> run.record.dataset.name, run.record.test["accuracy"] > 0.7
    ('mnist-small', True)
    """
    return LoadedRun(path)
