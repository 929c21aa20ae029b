"""What both estimators do: check examples, train on them, keep what was learned as arrays."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import Array
from tfmlp.sklearn.examples import make_dataset, weigh
from tfmlp.sklearn.net import TrainedNet
from tfmlp.sklearn.one_epoch import train_epoch
from tfmlp.sklearn.options import Options
from tfmlp.sklearn.refusals import said_as_value_errors
from tfmlp.training.backend import Backend
from tfmlp.training.backends import make_backend
from tfmlp.training.loop import fit

if TYPE_CHECKING:
    from tfmlp.model.mlp import MLP

_TYPES = (np.float32, np.uint8)  # of features; others become the first
_MODEL = "model/"  # what the names of the model's weights begin with in a backend's state


class Estimator(Options, BaseEstimator):
    """What `MLPClassifier` and `MLPRegressor` have in common; parameters are those of `Options`.

    Attributes:
      history_: The `EpochResult` of each epoch, as `tfmlp.fit` yields them.
      net_: The trained network, as arrays.
    """

    _task: ClassVar[str]

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Trains from the beginning, by `tfmlp.fit`.

        Args:
          X: Numbers [n, columns]: an array, a data frame or a sparse matrix; trained on as a dense
            array of float32 (or of uint8, if it is one).
          y: Labels or values, [n].
          sample_weight: What each example's loss counts, [n], of which the ratios matter alone;
            examples of weight 0 are left out. Not used for preprocessing and in validation.

        Raises:
          ValueError: for examples or parameters that cannot be trained on.
          DivergenceError: as `tfmlp.fit`.

        >>> x, weights = np.arange(40.0).reshape(20, 2), np.arange(20) % 3
        >>> model = tfmlp.sklearn.MLPRegressor(backend="numpy", epochs=5)
        >>> len(model.fit(x, x[:, 0], sample_weight=weights).loss_curve_)
        5
        """
        with said_as_value_errors():
            config = self.make_config(self._task)
            self.__dict__.pop("net_", None)  # of other classes and columns, if this one fails
            training = fit(config, self._read(config, X, y, sample_weight))
            self.history_ = list(training)
            self._keep(config, training.data, training.backend)
        return self

    def _go_on(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Trains for one epoch, from where the last one ended; `partial_fit` is this."""
        with said_as_value_errors():
            history = self.history_ if self.__sklearn_is_fitted__() else []
            epoch, config = len(history) + 1, self.make_config(self._task)
            epochs = max(epoch, config.optimization.epochs)
            config = config.replace(validation=0, patience=None, epochs=epochs)
            data = self._read(config, X, y, sample_weight, is_more=True)
            backend = make_backend(config, data)
            if history:
                weights = {f"{_MODEL}{name}": one for name, one in self.net_.weights.items()}
                backend.set_state(weights | self._slots)
            self.history_ = [*history, train_epoch(backend, epoch)]
            self._keep(config, data, backend)
        return self

    @property
    def model_(self) -> "MLP":
        """The Keras model, made anew of the weights."""
        check_is_fitted(self)
        return self.net_.make_model()

    @property
    def loss_curve_(self) -> list[float]:
        """The loss of each epoch over the training examples, taken while the weights changed."""
        return [epoch.train.loss for epoch in self.history_]

    @property
    def n_iter_(self) -> int:
        """The number of epochs."""
        return len(self.history_)

    @property
    def validation_scores_(self) -> list[float | None] | None:
        """The score of each epoch on the validation examples; None where there are none."""
        if self.history_[-1].validation is None:
            return None
        metrics = [epoch.validation for epoch in self.history_ if epoch.validation is not None]
        name = "accuracy" if self._task == "classification" else "r2"
        return [getattr(one, name) for one in metrics]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "net_")

    def _number(self, y: Array, is_more: bool) -> tuple[Array, tuple[str, ...]]:
        """Returns labels as numbers, and the names of the classes.

        Args:
          y: Labels as they were given, [n].
          is_more: Whether their classes are known already.
        """
        raise NotImplementedError

    def _predict(self, X: Any) -> Array:
        check_is_fitted(self)
        features = validate_data(self, X, reset=False, accept_sparse="csr", dtype=_TYPES)
        return self.net_.predict(features)

    def _read(
        self, config: Config, X: Any, y: Any, sample_weight: Any, is_more: bool = False
    ) -> Dataset:
        options = {"accept_sparse": "csr", "dtype": _TYPES, "order": "C"}
        reset = not (is_more and self.__sklearn_is_fitted__())
        is_regression = self._task == "regression"
        X, y = validate_data(self, X, y, reset=reset, y_numeric=is_regression, **options)
        weights = weigh(sample_weight, len(y))
        if weights is not None and not weights.all():
            X, y, weights = (array[weights > 0] for array in (X, y, weights))
        features = X.toarray() if hasattr(X, "toarray") else X
        labels, class_names = self._number(y, is_more)
        columns = tuple(getattr(self, "feature_names_in_", ()))
        return make_dataset(features, labels, weights, class_names, columns, config)

    def _keep(self, config: Config, data: Dataset, backend: Backend) -> None:
        self.net_ = TrainedNet.of(config, data, backend)
        # What else `partial_fit` goes on with.
        state = backend.get_state() if config.runtime.backend == "tensorflow" else {}
        self._slots = {name: one for name, one in state.items() if not name.startswith(_MODEL)}


def can_go_on(estimator: Estimator) -> bool:
    """Returns whether an estimator has `partial_fit`."""
    if estimator.backend == "tensorflow":
        return True
    raise AttributeError(
        f"partial_fit is for backend tensorflow; received backend {estimator.backend}: use fit."
    )
