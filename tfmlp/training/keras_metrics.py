"""The metrics of a task as Keras' metric objects."""

import keras

from tfmlp.metrics import Metrics, metrics_of

# Metric -> Keras' class; "loss" is the mean of the per-example losses.
_CLASSES = {
    "loss": keras.metrics.Mean,
    "accuracy": keras.metrics.SparseCategoricalAccuracy,
    "mae": keras.metrics.MeanAbsoluteError,
    "rmse": keras.metrics.RootMeanSquaredError,
}


class KerasMetrics:
    """The metric objects of a task.

    Args:
      task: "classification" or "regression".

    Attributes:
      objects: The metric objects, by the names under which runs record them.
    """

    def __init__(self, task: str):
        # float64: sums over an epoch stay exact enough that a count of right answers comes out as
        # the very fraction.
        self.objects = {name: _CLASSES[name](name, dtype="float64") for name in metrics_of(task)}

    def reset(self) -> None:
        """Forgets the examples seen so far."""
        for metric in self.objects.values():
            metric.reset_state()

    def read(self, count: int) -> Metrics:
        """Returns the metrics of `count` examples, which the objects have seen."""
        values = {name: float(metric.result()) for name, metric in self.objects.items()}
        return Metrics(count=count, **values)

    def variables(self) -> dict[str, keras.Variable]:
        """Returns the objects' variables, by "metric/variable"."""
        return {
            f"{name}/{variable.name}": variable
            for name, metric in self.objects.items()
            for variable in metric.variables
        }
