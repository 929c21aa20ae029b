"""The view: a summary with what only a page shows, pictures first."""

import statistics
from dataclasses import dataclass
from functools import cached_property

from tfmlp.metrics import METRICS
from tfmlp.reports.changes import Option, recipe_config
from tfmlp.reports.figures import draw_run
from tfmlp.reports.pictures import Picture, pixels_uri
from tfmlp.reports.summary import Summary
from tfmlp.runs.pixels import decode_pixels
from tfmlp.training.result import EpochResult

_MOST_NAMES = 100  # of classes and of columns
_MOST_EPOCHS = 100  # rows of the table of epochs


@dataclass(frozen=True)
class Mistake:
    """A mistake as a page shows it: the names of both classes, and the image, if there is one."""

    index: int
    label: str
    predicted: str
    probability: float
    label_probability: float
    source: str | None


@dataclass(frozen=True)
class View:
    """One run as a page shows it.

    Attributes:
      summary: What is said of the run.
      is_detailed: Whether the page shows more of it than a row.
      is_brief: Whether it shows only the first of its pictures.
    """

    summary: Summary
    is_detailed: bool = True
    is_brief: bool = False

    @cached_property
    def pictures(self) -> dict[str, Picture]:
        """Its pictures by the section that shows them."""
        return draw_run(self.summary, self.is_brief)

    @property
    def sizes(self) -> str:
        """The numbers of examples, in words."""
        sizes = self.summary.run.record.dataset.sizes
        words = {"train": "training examples", "validation": "for validation", "test": "for test"}
        return ", ".join(f"{count:,} {words.get(name, name)}" for name, count in sizes.items())

    @property
    def epochs_text(self) -> str:
        """For how long it was trained, and how that ended."""
        run = self.summary.run
        done, planned = len(run.epochs), run.config.optimization.epochs
        plural = "s" if done != 1 else ""
        if run.record.status == "completed" and done == planned:
            return f"Completed: {done:,} epoch{plural}."
        how = {"stopped": "stopped early, when its patience ended"}
        status = how.get(run.record.status, self.summary.status)
        return f"{status.capitalize()}: {done:,} epoch{plural} of at most {planned:,}."

    @property
    def other_metrics(self) -> dict[str, float]:
        """The metrics of the test examples beside the first one."""
        first = self.summary.headline
        test = self.summary.run.record.test or {}
        names = [name for name in METRICS if name in test]
        return {name: test[name] for name in names if first is None or name != first.metric}

    @property
    def is_standardized(self) -> bool:
        """Whether the loss is that of standardized targets."""
        is_regression = self.summary.task == "regression"
        return is_regression and self.summary.run.config.model.standardize_target

    @property
    def epochs(self) -> list[EpochResult]:
        """Its epochs; an even choice, the last one among them, where there are many."""
        epochs = self.summary.run.epochs
        stride = -(-len(epochs) // _MOST_EPOCHS)
        return epochs[::-1][:: max(1, stride)][::-1]

    @property
    def class_counts(self) -> list[tuple[str, tuple[int, ...]]]:
        """The name of each class, and its numbers of examples by split; of the first ones, where
        there are many.
        """
        data = self.summary.run.record.dataset
        return list(zip(data.class_names[:_MOST_NAMES], zip(*data.class_counts.values())))

    @property
    def columns(self) -> str:
        """The names of a table's columns, of the first ones where there are many."""
        columns = self.summary.run.schema.columns if self.summary.run.schema else ()
        more = f" and {len(columns) - _MOST_NAMES:,} more" if len(columns) > _MOST_NAMES else ""
        return ", ".join(columns[:_MOST_NAMES]) + more

    @property
    def epoch_metrics(self) -> list[str]:
        """The metrics of an epoch that training and validation have."""
        names = self.summary.run.epochs[0].train.to_dict()
        return [name for name in METRICS if name in names]

    @property
    def pace(self) -> str:
        """How long an epoch takes, in words."""
        run = self.summary.run
        if not run.epochs:
            return ""
        seconds = statistics.median(epoch.seconds for epoch in run.epochs)
        count = run.epochs[-1].train.count
        rate = f", {count / seconds:,.0f} training examples per second" if seconds > 0 else ""
        shown = f"{seconds:.2f} s" if seconds >= 0.1 else f"{1000 * seconds:.3g} ms"
        return f"{shown} in the median{rate}"

    @property
    def has_recipe(self) -> bool:
        """Whether the recipe that it started from is known today."""
        return recipe_config(self.summary.run.record.recipe) is not None

    @property
    def overridden(self) -> list[Option]:
        """The options that have not the recipe's value; its dataset is the kind that it is for."""
        options = [one for one in self.summary.options if one.name != "dataset"]
        return [one for one in options if one.in_recipe not in (None, one.value)]

    @cached_property
    def mistakes(self) -> list[Mistake]:
        """The most confident mistakes, with their images."""
        evaluation = self.summary.evaluation
        if evaluation is None:
            return []
        shape, names = evaluation.image_shape, self.summary.class_names
        return [
            Mistake(
                one.index,
                names[one.label],
                names[one.predicted],
                one.probability,
                one.label_probability,
                pixels_uri(decode_pixels(one.pixels, shape)) if one.pixels and shape else None,
            )
            for one in evaluation.mistakes
        ]
