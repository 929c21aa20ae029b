"""Running experiments over seeds, and judging them by what was published.

Each seed of a recipe is a run folder of its own below one folder; a run that is complete there is
not run again.
"""

import gc
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tfmlp.config import Config
from tfmlp.data.dataset import Dataset
from tfmlp.data.sources import load_configured
from tfmlp.data.svhn import find
from tfmlp.errors import ConfigError, TfmlpError, nearest
from tfmlp.experiments.exact import EXACT
from tfmlp.experiments.figures import Figure, Outcome
from tfmlp.experiments.studies import STUDIES
from tfmlp.recipes.recipe import Check, Recipe, list_recipes, load_recipe
from tfmlp.reference.losses import LOSSES, one_hot, softmax
from tfmlp.reference.metrics import class_figures
from tfmlp.runs.lock import locked
from tfmlp.runs.record import RunFolder
from tfmlp.runs.recording import record_training

# Listed, so that the list of experiments is whole; needs a search over a declared space.
PENDING = {
    "mnist-random-search": (
        "two rounds of 50 random draws, best validation accuracy 0.97758 and 0.97983; needs the"
        " search command, which does not exist yet"
    )
}
_ROWS_AT_A_TIME = 2000
_CLIP = 1e-9  # of a probability, before its logarithm is taken


def list_experiments() -> list[str]:
    """Returns the names of all experiments that have published figures."""
    return sorted(
        [*EXACT, *STUDIES, *(name for name in list_recipes() if load_recipe(name).checks)]
    )


@dataclass
class Reproduction:
    """How experiments are run.

    Attributes:
      folder: Where the run folders go.
      seeds: How many seeds; 0, 1, 2, ...
      quick: Whether to run a tenth of the epochs with one seed, which judges nothing but that
        everything runs.
      data_dir: Where SVHN's files are, if they are not where they are always looked for.
      on_progress: Called with a line for each run that starts.
    """

    folder: Path
    seeds: int = 5
    quick: bool = False
    data_dir: str | None = None
    on_progress: Callable[[str], None] = lambda line: None
    _data: tuple[Any, Dataset] | None = field(default=None, repr=False)

    def run(self, name: str) -> Outcome:
        """Runs an experiment.

        Raises:
          ConfigError: for an unknown name.
        """
        started = time.perf_counter()
        if name in PENDING:
            return Outcome(name, (), 0.0, PENDING[name])
        if name in EXACT:
            self.on_progress(name)
            return Outcome(name, EXACT[name](), time.perf_counter() - started)
        if name in STUDIES:
            return self._run_study(name)
        if name not in list_recipes() or not (recipe := load_recipe(name)).checks:
            raise ConfigError(
                f"unknown experiment {name!r}: {nearest(name, [*list_experiments(), *PENDING])}."
            )
        return self._run_recipe(recipe)

    @property
    def _seeds(self) -> range:
        return range(1 if self.quick else self.seeds)

    def _run_study(self, name: str) -> Outcome:
        """Runs a study over seeds; what each seed gave is kept in a file."""
        seconds, results = 0.0, []
        for seed in self._seeds:
            path = self.folder / f"{name}-seed{seed}" / "study.json"
            kept = self._kept(path)
            if kept is None:
                self.on_progress(f"{name}, seed {seed}")
                started = time.perf_counter()
                study = STUDIES[name](seed, self.quick)
                kept = {
                    "quick": self.quick,
                    "seconds": time.perf_counter() - started,
                    "figures": [
                        vars(figure) | {"measured": figure.measured[0]} for figure in study.figures
                    ],
                    "tables": list(study.tables),
                }
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(kept, indent=2))
            results.append(kept)
            seconds += kept["seconds"]
        figures = tuple(
            Figure(**(parts[0] | {"measured": tuple(part["measured"] for part in parts)}))
            for parts in zip(*(kept["figures"] for kept in results), strict=True)
        )
        return Outcome(name, figures, seconds, tables=tuple(results[0]["tables"]))

    def _kept(self, path: Path) -> dict[str, Any] | None:
        if not path.is_file():
            return None
        kept = json.loads(path.read_text())
        return kept if kept["quick"] == self.quick else None

    def _run_recipe(self, recipe: Recipe) -> Outcome:
        config, note = recipe.config, ""
        if config.data.dataset == "svhn":
            if find("train_32x32.mat", self.data_dir) is None:
                return Outcome(
                    recipe.name, (), 0.0, "needs SVHN: tfmlp data download svhn, or --data-dir"
                )
            config = config.replace(data_dir=self.data_dir)
        if self.quick:
            config = config.replace(epochs=max(1, config.optimization.epochs // 10))
        seconds, measured = 0.0, []
        for seed in self._seeds:
            record = self._run_seed(recipe, config.replace(seed=seed))
            seconds += record["timing"]["total_seconds"]
            measured.append(record["figures"])
            if record["dataset"]["official"] is False:
                sizes = record["dataset"]["sizes"]
                note = (
                    f"on {sizes['train']:,}/{sizes['test']:,} images that are not the published set"
                )
        figures = tuple(
            Figure(
                check.label,
                check.published,
                tuple(figures[check.label] for figures in measured),
                check.rule or ("at most" if check.figure == "loss" else "at least"),
                4 if check.figure == "loss" else 2,
            )
            for check in recipe.checks
            if all(check.label in figures for figures in measured)
        )
        return Outcome(recipe.name, figures, seconds, note)

    def _run_seed(self, recipe: Recipe, config: Config) -> dict[str, Any]:
        """Runs a recipe with one seed unless its run folder is complete; returns the record."""
        folder = RunFolder(self.folder / f"{recipe.name}-seed{config.runtime.seed}")
        if (folder.path / "run.json").exists():
            record = folder.read()
            if "figures" in record and record["config"] == config.to_dict():
                return record
            with locked(folder.path):  # not while another process is at it
                shutil.rmtree(folder.path)  # broken off, or of another configuration
        from tfmlp.training.loop import fit

        self.on_progress(f"{recipe.name}, seed {config.runtime.seed}")
        started = time.perf_counter()
        training = fit(config, self._load(config))
        watcher = _Watcher(training, recipe)
        record, error = record_training(training, folder, recipe.name, started, watcher.on_epoch)
        if error is not None:
            raise (
                error
                if isinstance(error, TfmlpError | KeyboardInterrupt)
                else RuntimeError(str(error))
            )
        record["figures"] = watcher.figures()
        folder.write(record)
        del training, watcher
        gc.collect()  # TensorFlow's functions and their data hang in cycles, one set for every run
        return record

    def _load(self, config: Config) -> Dataset:
        """Returns the dataset of a configuration, read once for all runs that share it."""
        key = (config.data, config.runtime.seed if config.data.validation else None)
        if self._data is None or self._data[0] != key:
            self._data = key, load_configured(config.data, config.runtime.seed)
        return self._data[1]


class _Watcher:
    """Collects the figures that a recipe's checks ask for, and stops at the first rise of the test
    loss where the recipe says so.
    """

    def __init__(self, training: Any, recipe: Recipe):
        self._training, self._recipe = training, recipe
        self._by_epoch: dict[str, float] = {}
        self._least: float | None = None
        # Those of the epoch before the look that rises: where this family of teaching frameworks
        # copies its model. Going back to the look before would cost 0.2 points.
        self._weights_before: Any = None

    def on_epoch(self, epoch: dict[str, Any]) -> None:
        number = epoch["epoch"]
        for check in self._recipe.checks:
            if check.epoch in (number, "best"):
                value = self._figure(check, epoch)
                if check.epoch == "best":
                    better = min if check.figure == "loss" else max
                    value = better(value, self._by_epoch.get(check.label, value))
                self._by_epoch[check.label] = value
        if self._recipe.look_every and number % self._recipe.look_every == 0:
            loss = self._look_loss()
            if self._least is not None and loss > self._least:
                self._training.stop(self._weights_before)
            self._least = loss
        if self._recipe.look_every:
            self._weights_before = self._training.backend.get_weights()

    def _look_loss(self) -> float:
        """Returns the test loss as such frameworks look at it: probabilities are clipped, so that
        one that is wrong and sure of it counts 20 and not hundreds, and each class' own
        cross-entropy is added. Without that, the loss of large initial weights rises long before
        the accuracy falls.
        """
        test = self._training.data.test
        outputs = self._outputs("test")
        if self._training.config.model.output_activation != "linear":
            return float(LOSSES["summed_squared_error"](outputs, test.labels)[0].mean())
        likely = np.clip(softmax(outputs.astype(np.float64)), _CLIP, 1 - _CLIP)
        truth = one_hot(test.labels, outputs.shape[1], likely.dtype)
        return float(
            -(truth * np.log(likely) + (1 - truth) * np.log(1 - likely)).sum(axis=1).mean()
        )

    def _outputs(self, split: str) -> np.ndarray:
        """Returns the model's outputs on a split, [n, k]."""
        rows, model = self._training.data.splits[split].features, self._training.model
        return np.concatenate(
            [
                np.asarray(model(rows[start : start + _ROWS_AT_A_TIME]))
                for start in range(0, len(rows), _ROWS_AT_A_TIME)
            ]
        )

    def figures(self) -> dict[str, float]:
        """Returns the figures by the labels of their checks, after training."""
        last = self._training.history[-1].to_dict()
        return self._by_epoch | {
            check.label: self._figure(check, last)
            for check in self._recipe.checks
            if check.epoch is None
        }

    def _figure(self, check: Check, epoch: dict[str, Any]) -> float:
        if check.figure == "f1":
            return 100 * self._mean_f1(check.split)
        figures = (
            epoch[check.split]
            if check.split in epoch
            else self._training.evaluate(check.split).to_dict()
        )
        if check.figure == "accuracy_above_majority":
            data = self._training.data
            commonest = int(np.argmax(np.bincount(data.train.labels)))
            return 100 * (
                figures["accuracy"] - float(np.mean(data.splits[check.split].labels == commonest))
            )
        return 100 * figures["accuracy"] if check.figure == "accuracy" else figures[check.figure]

    def _mean_f1(self, split: str) -> float:
        data = self._training.data
        return float(
            class_figures(
                self._outputs(split).argmax(axis=1), data.splits[split].labels, data.num_classes
            ).f1.mean()
        )


def results_table(outcomes: list[Outcome]) -> str:
    """Returns the outcomes as a Markdown table, a line per figure; an exact experiment of many
    figures takes one line.
    """
    lines = [
        "| experiment | figure | published | measured | verdict | time |",
        "|---|---|---|---|---|---|",
    ]
    for outcome in outcomes:
        duration = f"{outcome.seconds:.0f} s"
        if not outcome.figures:
            lines.append(f"| {outcome.name} | {outcome.note} | | | {outcome.verdict} | |")
        elif outcome.verdict == "exact" and len(outcome.figures) > 4:
            lines.append(
                f"| {outcome.name} | {len(outcome.figures)} figures, to every printed digit | | |"
                f" exact | {duration} |"
            )
        else:
            for index, figure in enumerate(outcome.figures):
                published = "" if figure.published is None else f"{figure.published:g}"
                name, time_shown = (outcome.name, duration) if index == 0 else ("", "")
                lines.append(
                    f"| {name} | {figure.name} | {published} | {figure.show_measured()} |"
                    f" {figure.verdict} | {time_shown} |"
                )
            if outcome.note:
                lines.append(f"| | {outcome.note} | | | | |")
    tables = [f"\n{outcome.name}. {table}" for outcome in outcomes for table in outcome.tables]
    return "\n".join(lines + tables)
