"""The metrics that a run records: name, task, direction, and how each is shown.

    METRICS["accuracy"].higher_is_better, METRICS["accuracy"].show(0.987)      # True, '98.70 %'

Whatever computes a metric finds it here by name: Keras' metric objects in `training.keras_metrics`,
the reference's sums in `reference.metrics`. No TensorFlow.
"""

from dataclasses import dataclass
from typing import Any

_TASKS = ("classification", "regression")


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
      tasks: The tasks that have it.
      higher_is_better: Its direction.
      share: Whether it is a share of the examples, 0 to 1, which is shown in percent.
    """

    tasks: tuple[str, ...]
    higher_is_better: bool = False
    share: bool = False

    def show(self, value: float) -> str:
        """Returns a value as people read it.

        >>> METRICS["accuracy"].show(0.98765), METRICS["rmse"].show(12345.6)
        ('98.77 %', '1.235e+04')
        """
        if self.share:
            return f"{100 * value:.2f} %"
        return f"{value:.4g}" if value >= 1000 else f"{value:.4f}"

    def signed(self, value: float) -> float:
        """Returns a value with the sign that makes higher better."""
        return value if self.higher_is_better else -value


METRICS = {
    "loss": Metric(_TASKS),
    "accuracy": Metric(("classification",), higher_is_better=True, share=True),
    "mae": Metric(("regression",)),
    "rmse": Metric(("regression",)),
}


def metrics_of(task: str) -> tuple[str, ...]:
    """Returns the names of a task's metrics, the loss first.

    >>> metrics_of("regression")
    ('loss', 'mae', 'rmse')
    """
    return tuple(name for name, metric in METRICS.items() if task in metric.tasks)


@dataclass(frozen=True)
class Metrics:
    """Metrics over some examples, each counted once.

    Attributes:
      loss: Mean per-example loss, without penalties; of standardized targets, where the model
        standardizes them.
      count: Number of examples.
      accuracy: Share of right classes, 0 to 1; None for regression.
      mae: Mean absolute error, in the target's unit; None for classification.
      rmse: Root of the mean squared error, in the target's unit; None for classification.
    """

    loss: float
    count: int
    accuracy: float | None = None
    mae: float | None = None
    rmse: float | None = None

    def __getitem__(self, name: str) -> float:
        """Returns a metric of the task by its name."""
        value: float = getattr(self, name)
        return value

    def to_dict(self) -> dict[str, Any]:
        """Returns the metrics that the task has, and the count."""
        return {name: value for name, value in vars(self).items() if value is not None}


def show_metrics(values: dict[str, Any]) -> str:
    """Returns metrics as `Metrics.to_dict` gives them, as one line.

    >>> show_metrics({"loss": 0.25, "count": 10, "accuracy": 0.5})
    'loss 0.2500  accuracy 50.00 %'
    """
    return "  ".join(
        f"{name} {METRICS[name].show(value)}" for name, value in values.items() if name in METRICS
    )
