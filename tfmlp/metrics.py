"""The metrics that a run records: name, task, direction, and how each is shown.

    METRICS["accuracy"].higher_is_better, METRICS["accuracy"].show(0.987)      # True, '98.70 %'

Whatever computes a metric finds it here by name: Keras' metric objects in `training.keras_metrics`,
the reference's sums in `reference.metrics`. No TensorFlow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_TASKS = ("classification", "regression")
# With more classes, metrics by class are left out: a mean over so many rare classes says little.
MOST_CLASSES = 1000


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
      tasks: The tasks that have it.
      higher_is_better: Its direction.
      share: Whether it is a share, 0 to 1, which is shown in percent.
      evaluated: Whether it is computed in evaluations only, not while the weights change.
      by_class: Whether it is a mean over classes.
    """

    tasks: tuple[str, ...]
    higher_is_better: bool = False
    share: bool = False
    evaluated: bool = False
    by_class: bool = False

    def show(self, value: float) -> str:
        """Returns a value as people read it.

        >>> METRICS["accuracy"].show(0.98765), METRICS["rmse"].show(12345.6)
        ('98.77 %', '1.235e+04')
        """
        if self.share:
            return f"{100 * value:.2f} %"
        return f"{value:.4g}" if value >= 1000 else f"{value:.4f}"

    def show_briefly(self, value: float) -> str:
        """Returns a value to four digits or more, in at most eight characters.

        >>> METRICS["rmse"].show_briefly(123.456), METRICS["rmse"].show_briefly(12345.6)
        ('123.5', '12346')
        >>> METRICS["loss"].show_briefly(3.21e21)
        '3.210e21'
        """
        if self.share or abs(value) < 10:
            return self.show(value)
        if abs(value) < 1e8 - 1:
            return f"{value:.4g}" if abs(value) < 9999 else f"{value:.0f}"
        return f"{value:.3e}".replace("e+0", "e").replace("e+", "e")

    def signed(self, value: float) -> float:
        """Returns a value with the sign that makes higher better."""
        return value if self.higher_is_better else -value


_BY_CLASS = Metric(
    ("classification",), higher_is_better=True, share=True, evaluated=True, by_class=True
)
METRICS = {
    "loss": Metric(_TASKS),
    "accuracy": Metric(("classification",), higher_is_better=True, share=True),
    "balanced_accuracy": _BY_CLASS,
    "f1": _BY_CLASS,
    "mae": Metric(("regression",)),
    "rmse": Metric(("regression",)),
    "r2": Metric(("regression",), higher_is_better=True, evaluated=True),
}


def metrics_of(task: str, classes: int = 0) -> tuple[str, ...]:
    """Returns the names of the metrics that an evaluation has, the loss first.

    Args:
      task: "classification" or "regression".
      classes: The number of classes; with more than 1,000, metrics by class are left out.

    >>> metrics_of("regression")
    ('loss', 'mae', 'rmse', 'r2')
    """
    names = (name for name, metric in METRICS.items() if task in metric.tasks)
    return tuple(name for name in names if classes <= MOST_CLASSES or not METRICS[name].by_class)


def training_metrics_of(task: str) -> tuple[str, ...]:
    """Returns the names of the metrics that are computed while the weights change.

    >>> training_metrics_of("classification")
    ('loss', 'accuracy')
    """
    return tuple(name for name in metrics_of(task) if not METRICS[name].evaluated)


@dataclass(frozen=True)
class Metrics:
    """Metrics over some examples, each counted once.

    Attributes:
      loss: Mean per-example loss, without penalties; of standardized targets, where the model
        standardizes them.
      count: Number of examples.
      accuracy: Share of right classes, 0 to 1; None for regression.
      balanced_accuracy: Mean over the classes that occur of the share that is recognized, 0 to 1;
        of an evaluation of at most 1,000 classes.
      f1: Mean of F1 over the classes that occur or are predicted, 0 to 1; as balanced_accuracy.
      mae: Mean absolute error, in the target's unit; None for classification.
      rmse: Root of the mean squared error, in the target's unit; None for classification.
      r2: Share of the targets' variance that is explained, at most 1; of an evaluation.

    >>> metrics = Metrics(loss=0.25, count=10, accuracy=0.9)
    >>> metrics.accuracy, metrics["accuracy"], metrics.f1
    (0.9, 0.9, None)
    """

    loss: float
    count: int
    accuracy: float | None = None
    balanced_accuracy: float | None = None
    f1: float | None = None
    mae: float | None = None
    rmse: float | None = None
    r2: float | None = None

    def __getitem__(self, name: str) -> float:
        """Returns a metric by its name.

        Raises:
          KeyError: for one that these metrics do not have.
        """
        value: float = self.to_dict()[name]
        return value

    def to_dict(self) -> dict[str, Any]:
        """Returns the metrics that there are, and the count.

        >>> Metrics(loss=0.25, count=10, accuracy=0.9).to_dict()
        {'loss': 0.25, 'count': 10, 'accuracy': 0.9}
        """
        return {name: value for name, value in vars(self).items() if value is not None}


def show_metrics(values: dict[str, Any], beside: Mapping[str, str] = MappingProxyType({})) -> str:
    """Returns metrics as `Metrics.to_dict` gives them, as one line.

    Args:
      values: The metrics.
      beside: Metric -> what is shown in parentheses after its value.

    >>> show_metrics({"loss": 0.25, "count": 10, "accuracy": 0.5}, {"accuracy": "by chance 10 %"})
    'loss 0.2500  accuracy 50.00 % (by chance 10 %)'
    """
    return "  ".join(
        f"{name.replace('_', ' ')} {METRICS[name].show(value)}"
        + (f" ({beside[name]})" if name in beside else "")
        for name, value in values.items()
        if name in METRICS
    )
