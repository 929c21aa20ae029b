"""scikit-learn's MLPClassifier, which has neither dropout nor batch normalization."""

import warnings

import numpy as np

from benchmarks.cells import SEED, Layers, Task


class Scikit:
    """`MLPClassifier.partial_fit` over all examples: one epoch of mini-batches."""

    def __init__(self, task: Task):
        from sklearn.neural_network import MLPClassifier

        cell = task.cell
        if cell.dropout or cell.batch_norm:
            raise NotImplementedError("scikit-learn has no dropout and no batch normalization")
        self._model = MLPClassifier(
            cell.widths[1:-1],
            activation={"sigmoid": "logistic"}.get(cell.activation, cell.activation),
            alpha=0.0,
            batch_size=cell.batch,
            solver="adam" if cell.optimizer == "adam" else "sgd",
            learning_rate_init=cell.learning_rate,
            epsilon=1e-7,
            momentum=0.9 if cell.optimizer == "momentum" else 0.0,
            nesterovs_momentum=False,
            random_state=SEED,
        )
        self._data, self._test = (task.features, task.train_labels), task.test
        features, labels = self._data
        classes = np.arange(cell.widths[-1])
        with warnings.catch_warnings():
            # About a batch size above the few examples that only serve to make the weights.
            warnings.simplefilter("ignore")
            self._model.partial_fit(features[:10], labels[:10], classes=classes)
        for index, (kernel, bias) in enumerate(task.weights()):
            self._model.coefs_[index][...], self._model.intercepts_[index][...] = kernel, bias
        # There is no public way to make it forget that first step.
        if cell.optimizer == "adam":
            options = {"epsilon": 1e-7}
        else:
            options = {"momentum": self._model.momentum, "nesterov": False}
        weights = self._model.coefs_ + self._model.intercepts_
        self._model._optimizer.__init__(weights, cell.learning_rate, **options)

    def epoch(self, order: np.ndarray) -> None:
        self._model.partial_fit(*self._data)

    def evaluate(self) -> tuple[float, float]:
        images, labels = self._test
        shares = self._model.predict_proba(images)
        losses = -np.log(shares[np.arange(len(labels)), labels])
        return float(losses.mean()), float((shares.argmax(1) == labels).mean())

    def layers(self) -> Layers:
        pairs = zip(self._model.coefs_, self._model.intercepts_, strict=True)
        return [{"kernel": kernel, "bias": bias} for kernel, bias in pairs]


def make(task: Task, variant: str) -> Scikit:
    return Scikit(task)
