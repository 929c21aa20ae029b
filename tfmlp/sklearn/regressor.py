"""`MLPRegressor`: a network that predicts values."""

from typing import Any, Self

from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from tfmlp.data.rowfile import Array
from tfmlp.sklearn.estimator import Estimator, can_go_on


class MLPRegressor(RegressorMixin, Estimator):
    """A multilayer perceptron that predicts one value an example.

    Parameters and defaults are those of `MLPClassifier`; `class_weights`, `label_smoothing` and
    `stratify` are for classes alone.

    Attributes:
      n_features_in_, feature_names_in_: How many columns X had, and their names, if it had any.
      loss_curve_, n_iter_, validation_scores_, history_: What came of the epochs.
      model_: The Keras model.
      net_: The trained network, as arrays.

    >>> x = np.arange(40.0).reshape(20, 2)
    >>> model = tfmlp.sklearn.MLPRegressor(hidden_units=(8,), epochs=200).fit(x, x[:, 0] + 5)
    >>> model.score(x, x[:, 0] + 5) > 0.9
    True
    """

    _task = "regression"

    def predict(self, X: Any) -> Array:
        """Returns the value of each example of X [n, columns], float32 [n].

        >>> x = np.arange(40.0).reshape(20, 2)
        >>> model = tfmlp.sklearn.MLPRegressor(backend="numpy", epochs=200).fit(x, x[:, 0] + 5)
        >>> bool(abs(model.predict([[20, 21]])[0] - 25) < 2)
        True
        """
        return self._predict(X)

    @available_if(can_go_on)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Trains for one epoch on some examples, from where the last one ended.

        On the same examples, k calls are k epochs of `fit`, bit for bit. No examples are held out.
        The first call decides what preprocessing and the target's scale subtract and divide by. For
        backend "tensorflow" alone.

        Args:
          X, y, sample_weight: As `fit`.

        Raises:
          ValueError: as `fit`.
          DivergenceError: as `fit`; the estimator stays as it was.
        """
        return self._go_on(X, y, sample_weight)

    def _number(self, y: Array, is_more: bool) -> tuple[Array, tuple[str, ...]]:
        return y, ()
