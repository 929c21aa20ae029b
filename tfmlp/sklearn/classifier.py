"""`MLPClassifier`: a network that predicts classes."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets

from tfmlp.data.rowfile import Array
from tfmlp.errors import DataError
from tfmlp.sklearn.estimator import Estimator, can_go_on
from tfmlp.sklearn.refusals import Refusal


class MLPClassifier(ClassifierMixin, Estimator):
    """A multilayer perceptron that predicts classes.

    Its parameters, all of them keywords, are the options of `tfmlp train` that are for arrays; the
    same options, seed and training examples give the same weights. Three defaults differ from those
    of a table on the command line (the recipe `tabular`): no examples are held out (`validation`
    is 0), so nothing stops the training early (`patience` is None), and `epochs` is 50. For early
    stopping: `MLPClassifier(validation=0.2, patience=20, epochs=200)`.

    Attributes:
      classes_: The classes, sorted: anything that scikit-learn takes as labels.
      n_features_in_, feature_names_in_: How many columns X had, and their names, if it had any.
      loss_curve_, n_iter_, validation_scores_, history_: What came of the epochs.
      model_: The Keras model.
      net_: The trained network, as arrays.

    >>> x, y = np.arange(40.0).reshape(20, 2), ["low"] * 10 + ["high"] * 10
    >>> model = tfmlp.sklearn.MLPClassifier(hidden_units=(8,), epochs=40).fit(x, y)
    >>> model.classes_.tolist(), model.n_iter_, model.score(x, y)
    (['high', 'low'], 40, 1.0)
    """

    _task = "classification"
    classes_: Array

    def predict(self, X: Any) -> Array:
        """Returns the most probable class of each example of X [n, columns], [n].

        >>> x, y = np.arange(40.0).reshape(20, 2), ["low"] * 10 + ["high"] * 10
        >>> model = tfmlp.sklearn.MLPClassifier(backend="numpy").fit(x, y)
        >>> model.predict([[0, 1], [38, 39]]).tolist()
        ['low', 'high']
        """
        numbers = self.predict_proba(X).argmax(axis=1)
        return self.classes_[numbers]

    def predict_proba(self, X: Any) -> Array:
        """Returns probabilities [n, classes] of examples X [n, columns], in `classes_`' order.

        >>> x, y = np.arange(40.0).reshape(20, 2), [7, 9] * 10
        >>> model = tfmlp.sklearn.MLPClassifier(backend="numpy").fit(x, y)
        >>> model.predict_proba(x[:3]).shape
        (3, 2)
        """
        return self._predict(X)

    @available_if(can_go_on)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Trains for one epoch on some examples, from where the last one ended.

        On the same examples, k calls are k epochs of `fit`, bit for bit. No examples are held out.
        The first call decides the classes and what preprocessing subtracts and divides by. For
        backend "tensorflow" alone.

        Args:
          X, y, sample_weight: As `fit`.
          classes: All classes that will come; needed in the first call.

        Raises:
          ValueError: as `fit`, and for other classes than those of the first call.
          DivergenceError: as `fit`; the estimator stays as it was.
        """
        is_first = not self.__sklearn_is_fitted__()
        if classes is None and is_first:
            raise Refusal(
                "partial_fit needs all classes in its first call; received none: pass"
                " classes=numpy.unique(all labels)."
            )
        if classes is not None:
            known = np.unique(classes)
            if not is_first and not np.array_equal(known, self.classes_):
                raise Refusal(
                    f"classes must stay those of the first call, {self.classes_.tolist()}; received"
                    f" {known.tolist()}: leave them out, or call fit."
                )
            self.classes_ = known
        return self._go_on(X, y, sample_weight)

    def _number(self, y: Array, is_more: bool) -> tuple[Array, tuple[str, ...]]:
        check_classification_targets(y)
        if is_more:
            if len(unknown := np.setdiff1d(y, self.classes_)):
                raise DataError(
                    f"y must be of the classes {self.classes_.tolist()}; received"
                    f" {unknown.tolist()[0]!r}: pass all classes in the first call of partial_fit."
                )
            numbers = np.searchsorted(self.classes_, y)
        else:
            self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(
                "y must have at least two classes (among examples of a weight); received 1 class:"
                " add examples of another."
            )
        return numbers, tuple(map(str, self.classes_.tolist()))
