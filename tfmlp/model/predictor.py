"""A predictor: what a saved model says of files, read and predicted a piece at a time."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from tfmlp import files
from tfmlp.data.fitting import Fitting
from tfmlp.data.framing import Framing
from tfmlp.data.inputs import Piece, list_files, read_inputs
from tfmlp.data.rowfile import Array
from tfmlp.data.schema import Schema
from tfmlp.errors import DataError
from tfmlp.model.named import Prediction, name_predictions
from tfmlp.model.reference_model import read_reference
from tfmlp.plan import Activation, Plan
from tfmlp.reference.probabilities import probabilities
from tfmlp.reference.trained import TrainedNetwork

OnError = Callable[[DataError], None]


class Predictor:
    """Predicts of files, in NumPy where the model's precision allows it.

    Args:
      folder: The run folder.
      schema: What the model takes and predicts; None in records of format 1.
      framing: What its training images have in common, as `Framing.to_dict` has it, or None.
      loss: The name of the loss that it was trained on.
      fit: As `Fitting`.
      predict: What the Keras model predicts of arrays, for where NumPy cannot.

    Raises:
      DataError: when it is not known what the model takes.
    """

    def __init__(
        self,
        folder: Path,
        schema: Schema | None,
        framing: Mapping[str, Any] | None,
        loss: str,
        fit: bool | None,
        predict: Callable[[Array], Array],
    ):
        if schema is None:
            raise DataError(
                "the run's record is of format 1, which does not say what the model takes: train"
                " again, or predict of arrays."
            )
        self._folder, self._schema, self._loss = folder, schema, loss
        self._framing = None if framing is None else Framing.from_dict(framing)
        self._fit, self._predict_slowly = fit, predict

    @cached_property
    def _fitting(self) -> Fitting:
        return Fitting(self._schema, self._framing, self._fit)

    @cached_property
    def _reference(self) -> tuple[Plan, TrainedNetwork] | None:
        return read_reference(self._folder)

    def predict_files(
        self, paths: Iterable[str | Path], on_error: OnError | None = None
    ) -> Iterator[Prediction]:
        """Yields predictions of all examples in files and folders, in their order.

        Args:
          paths: The files and folders, as `list_files` and `read_inputs` take them.
          on_error: Called with what is wrong with a file, which is then passed over; None: it is
            raised.

        Raises:
          DataError: as `list_files` and `read_inputs`.
          CheckpointError: when there is no saved model.
        """
        for file, (first, features) in self.read_files(paths, on_error):
            outputs = self._predict(features)
            names = self._schema.class_names
            yield from name_predictions(str(file), first, features, outputs, names)

    def read_files(
        self, paths: Iterable[str | Path], on_error: OnError | None = None
    ) -> Iterator[tuple[Path, Piece]]:
        """Yields the file and some of its examples, as `predict_files` takes them."""
        handle = functools.partial(_handle, on_error=on_error)
        for path in paths:
            try:
                found = list_files(files.user_path(str(path)), handle)
            except DataError as error:
                found = []
                handle(error)
            for file in found:
                try:
                    for piece in read_inputs(file, self._schema, lambda: self._fitting):
                        yield file, piece
                except DataError as error:
                    handle(error)

    def _predict(self, features: Array) -> Array:
        """Returns probabilities [n, classes], or values [n]."""
        if self._reference is None:
            return self._predict_slowly(features)
        plan, network = self._reference
        outputs = network.outputs(features)
        if self._schema.task == "regression":
            return outputs[:, 0]
        # Squared errors are the only losses that take activated outputs.
        is_activated = isinstance(plan.layers[-1], Activation)
        return probabilities(outputs, "squared_error" if is_activated else self._loss)


def _handle(error: DataError, on_error: OnError | None) -> None:
    if on_error is None:
        raise error
    on_error(error)
