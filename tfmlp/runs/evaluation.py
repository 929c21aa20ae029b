"""`Evaluation`: what a run folder's evaluation.json says of a run's model, beyond its metrics.

    evaluation = RunFolder(path).read_evaluation()
    evaluation.confusion, evaluation.calibration.ece, evaluation.mistakes[0].predicted

It is written twice: when a run starts, with the histograms of its beginning, and when it ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tfmlp.runs.pixels import decode_pixels
from tfmlp.runs.values import DamagedRecord, Values

FORMAT = 1


@dataclass(frozen=True)
class Histogram(Values):
    """Counts of values between edges, of which there is one more; no edges without values."""

    edges: list[float]
    counts: list[int]

    def __post_init__(self) -> None:
        _require_lengths("edges", self.edges, len(self.counts) + bool(self.counts))


@dataclass(frozen=True)
class LayerHistograms(Values):
    """A dense layer on some training examples.

    Attributes:
      name: The layer's name.
      weights: Its kernel's entries.
      activations: Its outputs, after normalization and activation function.
      gradients: The entries of the gradient of the mean loss by its kernel.
    """

    name: str
    weights: Histogram
    activations: Histogram
    gradients: Histogram


@dataclass(frozen=True)
class Layers(Values):
    """The layers before the first step and after the last; empty where they were not looked at."""

    beginning: list[LayerHistograms]
    end: list[LayerHistograms]


@dataclass(frozen=True)
class Calibration(Values):
    """Whether probabilities are right: examples in bins of the predicted class's probability.

    Attributes:
      edges: Of the bins.
      counts: Examples in each bin.
      confidence: The mean probability in each bin; None in an empty one.
      accuracy: The share of right classes in each bin; None in an empty one.
      ece: The expected calibration error.
    """

    edges: list[float]
    counts: list[int]
    confidence: list[float | None]
    accuracy: list[float | None]
    ece: float

    def __post_init__(self) -> None:
        count = len(self.counts)
        _require_lengths("edges", self.edges, count + 1)
        _require_lengths("confidence", self.confidence, count)
        _require_lengths("accuracy", self.accuracy, count)


@dataclass(frozen=True)
class Mistake(Values):
    """A test example whose class is not the predicted one.

    Attributes:
      index: Its number among the test examples.
      label: Its class.
      predicted: The class that the model predicts.
      probability: The model's probability of that.
      label_probability: The model's probability of the right class.
      pixels: The image, as `decode_pixels` takes it; None where the examples are no images.
    """

    index: int
    label: int
    predicted: int
    probability: float
    label_probability: float
    pixels: str | None


@dataclass(frozen=True)
class Decile(Values):
    """A tenth of the test examples, by their true values: from the lowest to the highest of them,
    their number, and their mean absolute and root mean squared error."""

    low: float
    high: float
    count: int
    mae: float
    rmse: float


@dataclass(frozen=True)
class Regression(Values):
    """Values beside those predicted of them, in the target's unit.

    Attributes:
      true, predicted: Of at most 1,000 test examples, evenly chosen.
      histogram: The residuals (predicted less true) of all test examples.
      deciles: The errors by the true value.
      mean_rmse: The root mean squared error of predicting always the mean of the training targets;
        None in files of before.
    """

    true: list[float]
    predicted: list[float]
    histogram: Histogram
    deciles: list[Decile]
    mean_rmse: float | None = None

    def __post_init__(self) -> None:
        _require_lengths("predicted", self.predicted, len(self.true))


@dataclass(frozen=True)
class FirstLayer(Values):
    """What the first layer's units look for: their weights as images.

    Attributes:
      shape: [h, w, c] of each image.
      low, high: The weights that are shown as 0 and 255.
      images: One a unit, as `decode_pixels` takes them.
    """

    shape: list[int]
    low: float
    high: float
    images: list[str]

    def __post_init__(self) -> None:
        _require_images(self.images, self.shape)


@dataclass(frozen=True)
class Evaluation(Values):
    """What is known of a run's model on examples that it was not trained on.

    Attributes:
      format: Of the file.
      split: Which examples.
      count: How many they are; 0 as long as the run has not ended.
      task: "classification" or "regression".
      confusion: Examples by their class (row) and the predicted class (column); None for
        regression, for more than 100 classes, and as long as the run has not ended.
      calibration: Whether the probabilities are right; None likewise, but for any number of
        classes.
      mistakes: At most 25, the most probable to the model first.
      image_shape: [h, w, c] of the mistakes' pixels; None where the examples are no images.
      regression: Values beside those predicted; None for classification.
      layers: Histograms of each layer.
      first_layer: The first layer's weights; None where the examples are no images.

    >>> evaluation = tfmlp.load_run("runs/third").evaluation
    >>> evaluation.count, len(evaluation.confusion), [one.name for one in evaluation.layers.end]
    (1000, 10, ['dense_1', 'logits'])
    """

    format: int
    split: str
    count: int
    task: str
    confusion: list[list[int]] | None
    calibration: Calibration | None
    mistakes: list[Mistake]
    image_shape: list[int] | None
    regression: Regression | None
    layers: Layers
    first_layer: FirstLayer | None

    def __post_init__(self) -> None:
        for row in self.confusion or ():
            _require_lengths("a row of confusion", row, len(self.confusion or ()))
        pixels = [one.pixels for one in self.mistakes if one.pixels is not None]
        _require_images(pixels, self.image_shape or [])

    @property
    def has_ended(self) -> bool:
        """Whether the run lived to look at its test examples."""
        return self.count > 0

    @classmethod
    def from_dict(cls, values: Any) -> "Evaluation":
        """Makes the value from what evaluation.json holds.

        Raises:
          DamagedRecord: when it is of another format, or was changed since.
        """
        version = values.get("format") if isinstance(values, Mapping) else type(values).__name__
        if version != FORMAT:
            raise DamagedRecord(
                f"expected an evaluation of format {FORMAT}; received {version!r}: train again"
            )
        try:
            return super().from_dict(values)
        except ValueError as error:
            raise DamagedRecord(f"{error}: it was changed since; train again") from None


def _require_lengths(name: str, values: list[Any], count: int) -> None:
    if len(values) != count:
        raise DamagedRecord(f"{name} must have {count} entries; received {len(values)}")


def _require_images(images: list[str], shape: list[int]) -> None:
    for image in images:
        try:
            decode_pixels(image, shape)
        except ValueError as error:
            raise DamagedRecord(str(error)) from None
    if images and len(shape) != 3:
        raise DamagedRecord(f"an image's shape must have 3 entries; received {shape}")
