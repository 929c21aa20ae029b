"""A recipe: a configuration with a name, from a TOML file beside this one.

    load_recipe("mnist").config.replace(epochs=3)

A recipe is what `Config.from_file` reads, with a table [recipe] that says what it is for and, where
it repeats something published, which metrics it must reach.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfmlp.config import Config, read_tables
from tfmlp.errors import ConfigError, nearest

_FOLDER = Path(__file__).parent
# Kind of dataset -> the recipe that is used when none is named.
_DEFAULTS = {
    "mnist": "mnist",
    "mnist-small": "mnist-small",
    "idx": "mnist",
    "svhn": "svhn",
    "svhn-synthetic": "svhn",
    "mat": "svhn",
    "csv": "tabular",
}


@dataclass(frozen=True)
class Check:
    """A metric that a run of a recipe is judged by.

    Attributes:
      metric: "loss"; "accuracy" and "f1" (the mean over classes) in %; "accuracy_above_majority":
        the accuracy in % less that of always predicting the commonest class.
      split: "train", "validation" or "test".
      epoch: After which epoch; "best": over all epochs; None: at the end.
      published: The published value, or None.
      rule: How the measured values are judged, as in `experiments.comparison`; None: "at most" for
        losses, otherwise "at least".
    """

    metric: str
    split: str
    epoch: int | str | None = None
    published: float | None = None
    rule: str | None = None

    @property
    def label(self) -> str:
        """The metric in words: "test accuracy %, epoch 9"."""
        name = f"{self.split} {self.metric.replace('_', ' ')}"
        if self.metric != "loss":
            name += " %"
        if self.epoch is None:
            return name
        return f"{name}, best epoch" if self.epoch == "best" else f"{name}, epoch {self.epoch}"

    @property
    def judged_by(self) -> str:
        """The rule, also where none is given."""
        return self.rule or ("at most" if self.metric == "loss" else "at least")

    @property
    def digits(self) -> int:
        """Decimal places to show."""
        return 4 if self.metric == "loss" else 2


@dataclass(frozen=True)
class Recipe:
    """A named configuration.

    Attributes:
      name: The name of its file, without the ending.
      description: What it is for.
      source: Where it comes from, or None.
      checks: The metrics it must reach.
      look_every: Look at the test loss every so many epochs, stop at its first rise and roll the
        weights back by one epoch; None: do not.
      config: The configuration.

    >>> recipe = tfmlp.load_recipe("mnist-sigmoid-sgd")
    >>> recipe.name, recipe.config.model.activation
    ('mnist-sigmoid-sgd', 'sigmoid')
    """

    name: str
    description: str
    source: str | None
    checks: tuple[Check, ...]
    look_every: int | None
    config: Config


def list_recipes() -> list[str]:
    """Returns the names of all recipes."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load_recipe(name: str) -> Recipe:
    """Reads a recipe by its name.

    Raises:
      ConfigError: when there is no recipe of that name.

    >>> tfmlp.load_recipe("mnist").config.replace(epochs=3).data.dataset
    'mnist'
    """
    if name not in list_recipes():
        raise ConfigError(f"unknown recipe {name!r}: {nearest(name, list_recipes())}.")
    tables = read_tables(_FOLDER / f"{name}.toml")
    about = tables.pop("recipe")
    config = Config.from_dict(tables, source=f"recipe {name}")
    checks = tuple(Check(**check) for check in about.get("checks", ()))
    source, look_every = about.get("source"), about.get("look_every")
    return Recipe(name, about["description"], source, checks, look_every, config)


def config_for(dataset: str, **options: Any) -> Config:
    """Makes the configuration that `tfmlp train --dataset` has: the recipe of the dataset's kind,
    or the defaults where it has none, with the options that are given.

    Args:
      dataset: Its name, such as "mnist" or "csv:houses.csv".
      **options: Options, whatever their group, as for `Config.from_options`.

    Raises:
      ConfigError: for an unknown option or a value out of range.

    >>> tfmlp.config_for("csv:houses.csv", target="price", epochs=9).model.hidden_units
    (32, 16)
    """
    name = default_recipe(dataset.partition(":")[0])
    start = Config() if name is None else load_recipe(name).config
    return start.replace(dataset=dataset, **options)


def default_recipe(kind: str) -> str | None:
    """Returns the name of the recipe for a kind of dataset ("mnist", "csv", ...), or None where
    the defaults of `Config` are as good.
    """
    return _DEFAULTS.get(kind)
