"""scikit-learn's MLPClassifier, which has neither dropout nor batch normalization."""

import warnings

import numpy as np

from benchmarks.cells import SEED, Task


class Scikit:
    """`MLPClassifier.partial_fit` over all rows: one epoch of mini-batches."""

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
        classes = np.arange(cell.widths[-1])
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # about a batch size above the few rows that only serve to make the weights
            self._model.partial_fit(self._data[0][:10], self._data[1][:10], classes=classes)
        for index, (kernel, bias) in enumerate(task.weights()):
            self._model.coefs_[index][...], self._model.intercepts_[index][...] = kernel, bias
        self._model._optimizer.__init__(
            self._model.coefs_ + self._model.intercepts_,
            self._model.learning_rate_init,
            **(
                {"epsilon": 1e-7}
                if cell.optimizer == "adam"
                else {"momentum": self._model.momentum, "nesterov": False}
            ),
        )

    def epoch(self, order: np.ndarray) -> None:
        self._model.partial_fit(*self._data)

    def evaluate(self) -> tuple[float, float]:
        images, labels = self._test
        shares = self._model.predict_proba(images)
        return float(-np.log(shares[np.arange(len(labels)), labels]).mean()), float(
            (shares.argmax(1) == labels).mean()
        )

    def layers(self) -> list[dict[str, np.ndarray]]:
        return [
            {"kernel": kernel, "bias": bias}
            for kernel, bias in zip(self._model.coefs_, self._model.intercepts_, strict=True)
        ]


def make(task: Task, variant: str) -> Scikit:
    return Scikit(task)
